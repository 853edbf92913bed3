"""What every knob is, and the words they share."""

import os
import shlex
from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple, Protocol

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.rights import has_capability
from perftui.model.finding import Finding
from perftui.model.interval import Interval
from perftui.model.proposal import AnyAction, Proposal, Risk, ThreadValue, proposal_id
from perftui.model.sample import KnobReading, Sample
from perftui.model.target import ProcessId

MAX_PROCESSES = 16
"""So many processes of the target's tree are read at most, the main one first: reading comes with every tick."""


class Knob(Protocol):
    """One parameter that can be read and set. Its docstring is its page."""

    @property
    def id(self) -> str: ...

    def read(self, host: Host, sample: Sample) -> tuple[KnobReading, ...]:
        """A reading for each subject; one that is not available says why. Empty when there is nothing to set."""

    def propose(self, finding: Finding, reading: KnobReading, sample: Sample, interval: Interval) -> Proposal | None:
        """The change that this reading suggests against the finding; None when it would not help. Pure."""


class ThreadSetting(NamedTuple):
    """One thread's value of a setting that each thread has for itself."""

    tid: int
    start_ticks: int
    value: str


@cache
def may(capability: str) -> bool:
    """True when perftui has the capability; it does not change while perftui runs."""
    return has_capability(capability)


def may_set_threads(sample: Sample) -> bool:
    """True when perftui may set what every user may set on processes of his own."""
    return may("CAP_SYS_NICE") or (sample.tree is not None and sample.tree.uid == os.geteuid())


def writable(host: Host, path: str) -> bool:
    """True when the kernel lets this process write the file (a read-only mount does not)."""
    return host.is_live and os.access(path, os.W_OK)


def unavailable(knob: str, subject: str, reason: str, remedy: str = "") -> KnobReading:
    return KnobReading(knob=knob, subject=subject, available=False, reason=reason, remedy=remedy)


def tree_threads(sample: Sample) -> dict[ProcessId, list[tuple[int, int, int]]]:
    """``(tid, start_ticks, nice)`` of each thread, by process of the tree; the main process first.

    Where threads were not collected a process stands for its main thread alone.
    """
    if sample.tree is None:
        return {}
    threads: dict[int, list[tuple[int, int, int]]] = {}
    if sample.threads is not None:
        for pid, tid, start, nice in sample.threads.threads.rows("pid", "tid", "start_ticks", "nice"):
            threads.setdefault(pid, []).append((tid, start, nice))
    rows = list(sample.tree.processes.rows("pid", "start_ticks"))[:MAX_PROCESSES]
    main_only = {pid: [(pid, start, sample.tree.nice)] for pid, start in rows[:1]}
    found = {ProcessId(pid=pid, start_ticks=start): threads.get(pid) or main_only.get(pid, []) for pid, start in rows}
    return {process: rows for process, rows in found.items() if rows}


def live_settings(threads: Iterable[tuple[int, int, int]], ask: Callable[[int], str]) -> list[ThreadSetting]:
    """What the kernel says of each thread (as of ``tree_threads``) now; those that have ended are left out.

    The sample will not do: where there are many threads it looks at the sleeping ones less often.
    """
    settings = []
    for tid, start, _ in threads:
        try:
            settings.append(ThreadSetting(tid, start, ask(tid)))
        except (ProcessLookupError, NoData):
            continue
    return settings


def thread_reading(
    knob: str, process: ProcessId, threads: Iterable[ThreadSetting], *, permitted: bool, privilege: str
) -> KnobReading | None:
    """The reading of one process: the main thread's value, and in ``detail`` the threads that differ from it.

    None when the main thread is not among them.
    """
    values = list(threads)
    main = next((thread for thread in values if thread.tid == process.pid), None)
    if main is None:
        return None
    others = [thread for thread in values if thread.value != main.value]
    return KnobReading(
        knob=knob,
        subject=f"pid {process.pid}",
        available=True,
        value=main.value,
        permitted=permitted,
        privilege=privilege,
        detail={
            "pid": str(process.pid),
            "start_ticks": str(process.start_ticks),
            "threads": str(len(values)),
            "others": " ".join(f"{thread.tid}/{thread.start_ticks}/{thread.value}" for thread in others),
        },
    )


def process_of(reading: KnobReading) -> ProcessId:
    """The process that a per-thread reading or a session's reading is of."""
    return ProcessId(pid=int(reading.detail["pid"]), start_ticks=int(reading.detail["start_ticks"]))


def threads_before(reading: KnobReading) -> tuple[ThreadValue, ...]:
    """The main thread and those that differ from it. All others have the main thread's value."""
    process = process_of(reading)
    main = ThreadValue(tid=process.pid, start_ticks=process.start_ticks, value=reading.value)
    split = (text.split("/", 2) for text in reading.detail["others"].split())
    return (main, *(ThreadValue(tid=int(tid), start_ticks=int(start), value=value) for tid, start, value in split))


def thread_list(reading: KnobReading) -> str:
    """The threads of the process as a shell takes them: renice and ionice set one thread each."""
    pid = reading.detail["pid"]
    return pid if reading.detail["threads"] == "1" else f"$(ls /proc/{pid}/task)"


def quoted(path: str) -> str:
    return shlex.quote(path)


def proposed(
    reading: KnobReading,
    finding: Finding,
    sample: Sample,
    *,
    action: AnyAction,
    after: str,
    command: str,
    undo_command: str,
    risk: Risk,
    settle_seconds: float,
    expected_effect: str,
    affects: str,
) -> Proposal:
    """A proposal for a reading, with what follows from reading and finding filled in."""
    return Proposal(
        id=proposal_id(sample.target.process, reading.knob, reading.subject, reading.value, after),
        knob=reading.knob,
        subject=reading.subject,
        finding=finding.rule,
        before=reading.value,
        after=after,
        command=command,
        undo_command=undo_command,
        privilege=reading.privilege,
        permitted=reading.permitted,
        risk=risk,
        reversible=True,
        settle_seconds=settle_seconds,
        expected_effect=expected_effect,
        affects=affects,
        metric=finding.metric,
        action=action,
    )
