"""A finished window made into a StackProfile."""

from collections.abc import Mapping

from perftui.host.procfs import Host
from perftui.model.profile import StackProfile, StackRow, ThreadName
from perftui.model.table import Table
from perftui.profile.modes import SELECTIVE
from perftui.profile.oncpu import on_cpu
from perftui.profile.parse import KnownFrames, RawStacks, parse
from perftui.profile.slots import slots
from perftui.profile.threads import ThreadIds
from perftui.profile.waits import WaitingFrames
from perftui.profile.window import Window

UNITS = 1 << 20
"""Looks on a CPU are whole numbers of this part of one: their sums are exact in whichever order they are added, so that
a replay, which has the rows in another one, comes to the very figures of then.
"""


class Assembler:
    """Keeps what is worth knowing from window to window: frames, thread numbers, and which source lines wait."""

    def __init__(self, host: Host, pid: int) -> None:
        self._pid = pid
        self._waits = WaitingFrames(host, pid)
        self._threads = ThreadIds(host, pid)
        self._frames: KnownFrames = {}

    def read(self, raw: bytes) -> RawStacks:
        """What a window wrote. NoData when that is not whole."""
        return parse(raw, self._frames)

    def profile(self, window: Window, stacks: RawStacks, cpu_ns: int) -> StackProfile:
        """``cpu_ns`` is what the sampler itself used."""
        idents = {row.ident for row in stacks.rows}
        tids = window.run_ns_before.keys() | window.run_ns_after.keys()
        tid_of = self._threads.resolve(idents, stacks.by_address, tids)
        ratios = run_ratios(window)
        looks = attempts(window, stacks)
        shares = on_cpu(
            stacks.rows,
            [stacks.frames[stack[-1]] if (stack := stacks.stacks[row.stack]) else None for row in stacks.rows],
            {ident: ratios[tid] for ident, tid in tid_of.items() if tid in ratios},
            looks,
            self._waits,
        )
        return StackProfile(
            sampler="py-spy",
            rate_hz=float(window.setting.rate_hz),
            started_ns=window.began_ns,
            ended_ns=window.ended_ns,
            covered_ns=window.ended_ns - window.began_ns,
            attempts=looks,
            frames=stacks.frames,
            stacks=stacks.stacks,
            rows=tuple(
                StackRow(
                    pid=self._pid,
                    tid=tid_of.get(row.ident, row.ident),
                    stack=row.stack,
                    samples=row.samples,
                    on_cpu=round(share * UNITS) / UNITS,
                )
                for row, share in zip(stacks.rows, shares, strict=True)
            ),
            threads=tuple(
                ThreadName(pid=self._pid, tid=tid_of.get(ident, ident), name=name)
                for ident, name in stacks.names.items()
            ),
            sampler_cpu_ns=cpu_ns,
            mode=window.setting.mode,
            slots=self._slots(window, stacks, tid_of, looks),
            pid=self._pid,
        )

    def _slots(self, window: Window, stacks: RawStacks, tid_of: Mapping[int, int], looks: int) -> Table:
        """Not for those that leave out threads: when they saw is not known."""
        if window.setting.mode in SELECTIVE:
            return Table()
        newcomers = {ident for ident, tid in tid_of.items() if tid not in window.run_ns_before}
        return slots(stacks.looks, looks, window.ended_ns - window.began_ns, newcomers)


def attempts(window: Window, stacks: RawStacks) -> int:
    """How often the sampler looked: it sees every thread at every look, so as often as it saw any one.

    Better than rate times duration: py-spy draws random intervals and falls behind on a busy machine. But of windows
    that leave out threads nothing else is known.
    """
    if window.setting.mode not in SELECTIVE:
        return max(map(len, stacks.looks.values()), default=0)
    return max(window.planned_looks, sum(map(len, stacks.looks.values())))


def run_ratios(window: Window) -> Mapping[int, float]:
    """TID → part of the window on a CPU, for threads that were there at its end. New ones count from zero."""
    span = max(1, window.ended_ns - window.began_ns)
    return {tid: max(0, now - window.run_ns_before.get(tid, 0)) / span for tid, now in window.run_ns_after.items()}
