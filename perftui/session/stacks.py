"""Which process of the target is sampled: the one that uses the CPU.

A target is a tree. The root of one is often a supervisor that sleeps (gunicorn, nginx, a shell), and its stacks
say nothing. So the sampler starts at the root and moves to the busiest process when that burns far more.
"""

import threading

import msgspec

from perftui.errors import NoData, PerftuiError
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.interval import Interval
from perftui.model.profile import ProfileStatus, StackProfile
from perftui.model.target import ProcessId
from perftui.profile.choose import sampler_for
from perftui.profile.sampler import Sampler
from perftui.session.options import SessionOptions

SMOOTHING = 0.3
"""Weight of the newest tick in a process's CPU: a burst of one second is not followed."""

FAR_MORE = 2.0
WORTH_CORES = 0.05
"""The sampler moves to a process with twice the CPU of the present one, and at least a twentieth of a core."""


class StackFollower:
    """One sampler, on the root of the target or on its busiest process. For one thread but ``status``."""

    def __init__(self, host: Host, root: HeldTarget, options: SessionOptions) -> None:
        self._host = host
        self._root = root
        self._options = options
        self._cores: dict[ProcessId, float] = {}
        self._hopeless: set[ProcessId] = set()
        self._leaving: list[threading.Thread] = []
        self._held = root
        self._sampler = self._start(root)

    @property
    def status(self) -> ProfileStatus:
        """The sampler's, with the process it looks at and that process's part of the target's CPU."""
        total = sum(self._cores.values())
        share = self._cores.get(self._held.process, 0.0) / total if total > 0 else None
        return msgspec.structs.replace(self._sampler.status, pid=self._held.process.pid, cpu_share_ratio=share)

    def take(self) -> list[StackProfile]:
        """Finished windows since the last call, oldest first."""
        return self._sampler.take()

    def follow(self, interval: Interval | None) -> None:
        """Call once a tick: learn who uses the CPU, and move if another process uses far more."""
        if interval is None:
            return
        self._learn(interval)
        present = self._held.process
        if self._program != _program_of(self._host, present.pid):  # a shell, say, that became what it was to start
            self._hopeless.discard(present)
            self._move(present)
            return
        if self._sampler.status.state in ("unavailable", "off"):
            self._hopeless.add(present)
        busiest = max(self._cores.keys() - self._hopeless, key=self._cores.__getitem__, default=None)
        if busiest is None or busiest == present or self._cores[busiest] < WORTH_CORES:
            return
        if present in self._hopeless or self._cores[busiest] > FAR_MORE * self._cores.get(present, 0.0):
            self._move(busiest)

    def stop(self) -> None:
        """End the sampler and wait until those left behind have ended too."""
        self._sampler.stop()
        if self._held is not self._root:
            self._held.close()
        for thread in self._leaving:
            thread.join()

    def _learn(self, interval: Interval) -> None:
        cores = _tree_cores(interval)
        self._cores = {
            process: (1 - SMOOTHING) * self._cores.get(process, now) + SMOOTHING * now for process, now in cores.items()
        }

    def _move(self, process: ProcessId) -> None:
        try:
            held = self._root if process == self._root.process else HeldTarget.open(self._host, process.pid)
        except PerftuiError:
            self._hopeless.add(process)
            return
        if held.process != process:  # the PID has been taken by another process since
            held.close()
            return
        # A window lasts a second or more: it is waited for elsewhere.
        leaving = threading.Thread(target=_leave, args=(self._sampler, self._held, self._root), daemon=True)
        leaving.start()
        self._leaving = [*(thread for thread in self._leaving if thread.is_alive()), leaving]
        self._held = held
        self._sampler = self._start(held)

    def _start(self, held: HeldTarget) -> Sampler:
        self._program = _program_of(self._host, held.process.pid)
        sampler = sampler_for(
            self._host, held, rate_hz=self._options.profile_rate_hz, budget_ratio=self._options.profile_budget_ratio
        )
        sampler.start()
        return sampler


def _program_of(host: Host, pid: int) -> str:
    """The path of what a process runs; empty when it is gone or may not be known."""
    try:
        return host.link(f"/proc/{pid}/exe")
    except NoData:
        return ""


def _leave(sampler: Sampler, held: HeldTarget, root: HeldTarget) -> None:
    sampler.stop()
    if held is not root:
        held.close()


def _tree_cores(interval: Interval) -> dict[ProcessId, float]:
    """CPU of each process of the target; empty where the process list is not there."""
    tree, section, cores = interval.newer.tree, interval.newer.processes, interval.process_cores
    if tree is None or section is None or cores is None:
        return {}
    members = set(tree.processes.rows("pid", "start_ticks"))
    rows = section.processes.rows("pid", "start_ticks")
    return {
        ProcessId(pid=pid, start_ticks=start): used
        for (pid, start), used in zip(rows, cores, strict=True)
        if (pid, start) in members
    }
