"""Windows with slots, and a past of them, made from what was seen at each look."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from perftui.model.profile import SLOT_NS, Frame, StackProfile, StackRow, ThreadName
from perftui.model.table import Table
from perftui.store.stacks import StackStore

SECOND = 1_000_000_000
LOOK_NS = 10_000_000
PID = 4242

Stack = tuple[Frame, ...]
LIB = "/usr/lib/python3.11"
LOOP: Stack = (
    Frame(function="<module>", file="/srv/app.py", line=9),
    Frame(function="run", file=f"{LIB}/asyncio/runners.py", line=190),
    Frame(function="run_until_complete", file=f"{LIB}/asyncio/base_events.py", line=640),
    Frame(function="run_forever", file=f"{LIB}/asyncio/base_events.py", line=607),
    Frame(function="_run_once", file=f"{LIB}/asyncio/base_events.py", line=1922),
)
IDLE: Stack = (*LOOP, Frame(function="select", file=f"{LIB}/selectors.py", line=468))


def own(function: str, line: int = 1) -> Frame:
    return Frame(function=function, file="/srv/app.py", line=line)


def in_task(*functions: str) -> Stack:
    """The loop, one of its callbacks, and the user's functions."""
    handle = Frame(function="_run", file=f"{LIB}/asyncio/events.py", line=80)
    return (*LOOP, handle, *map(own, functions))


def window(looks: Mapping[int, Sequence[Stack]], *, started_ns: int = 0, pid: int = PID) -> StackProfile:
    """One window of looks 10 ms apart, TID → stacks; a thread whose innermost frame is ``select`` is not on a CPU."""
    frames: dict[Frame, int] = {}
    stacks: dict[tuple[int, ...], int] = {}
    counts: Counter[tuple[int, int]] = Counter()
    slots: Counter[tuple[int, int, int]] = Counter()
    for tid, seen in looks.items():
        for at, frames_seen in enumerate(seen):
            stack = tuple(frames.setdefault(frame, len(frames)) for frame in frames_seen)
            number = stacks.setdefault(stack, len(stacks))
            counts[tid, number] += 1
            slots[tid, number, at * LOOK_NS // SLOT_NS] += 1
    rows = {key: at for at, key in enumerate(counts)}
    idle = frames.get(IDLE[-1], -1)
    length = max(map(len, looks.values()), default=0)
    table = [(rows[tid, stack], slot, samples) for (tid, stack, slot), samples in slots.items()]
    return StackProfile(
        sampler="test", rate_hz=100, started_ns=started_ns, ended_ns=started_ns + length * LOOK_NS,
        covered_ns=length * LOOK_NS, attempts=length, frames=tuple(frames), stacks=tuple(stacks),
        rows=tuple(
            StackRow(
                pid=pid, tid=tid, stack=stack, samples=count,
                on_cpu=0.0 if tuple(stacks)[stack][-1:] == (idle,) else float(count),
            )
            for (tid, stack), count in counts.items()
        ),
        threads=tuple(ThreadName(pid=pid, tid=tid, name=f"thread-{tid}") for tid in looks),
        slots=Table.of(dict(zip(("row", "slot", "samples"), map(list, zip(*table, strict=True)), strict=True)))
        if table else Table(),
    )  # fmt: skip


def windows(looks: Mapping[int, Sequence[Stack]], *, started_ns: int = 0) -> list[StackProfile]:
    """The same in windows of a second."""
    length = max(map(len, looks.values()), default=0)
    return [
        window(
            {tid: seen[at : at + 100] for tid, seen in looks.items()},
            started_ns=started_ns + at * LOOK_NS,
        )
        for at in range(0, length, 100)
    ]


class AskedStore(StackStore):
    """Keeps what it was asked for."""

    def __init__(self, kept: Iterable[StackProfile] = ()) -> None:
        super().__init__()
        self.asked: list[str] = []
        for one in kept:
            self.add(one)

    def windows(self, since_ns: int, until_ns: int) -> Sequence[StackProfile]:
        self.asked.append("windows")
        return super().windows(since_ns, until_ns)

    def heat(self, since_ns: int, until_ns: int, columns: int) -> Sequence[float]:
        self.asked.append("heat")
        return super().heat(since_ns, until_ns, columns)
