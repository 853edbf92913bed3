"""A sampler for each process of the target that uses the CPU.

A target is a tree. The root of one is often a supervisor that sleeps (gunicorn, nginx, a shell), and its stacks say
nothing. So sampling starts at the root and goes where the CPU is used; ``turns`` decides who is sampled.
"""

import threading
from collections import deque
from typing import NamedTuple

import msgspec

from perftui.errors import NoData, PerftuiError, Refused
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.interval import Interval
from perftui.model.profile import Mode, ProfileStatus, SampledProcess, StackProfile
from perftui.model.target import ProcessId
from perftui.profile.activity import ActivityMeter
from perftui.profile.chains import Chains
from perftui.profile.choose import sampler_for
from perftui.profile.sampler import Sampler
from perftui.session.options import SessionOptions
from perftui.session.turns import Setting, Turns

SPENT_NS = 15_000_000_000
"""What the samplers use is told over so long: three windows of a slow one."""


class _Seat(NamedTuple):
    """One process with its sampler, as it was set; ``program`` is what the process ran then."""

    held: HeldTarget
    sampler: Sampler
    setting: Setting
    program: str


class StackFollower:
    """Samplers on the target's busiest processes. For one thread but ``status``."""

    def __init__(self, host: Host, root: HeldTarget, options: SessionOptions) -> None:
        self._host = host
        self._root = root
        self._best = Setting(options.profile_rate_hz, options.profile_budget_ratio)
        self._turns = Turns(root.process)
        self._activity = ActivityMeter()
        self._seats: dict[ProcessId, _Seat] = {}
        self._remains: deque[StackProfile] = deque()
        self._spent: deque[tuple[int, int]] = deque()
        self._leaving: list[threading.Thread] = []
        self._agreed: tuple[ProcessId, Mode] | None = None
        self._sit(root.process, self._best)

    @property
    def status(self) -> ProfileStatus:
        """The first sampler's, with all that are sampled, their part of the target's CPU, and what they cost."""
        seats, first = self._seats, self._turns.first
        if first not in seats:
            return ProfileStatus(state="unavailable", reason=f"process {first.pid} has ended or may not be looked at")
        status = seats[first].sampler.status
        sampled = self._sampled(seats)
        shares = [process.cpu_share_ratio for process in sampled if process.cpu_share_ratio is not None]
        return msgspec.structs.replace(
            status,
            pid=first.pid,
            cpu_share_ratio=min(1.0, sum(shares)) if shares else None,
            sampler_cpu_ratio=status.sampler_cpu_ratio + sum(cpu for _, cpu in tuple(self._spent)) / SPENT_NS,
            sampled=tuple(sampled),
        )

    def take(self) -> list[StackProfile]:
        """Finished windows since the last call, oldest first."""
        taken = [window for seat in self._seats.values() for window in seat.sampler.take()]
        while self._remains:
            taken.append(self._remains.popleft())
        taken.sort(key=lambda window: window.ended_ns)
        first = self._turns.first.pid
        others = [window for window in taken if window.pid != first]
        self._spent.extend((window.ended_ns, window.sampler_cpu_ns) for window in others)
        return [self._activity.weighed(window) for window in taken]

    def switch(self, mode: Mode, pid: int) -> None:
        """Look at the first process in another way, as long as it is the first: what that costs depends on it.

        Refused when the first one is no longer ``pid``, for which this was agreed; NoData when py-spy, which alone
        knows several ways, does not sample it.
        """
        first, status = self._turns.first, self.status
        if first.pid != pid:
            raise Refused(f"process {first.pid} is the busiest by now, not {pid}: ask again to see what it costs there")
        if status.state not in ("starting", "ok"):
            raise NoData(status.reason or "no process is sampled", status.remedy)
        sampler = self._seats[first].sampler
        if not isinstance(sampler, Chains):
            raise NoData(f"{status.sampler} looks in one way only: modes are py-spy's")
        sampler.switch(mode)
        self._agreed = first, mode

    def follow(self, interval: Interval | None) -> None:
        """Call once a tick: learn who uses the CPU, and move the samplers if need be."""
        cores = _tree_cores(interval) if interval is not None else {}
        if interval is None or not cores:
            return
        now_ns = interval.newer.monotonic_ns
        while self._spent and self._spent[0][0] < now_ns - SPENT_NS:
            self._spent.popleft()
        for process, seat in list(self._seats.items()):
            if seat.program != _program_of(self._host, process.pid):  # a shell, say, that became what it was to start
                self._turns.forgive(process)
                self._leave(process)
            elif seat.sampler.status.state in ("unavailable", "off"):
                self._turns.give_up(process, now_ns)
        self._turns.decide(cores, now_ns)
        self._end_agreement()
        settings = self._turns.settings(self._best)
        for process, seat in list(self._seats.items()):
            if settings.get(process) != seat.setting:
                self._leave(process)
        for process, setting in settings.items():
            if process not in self._seats and not self._sit(process, setting):
                self._turns.give_up(process, now_ns)

    def stop(self) -> None:
        """End all samplers at the same time and wait for them, and for those left behind earlier."""
        for process in list(self._seats):
            self._leave(process)
        for thread in self._leaving:
            thread.join()

    def _end_agreement(self) -> None:
        """Another process is the first one: nobody has agreed to what a pause for each look costs that one."""
        if self._agreed is not None and self._agreed[0] != self._turns.first:
            if self._agreed[0] in self._seats:
                self._leave(self._agreed[0])
            self._agreed = None

    def _sampled(self, seats: dict[ProcessId, _Seat]) -> list[SampledProcess]:
        """Those that can be looked at, the first one first. Shares in whole percents: they are part of every sample."""
        cores, first = self._turns.cores, self._turns.first
        total = sum(cores.values())
        statuses = {process: seat.sampler.status for process, seat in seats.items()}
        return [
            SampledProcess(
                pid=process.pid,
                rate_hz=statuses[process].rate_hz or float(seats[process].setting.rate_hz),
                cpu_share_ratio=round(cores.get(process, 0.0) / total, 2) if total > 0 else None,
            )
            for process in sorted(statuses, key=lambda process: (process != first, process))
            if statuses[process].state in ("starting", "ok")
        ]

    def _sit(self, process: ProcessId, setting: Setting) -> bool:
        """Start a sampler; False when the process is gone or may not be held, or no descriptors are left for it."""
        try:
            held = self._root if process == self._root.process else HeldTarget.open(self._host, process.pid)
        except (PerftuiError, OSError):
            return False
        if held.process != process:  # the PID has been taken by another process since
            held.close()
            return False
        closely = self._activity if process == self._turns.first else None
        program = _program_of(self._host, process.pid)
        try:
            sampler = sampler_for(
                self._host, held, rate_hz=setting.rate_hz, budget_ratio=setting.budget_ratio, closely=closely
            )
        except OSError:
            if held is not self._root:
                held.close()
            return False
        if self._agreed is not None and self._agreed[0] == process and isinstance(sampler, Chains):
            sampler.switch(self._agreed[1])
        sampler.start()
        self._seats = {**self._seats, process: _Seat(held, sampler, setting, program)}
        return True

    def _leave(self, process: ProcessId) -> None:
        """End a sampler elsewhere: its last window takes a while. What it still has to give is taken later."""
        seat = self._seats[process]
        self._seats = {other: kept for other, kept in self._seats.items() if other != process}

        def end() -> None:
            seat.sampler.stop()
            self._remains.extend(seat.sampler.take())
            if seat.held is not self._root:
                seat.held.close()

        leaving = threading.Thread(target=end, name="perftui-leaving", daemon=True)
        leaving.start()
        self._leaving = [*(thread for thread in self._leaving if thread.is_alive()), leaving]


def _program_of(host: Host, pid: int) -> str:
    """The path of what a process runs; empty when it is gone or may not be known."""
    try:
        return host.link(f"/proc/{pid}/exe")
    except NoData:
        return ""


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
