"""Which of the sampled stacks ran on a CPU.

The sampler sees every thread at every look, running or not, and its own idea of "idle" is wrong in other PID
namespaces and, without pausing the target, on CPython 3.10. The kernel knows exactly how long each thread
ran (``schedstat``), so that gives the sum per thread. Within a thread the sum goes first to stacks that can
have run, last to stacks that are known to wait; ``activity`` knows more about either after a while.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from perftui.model.profile import Frame
from perftui.profile.parse import RawRow

Waits = Callable[[Frame], bool]
"""Whether a thread with this innermost frame is waiting rather than running."""


def on_cpu(
    rows: Sequence[RawRow],
    leaves: Sequence[Frame | None],
    run_ratios: Mapping[int, float],
    attempts: int,
    waits: Waits,
) -> tuple[float, ...]:
    """The on-CPU part of each row's samples, in the order of ``rows``.

    ``leaves`` is the innermost frame of each row. ``run_ratios`` is the share of the window that each thread
    (by ``ident``) ran; for one that is missing, because it ended within the window, the stacks that do not wait
    count whole. ``attempts`` is the number of looks. 0 ≤ result ≤ samples, and the results of a thread add up
    to ``run_ratio * attempts`` or to all its samples, whichever is less.
    """
    by_thread: dict[int, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        by_thread[row.ident].append(at)
    result = [0.0] * len(rows)
    for ident, members in by_thread.items():
        counts = [rows[at].samples for at in members]
        ratio = run_ratios.get(ident)
        running = sum(counts) if ratio is None else min(float(sum(counts)), max(0.0, ratio) * attempts)
        if running <= 0:
            continue
        # A thread that always ran, or that has one stack, needs no look at what its stacks do.
        shared_out = ratio is not None and (len(members) == 1 or running >= sum(counts))
        waiting = [not shared_out and _waits(leaves[at], waits) for at in members]
        parts = _busy_only(counts, waiting) if ratio is None else _distribute(running, counts, waiting)
        for at, part in zip(members, parts, strict=True):
            result[at] = part
    return tuple(result)


def _waits(leaf: Frame | None, waits: Waits) -> bool:
    return leaf is not None and waits(leaf)


def _busy_only(counts: Sequence[int], waiting: Sequence[bool]) -> list[float]:
    return [0.0 if idle else float(count) for count, idle in zip(counts, waiting, strict=True)]


def _distribute(running: float, counts: Sequence[int], waiting: Sequence[bool]) -> list[float]:
    """Share ``running`` out in proportion to the counts, to waiting stacks only what the others cannot hold."""
    busy = sum(_busy_only(counts, waiting))
    to_busy = min(running, busy)
    to_waiting = running - to_busy
    idle = sum(counts) - busy
    busy_share = to_busy / busy if busy else 0.0
    idle_share = min(1.0, to_waiting / idle) if idle else 0.0
    return [count * (idle_share if rests else busy_share) for count, rests in zip(counts, waiting, strict=True)]
