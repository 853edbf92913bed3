"""What a thread's wait means, from its system call and the place of its futex word."""

from collections.abc import Iterable, Sequence
from functools import cache

import msgspec

from perftui.model.sample import REGIONS
from perftui.model.syscalls import EVENT_WAITS, name, number
from perftui.model.target_rates import WaitShare

RUNNING = -1
INTERPRETER = REGIONS.index("interpreter")
SHARED = REGIONS.index("shared")

_FUTEX_PRIVATE = 0x80
_FUTEX_COMMAND = 0x7F
_FUTEX_WAIT = 0
_FUTEX_WAIT_BITSET = 9

_WRITEBACK = (
    "folio_wait",
    "jbd2_log_wait",
    "log_wait_commit",
    "submit_bio_wait",
    "wait_on_buffer",
    "wait_on_page",
    "xfs_log_force",
)
"""Where a synchronous write sleeps: for the journal, for its own pages, for the device. Parts of wait channels."""

_SYNCS = ("fsync", "fdatasync", "sync_file_range", "sync_file_range2", "msync", "syncfs", "sync")
_WRITES = ("write", "pwrite64", "writev", "pwritev", "pwritev2")
_READS = ("read", "readv")
_ACCEPTS = ("accept", "accept4")


class Syscalls(msgspec.Struct, frozen=True):
    """The numbers of one architecture, by what a thread is after."""

    machine: str
    futex: int
    events: frozenset[int]
    syncs: frozenset[int]
    writes: frozenset[int]
    reads: frozenset[int]
    accepts: frozenset[int]

    def name(self, call: int) -> str:
        return name(self.machine, call)


@cache
def syscalls_of(machine: str) -> Syscalls | None:
    """The numbers of one architecture, None where they are not known."""

    def of(names: Iterable[str]) -> frozenset[int]:
        return frozenset(found for call in names if (found := number(machine, call)) is not None)

    futex = number(machine, "futex")
    if futex is None:
        return None
    return Syscalls(
        machine=machine,
        futex=futex,
        events=of((*EVENT_WAITS, "io_uring_enter")),
        syncs=of(_SYNCS),
        writes=of(_WRITES),
        reads=of(_READS),
        accepts=of(_ACCEPTS),
    )


def asleep(wait: WaitShare) -> bool:
    return wait.state in "SD" and wait.syscall != RUNNING


def is_gil(wait: WaitShare, calls: Syscalls) -> bool:
    """Asleep for the interpreter lock: a timed futex wait (5 ms by default) in the interpreter's own data.

    Python asks again after every switch interval, so the wait has a time-out; the address tells it from a
    lock with a time-out, which lies on the heap. The clock bit of the operation differs between versions.
    """
    return (
        asleep(wait)
        and wait.syscall == calls.futex
        and wait.timed
        and wait.region == INTERPRETER
        and wait.futex_op & _FUTEX_COMMAND == _FUTEX_WAIT_BITSET
    )


def is_lock(wait: WaitShare, calls: Syscalls) -> bool:
    """Asleep in a futex wait that may be a lock: untimed, and not in the interpreter's own data."""
    return (
        asleep(wait)
        and wait.syscall == calls.futex
        and not wait.timed
        and wait.region != INTERPRETER
        and wait.futex_op & _FUTEX_COMMAND in (_FUTEX_WAIT, _FUTEX_WAIT_BITSET)
    )


def is_mutex(wait: WaitShare) -> bool:
    """A plain FUTEX_WAIT: what a pthread mutex uses; semaphores and condition variables use the bit set."""
    return wait.futex_op & _FUTEX_COMMAND == _FUTEX_WAIT


def is_between_processes(wait: WaitShare) -> bool:
    return wait.region == SHARED or not wait.futex_op & _FUTEX_PRIVATE


def sync_part(seen: Sequence[WaitShare], calls: Syscalls) -> float:
    """The sum of the ratios of looks in a call that waits until data is on the device.

    That is a sync call, or a write that sleeps where synchronous writes do. A wait channel is often gone when read:
    writes without one count in the proportion of those with one.
    """
    syncing = sum(wait.ratio for wait in seen if wait.syscall in calls.syncs)
    writes = [wait for wait in seen if wait.syscall in calls.writes]
    named = sum(wait.ratio for wait in writes if wait.wchan)
    flushed = sum(wait.ratio for wait in writes if any(part in wait.wchan for part in _WRITEBACK))
    return syncing + (sum(wait.ratio for wait in writes) * flushed / named if named > 0 else 0.0)
