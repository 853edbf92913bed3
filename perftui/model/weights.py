"""How much a look at each process weighs where windows of several processes are joined.

Processes are looked at unevenly: one 100 times a second, others 20 times, or by turns. Joined by looks, the one that is
looked at most would seem to do most. So each look stands for the time between two looks, and what was seen of a process
for the whole time that it was there. Its windows do not tell that time to the second, for windows of 5 s come late and
turns leave gaps. So it may exceed them, at either end, by the longest window or gap: enough for turns, and little for a
process that came or went.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:  # a profile holds parts
    from perftui.model.profile import StackProfile


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """How one process was looked at in a merged profile.

    ``looks`` were taken at each of its threads in ``covered_ns``; each counts as ``weight`` samples of the profile.
    """

    pid: int
    looks: int
    covered_ns: int
    weight: float


class Weights:
    """Of windows that are to be joined, not none. Times are CLOCK_MONOTONIC nanoseconds.

    ``rate_hz`` is the highest of the windows: a sample of the joined profile is as long as a look at that rate. For one
    process looked at evenly every look counts once.
    """

    def __init__(self, windows: Sequence["StackProfile"]) -> None:
        self.rate_hz = max(window.rate_hz for window in windows)
        self.started_ns = min(window.started_ns for window in windows)
        self.ended_ns = max(window.ended_ns for window in windows)
        pids = {window.pid for window in windows}
        self.pid = pids.pop() if len(pids) == 1 else 0
        by_pid = self._by_pid(windows)
        counts = {pid: sum(self._count(window) for window in own) for pid, own in by_pid.items()}
        longest = {pid: self._presence_ns(own) / counts[pid] for pid, own in by_pid.items() if counts[pid] > 0}
        least = min(longest.values(), default=0.0)
        self._factors = {pid: each / least if least > 0 else 1.0 for pid, each in longest.items()}
        self.attempts = round(max(counts[pid] * self._factors.get(pid, 1.0) for pid in by_pid))
        self.parts = tuple(self._part(pid, own, counts[pid]) for pid, own in by_pid.items())
        self.covered_ns = self._covered_ns(by_pid)

    def factor(self, window: "StackProfile", pid: int) -> float:
        """What a sample of this process in this window counts, 1 or more."""
        return self._scale(window) * self._factors.get(pid, 1.0)

    def _by_pid(self, windows: Sequence["StackProfile"]) -> dict[int, list["StackProfile"]]:
        """The windows of each process in order; one that does not tell its process and saw nothing belongs to all."""
        by_pid: dict[int, list[StackProfile]] = defaultdict(list)
        pids_of = [window.pids for window in windows]
        everyone = frozenset().union(*pids_of) or {0}
        for window, pids in sorted(zip(windows, pids_of, strict=True), key=lambda pair: pair[0].started_ns):
            for pid in pids or everyone:
                by_pid[pid].append(window)
        return by_pid

    def _scale(self, window: "StackProfile") -> float:
        return self.rate_hz / window.rate_hz if window.rate_hz > 0 else 1.0

    def _count(self, window: "StackProfile") -> float:
        return window.attempts * self._scale(window)

    def _presence_ns(self, own: Sequence["StackProfile"]) -> int:
        """For how long the process was there: its windows, and at either end the longest of them or of the gaps."""
        slack, ended_ns = 0, own[0].started_ns
        for window in own:
            slack = max(slack, window.ended_ns - window.started_ns, window.started_ns - ended_ns)
            ended_ns = max(ended_ns, window.ended_ns)
        return min(self.ended_ns, ended_ns + slack) - max(self.started_ns, own[0].started_ns - slack)

    def _part(self, pid: int, own: Sequence["StackProfile"], count: float) -> Part:
        looks = sum(_looks(window, pid) for window in own)
        return Part(
            pid=pid,
            looks=looks,
            covered_ns=sum(window.covered_ns for window in own),
            weight=count * self._factors.get(pid, 1.0) / looks if looks > 0 else 1.0,
        )

    def _covered_ns(self, by_pid: dict[int, list["StackProfile"]]) -> int:
        """The covered part of the time from each process's first window to its last, as a part of the whole."""
        spans = sum(max(window.ended_ns for window in own) - own[0].started_ns for own in by_pid.values())
        covered = sum(part.covered_ns for part in self.parts)
        return (self.ended_ns - self.started_ns) * min(covered, spans) // spans if spans > 0 else covered


def _looks(window: "StackProfile", pid: int) -> int:
    """The looks at one process; a merged window knows them one by one."""
    return next((part.looks for part in window.parts if part.pid == pid), window.attempts)


def whole_rows(
    counts: dict[tuple[int, int, int], tuple[float, float]],
) -> dict[tuple[int, int, int], tuple[int, float]]:
    """Samples and on-CPU samples by (PID, TID, stack), the samples made whole; a thread's sums lose less than one.

    What a row loses to rounding the next one of its thread gets. ``on_cpu`` never exceeds ``samples``.
    """
    left: dict[tuple[int, int], tuple[float, float]] = {}
    whole: dict[tuple[int, int, int], tuple[int, float]] = {}
    for (pid, tid, stack), (samples, on_cpu) in counts.items():
        samples_left, on_cpu_left = left.get((pid, tid), (0.0, 0.0))
        count = int(samples + samples_left + 1e-6)  # sums of floats miss a whole number by so little
        running = min(count, on_cpu + on_cpu_left)
        left[pid, tid] = (samples + samples_left - count, on_cpu + on_cpu_left - running)
        whole[pid, tid, stack] = (count, running)
    return whole
