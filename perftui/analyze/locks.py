"""Finds the lock that threads queue for, and tells it from a queue in which they wait for work.

Both are sleeps on one futex word. Where everyone waits for work nobody moves, or hardly anyone is outside the
wait; where they wait for a lock they come and go, and at least one of them (the holder) is outside at any time.
Idle workers that take turns at a pipe or an event wait have a holder that itself waits for events. And the
stacks, where there are any, show a thread in ``queue.get`` or in a pool's worker function.
"""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from perftui.analyze import waits
from perftui.analyze.stacks import StackReader
from perftui.analyze.waits import Syscalls
from perftui.model.target_rates import ThreadUse

MOVES_PER_S = 0.3
"""Three moves in ten seconds: idle waiters make none."""

HELD_RATIO = 0.7
"""While somebody waits for a lock somebody holds it; the waiters of an idle pool are all inside."""

_OFTEN = 0.05
"""A thread takes part in a lock when it was seen waiting for it in this share of the looks."""

_TURNED_AWAY_SECONDS = 0.0001
"""CPU of a waiter that is woken, finds the lock taken and sleeps again: 32 µs measured on CPython 3.11."""

_ONE_OUTSIDE = 1.35
"""Threads outside, on average, when one holds the lock and the others come straight back for it."""

_OUTSIDE_PER_WAITING = 0.5
"""Where the stacks show no queue, threads may do other things outside as long as twice as many wait."""


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """One futex word that several threads wait for.

    ``waiting`` is the mean number of threads waiting at a time. ``wait_ratio`` is the mean share of its threads'
    time. ``moves_per_s`` counts how often its threads are let
    go. ``held_ratio`` estimates the share of time in which somebody holds it: None where looks alone cannot tell a
    lock from a queue.
    """

    address: int = 0
    threads: tuple[ThreadUse, ...] = ()
    waiting: float = 0.0
    wait_ratio: float = 0.0
    moves_per_s: float = 0.0
    held_ratio: float | None = 0.0
    between_processes: bool = False

    @property
    def plausible(self) -> bool:
        return self.moves_per_s >= MOVES_PER_S and (self.held_ratio is None or self.held_ratio >= HELD_RATIO)


class _Waiter(msgspec.Struct, frozen=True):
    thread: ThreadUse
    ratio: float
    mutex: bool


def worst_lock(threads: Iterable[ThreadUse], calls: Syscalls, reader: StackReader | None, *, python: bool) -> Lock:
    """The lock that most threads wait for; an empty ``Lock`` when no futex word is shared by two.

    Words whose waiters move and have a holder come before those that merely have many sleepers. Outside Python
    only plain mutexes count: there the other kind is a condition variable as a rule, which is a wait for work.
    """
    words: dict[tuple[int, int, bool], list[_Waiter]] = defaultdict(list)
    threads = tuple(threads)
    for thread in threads:
        for (address, shared, mutex), ratio in _lock_waits(thread, calls).items():
            if ratio >= _OFTEN and (python or mutex):
                words[0 if shared else thread.pid, address, shared].append(_Waiter(thread, ratio, mutex))
    locks = [
        _with_stranger(_lock(address, shared, waiters, calls, reader), threads, reader)
        for (_, address, shared), waiters in words.items()
        if len(waiters) >= 2
    ]
    return max(locks, key=lambda lock: (lock.plausible, lock.waiting), default=Lock())


def _lock_waits(thread: ThreadUse, calls: Syscalls) -> dict[tuple[int, bool, bool], float]:
    """Share of the looks at a thread per (futex word, shared between processes, plain mutex)."""
    ratios: dict[tuple[int, bool, bool], float] = defaultdict(float)
    for wait in thread.waits:
        if waits.is_lock(wait, calls):
            ratios[wait.address, waits.is_between_processes(wait), waits.is_mutex(wait)] += wait.ratio
    return ratios


def _lock(address: int, shared: bool, waiters: list[_Waiter], calls: Syscalls, reader: StackReader | None) -> Lock:
    threads = tuple(waiter.thread for waiter in waiters)
    waiting = sum(waiter.ratio for waiter in waiters)
    outside = len(waiters) - waiting
    if _idle_ratio(threads, calls, shared) > 0.5 * max(outside, 0.1):
        held: float | None = 0.0
    elif all(waiter.mutex for waiter in waiters):
        held = 1.0
    else:
        elsewhere = sum(sum(_lock_waits(thread, calls).values()) for thread in threads) - waiting
        in_line = elsewhere + sum(_gil_ratio(thread, calls) + thread.delay_ratio for thread in threads)
        held = _semaphore_held(threads, waiting, outside, in_line, reader)
    return Lock(
        address=address,
        threads=threads,
        waiting=waiting,
        wait_ratio=waiting / len(waiters),
        moves_per_s=sum(thread.slices_per_s for thread in threads),
        held_ratio=held,
        between_processes=shared,
    )


def _with_stranger(lock: Lock, threads: tuple[ThreadUse, ...], reader: StackReader | None) -> Lock:
    """The same lock; with its holder where one thread takes it again each time and the waiters never get it.

    That holder does not wait, so the futex word does not know it. But each release wakes a waiter in vain, and the
    stacks show the holder in the function in which the others wait.
    """
    keys = frozenset((use.pid, use.tid) for use in lock.threads)
    if lock.plausible or reader is None or any(map(reader.waits_for_work, keys)):
        return lock
    run, woken = sum(use.run_ratio for use in lock.threads), lock.moves_per_s
    if woken < 1 or run / woken > _TURNED_AWAY_SECONDS:
        return lock
    inside = reader.inside(keys)
    holders = tuple(use for use in threads if (use.pid, use.tid) in inside)
    if not holders:
        return lock
    everyone = (*lock.threads, *holders)
    return msgspec.structs.replace(
        lock, threads=everyone, wait_ratio=lock.waiting / len(everyone), held_ratio=min(1.0, len(holders))
    )


def _semaphore_held(
    threads: tuple[ThreadUse, ...], waiting: float, outside: float, in_line: float, reader: StackReader | None
) -> float | None:
    """A semaphore may be a lock or the heart of a queue: the stacks know, and hardly anyone may be active outside.

    ``in_line`` is the part of ``outside`` spent in line for something else: a CPU, the interpreter, another lock,
    or the queue that the same threads take their work from.
    """
    verdicts = [reader.waits_for_work((thread.pid, thread.tid)) for thread in threads] if reader else []
    seen = [verdict for verdict in verdicts if verdict is not None]
    if seen and sum(seen) > len(seen) / 2:
        return 0.0
    active = outside - in_line
    if active <= _ONE_OUTSIDE:
        return min(1.0, outside)
    if not seen:
        return None
    return 1.0 if active <= _OUTSIDE_PER_WAITING * waiting else 0.0


def _gil_ratio(thread: ThreadUse, calls: Syscalls) -> float:
    return sum(wait.ratio for wait in thread.waits if waits.is_gil(wait, calls))


def _idle_ratio(threads: tuple[ThreadUse, ...], calls: Syscalls, shared: bool) -> float:
    """Mean number of threads in an idle wait; between processes a read of a pipe is one as well."""
    idle = calls.events | calls.accepts | (calls.reads if shared else frozenset())
    return sum(wait.ratio for thread in threads for wait in thread.waits if waits.asleep(wait) and wait.syscall in idle)
