"""All processes of the host, read again and again at little cost."""

import os
import time
from array import array
from collections.abc import Iterable, Sequence
from itertools import compress
from operator import ne
from typing import Any

from perftui.errors import NoData
from perftui.host.clock import boottime_ns, process_clock
from perftui.host.command import command_of
from perftui.host.procfs import Host
from perftui.host.stat import split_stat
from perftui.host.text import visible
from perftui.model.table import Table

COLUMNS = (
    "pid",
    "ppid",
    "start_ticks",
    "session",
    "state",
    "uid",
    "user_ticks",
    "system_ticks",
    "nice",
    "threads",
    "rss_bytes",
    "processor",
)
_STAT_SIZE = 1024
_NAME_LIMIT = 64
_KERNEL_THREAD = 0x00200000
"""``PF_KTHREAD`` of ``linux/sched.h``."""

_EXEC_NS = 2_000_000_000
"""A process this young may not have executed its program yet."""

_TURNS = 16
"""A process that does not run is read once in so many scans."""

_FEW_PIDS = 256
"""So many new PIDs are asked for one by one; where there are more, ``/proc`` is listed."""

_LISTED_SCANS = 32
"""``/proc`` is listed at least once in so many scans."""

_RESTING_ROWS = 256
"""Where there are thousands of processes no more than about so many that do not run are read in a scan."""


class ProcessTable:
    """One row per process, kept from scan to scan.

    A scan asks each process's CPU clock whether it ran: O(processes), 1.3 µs each. The stat file of those that did is
    read through a kept descriptor (6 µs, nearly all of it in the kernel), and parsed when a byte of it has changed.
    What others do to a process that sleeps (its nice value, its parent, its memory) is seen within sixteen scans, with
    5,000 processes within twenty. ``/proc`` is listed only when many PIDs were given lately. A descriptor means one
    process for ever, so a reused PID is a new row.

    Command line and uid are read when a process is first seen and whenever its name changes, and once more a scan later
    when it is young or has just changed (it may be in the middle of its exec).
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._columns: dict[str, array[int]] = {name: array("q") for name in COLUMNS}
        self._names: list[str] = []
        self._commands: list[str] = []
        self._comms: list[bytes] = []
        self._fds: list[int] = []
        self._raws: list[bytes] = []
        self._clocks: list[int] = []
        self._ran_ns: list[int] = []
        self._turn = 0
        self._newest = 0
        self._given = range(0)
        self._until_listed = 1
        self._pids: list[str] = []
        self._row_of: dict[str, int] = {}
        self._fresh: list[str] = []

    def scan(self) -> Table:
        """The processes as they are now, in no order; text columns ``name`` and ``command``. NoData without /proc."""
        newcomers = self._newcomers()
        self._reread()
        unsettled, self._fresh = self._fresh, []
        for pid in set(newcomers).difference(self._row_of):
            if pid.isdigit():
                self._add(pid)
        for pid in unsettled:
            if pid in self._row_of:
                self._describe(self._row_of[pid])
        return Table(
            columns={name: column.tobytes() for name, column in self._columns.items()},
            texts={"name": tuple(self._names), "command": tuple(self._commands)},
        )

    def close(self) -> None:
        """Forget all processes and close their files."""
        for row in reversed(range(len(self._pids))):
            self._remove(row)

    def _newcomers(self) -> Iterable[str]:
        """Names in ``/proc`` that may be of processes without a row; none when no PID was given away of late.

        ``/proc/loadavg`` has the newest PID. PIDs are given in order, so where a few were, those are asked for one by
        one: listing thousands of processes takes as long as reading their clocks. A PID is given away a moment before
        its process is there, so the last ones are asked for once more. Once in many scans all are listed, for
        a PID that was given out of turn (``clone3`` with ``set_tid``).
        """
        if not self._host.has_clocks:
            return self._host.names("/proc")
        newest, before = int(self._host.read("/proc/loadavg").split()[-1]), self._newest
        again, given = self._given, range(max(before, newest - _FEW_PIDS) + 1, newest + 1)
        self._newest, self._given = newest, given
        self._until_listed -= 1
        if self._until_listed and before <= newest <= before + _FEW_PIDS:
            return map(str, filter(_is_process, (*again, *given)))
        self._until_listed = _LISTED_SCANS
        return self._host.names("/proc")

    def _reread(self) -> None:
        pread, gone = os.pread, []
        for row in self._due_rows():
            fd = self._fds[row]
            try:
                raw = pread(fd, _STAT_SIZE, 0) if fd >= 0 else self._host.read(f"/proc/{self._pids[row]}/stat")
            except (ProcessLookupError, NoData):
                gone.append(row)
                continue
            if raw != self._raws[row]:
                self._parse(row, raw)
        for row in reversed(gone):
            self._remove(row)

    def _due_rows(self) -> Sequence[int]:
        """Rows of the processes that ran since the last scan, and some of the others in turn."""
        count = len(self._pids)
        if not self._host.has_clocks:
            return range(count)
        now, lost = self._read_clocks()
        ran = compress(range(count), map(ne, now, self._ran_ns))
        self._ran_ns = now
        turns = max(_TURNS, count // _RESTING_ROWS)
        self._turn = (self._turn + 1) % turns
        return sorted({*ran, *lost, *range(self._turn, count, turns)})

    def _read_clocks(self) -> tuple[list[int], list[int]]:
        """Each row's CPU time, and the rows that have none: their processes have ended.

        The loop is the C code's: one in Python would cost as much as the system calls.
        """
        now: list[int] = []
        lost: list[int] = []
        readings = map(time.clock_gettime_ns, self._clocks)
        while True:
            try:
                now.extend(readings)
                return now, lost
            except OSError:  # what was read before stays, and the next reading is that of the next row
                lost.append(len(now))
                now.append(-1)

    def _add(self, pid: str) -> None:
        path = f"/proc/{pid}/stat"
        try:
            fd = self._host.keep(path)
        except NoData:
            return  # it ended between the listing and now
        try:
            raw = os.pread(fd, _STAT_SIZE, 0) if fd >= 0 else self._host.read(path)
        except (ProcessLookupError, NoData):
            self._host.drop(fd)
            return
        row = len(self._pids)
        self._pids.append(pid)
        self._row_of[pid] = row
        self._fds.append(fd)
        self._raws.append(b"")
        self._clocks.append(process_clock(int(pid)))
        self._ran_ns.append(-1)
        self._comms.append(b"")
        self._names.append("")
        self._commands.append("")
        for column in self._columns.values():
            column.append(0)
        self._parse(row, raw)

    def _parse(self, row: int, raw: bytes) -> None:
        comm, fields = split_stat(raw)
        values = (
            int(self._pids[row]),
            int(fields[1]),
            int(fields[19]),
            int(fields[3]),
            fields[0][0],
            self._columns["uid"][row],
            int(fields[11]),
            int(fields[12]),
            int(fields[16]),
            int(fields[17]),
            int(fields[21]) * self._host.page_size,
            int(fields[36]),
        )
        # Without a kept descriptor another process may have come to this PID.
        other = self._columns["start_ticks"][row] != values[2]
        for column, value in zip(self._columns.values(), values, strict=True):
            column[row] = value
        self._raws[row] = raw
        if other or comm != self._comms[row]:
            self._comms[row] = comm
            self._names[row] = visible(comm, _NAME_LIMIT)
            if int(fields[6]) & _KERNEL_THREAD and not other:  # a worker is called by what it does just now
                self._commands[row] = f"[{self._names[row]}]"
                return
            self._describe(row)
            if not other or self._is_young(row):
                self._fresh.append(self._pids[row])

    def _is_young(self, row: int) -> bool:
        age_ns = boottime_ns() - self._columns["start_ticks"][row] * 1_000_000_000 // self._host.ticks_per_second
        return age_ns < _EXEC_NS

    def _describe(self, row: int) -> None:
        pid = self._pids[row]
        try:
            # The owner of the directory: files in it count as root's when the process is not dumpable.
            self._columns["uid"][row] = self._host.owner(f"/proc/{pid}")
        except NoData:
            return  # it has just ended: the next scan drops the row
        self._commands[row] = command_of(self._host, int(pid), self._comms[row])

    def _remove(self, row: int) -> None:
        """The last row moves into the gap."""
        self._host.drop(self._fds[row])
        del self._row_of[self._pids[row]]
        last = len(self._pids) - 1
        if row != last:
            self._row_of[self._pids[last]] = row
        for column in self._columns.values():
            column[row] = column[last]
            column.pop()
        kept: tuple[list[Any], ...] = (
            self._fds,
            self._raws,
            self._clocks,
            self._ran_ns,
            self._comms,
            self._names,
            self._commands,
            self._pids,
        )
        for values in kept:
            values[row] = values[last]
            values.pop()


def _is_process(pid: int) -> bool:
    """Whether a number is a process's that is there, not a thread's: those can be opened in ``/proc`` too."""
    try:
        os.close(os.pidfd_open(pid))
    except OSError:
        return False
    return True
