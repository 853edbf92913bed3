"""Changes as data: what would be written, how it is undone, and who agreed to it."""

import hashlib
from typing import Literal

import msgspec

from perftui.model.target import ProcessId

Risk = Literal["low", "medium", "high"]


class ThreadValue(msgspec.Struct, frozen=True, kw_only=True):
    """One thread's value of a per-thread setting; ``start_ticks`` tells a reused TID apart."""

    tid: int
    start_ticks: int
    value: str


class Action(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Base of the closed union below. ``before`` and ``after`` are the knob's own text values."""

    before: str
    after: str


class ThreadAction(Action, frozen=True, kw_only=True, tag_field="kind"):
    """A setting of every thread of one process. ``threads`` keeps each one's value before."""

    process: ProcessId
    threads: tuple[ThreadValue, ...]


class SetNice(ThreadAction, frozen=True, kw_only=True, tag="set-nice", tag_field="kind"):
    """setpriority(2) on each thread; values are integers -20..19."""


class SetAffinity(ThreadAction, frozen=True, kw_only=True, tag="set-affinity", tag_field="kind"):
    """sched_setaffinity(2) on each thread; values are CPU lists such as ``0-1,3``."""


class SetIoPriority(ThreadAction, frozen=True, kw_only=True, tag="set-io-priority", tag_field="kind"):
    """ioprio_set(2) on each thread; values ``none``, ``idle``, ``be:0``..``be:7``, ``rt:0``..``rt:7``."""


class SetAutogroup(Action, frozen=True, kw_only=True, tag="set-autogroup", tag_field="kind"):
    """A write to ``/proc/PID/autogroup``: the nice value of the whole session.

    ``group`` is the name the kernel gives it (``/autogroup-123``, never given twice). It outlives the process while
    others of the session live, and then any of them undoes the change.
    """

    process: ProcessId
    group: str = ""


class WriteFile(Action, frozen=True, kw_only=True, tag="write-file", tag_field="kind"):
    """A write to a kernel file (cgroup, sysctl). ``path`` is absolute.

    ``before`` and ``after`` are the file's text as read back (stripped).
    """

    path: str


AnyAction = SetNice | SetAffinity | SetIoPriority | SetAutogroup | WriteFile


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """One change that may help, not yet agreed to.

    ``action`` is None for advice that no setting can carry out ("fix this line").
    ``metric`` is the evidence figure whose before/after is shown once it is applied.
    """

    id: str
    knob: str
    subject: str
    finding: str
    before: str
    after: str
    command: str
    undo_command: str
    privilege: str
    permitted: bool
    risk: Risk
    reversible: bool
    settle_seconds: float
    expected_effect: str
    affects: str = ""
    metric: str = ""
    action: AnyAction | None = None

    @property
    def digest(self) -> str:
        """A hash of everything that would be written: an approval is for this and nothing else."""
        return hashlib.sha256(msgspec.json.encode(self.action)).hexdigest()


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody agreed to one exact proposal. ``Executor.apply`` takes nothing without it."""

    proposal_id: str
    digest: str
    by: str
    wall_ns: int


def proposal_id(process: ProcessId | None, knob: str, subject: str, before: str, after: str) -> str:
    """A short hash that is the same in every invocation for the same change to the same target."""
    identity = f"{process.pid}:{process.start_ticks}" if process else "host"
    text = "\0".join((identity, knob, subject, before, after))
    return hashlib.sha256(text.encode()).hexdigest()[:10]
