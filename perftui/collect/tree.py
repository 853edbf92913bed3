"""The target's processes and the settings of its main one."""

import os

from perftui.collect.scope import Collector, Scope
from perftui.errors import NoData
from perftui.host.autogroup import parse_autogroup
from perftui.host.clock import boottime_ns, monotonic_ns
from perftui.host.ioprio import io_priority
from perftui.host.maps import is_interpreter, python_library
from perftui.host.procfs import Host
from perftui.host.stat import Stat, first_int, int_field, parse_fields, parse_stat, soft_limit
from perftui.host.sysfs import link
from perftui.host.text import visible
from perftui.model.sample import Sample, TargetSection
from perftui.model.table import Table
from perftui.model.units import cpu_list

_POLICIES = {0: "other", 1: "fifo", 2: "rr", 3: "batch", 5: "idle", 6: "deadline", 7: "ext"}


class TreeCollector(Collector):
    """Costs about 80 µs for the main process and as much for each other one."""

    name = "tree"
    section = "tree"

    def __init__(self) -> None:
        self._executable = ""
        self._interpreter = ""

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> TargetSection:
        if scope.target is None:
            raise NoData("no process is watched", "give a PID")
        now, since_boot = monotonic_ns(), boottime_ns()
        stats = {}
        for pid in scope.pids:
            raw = _read(host, f"/proc/{pid}/stat")
            if raw:
                stats[pid] = parse_stat(raw)
        main = scope.target.process.pid
        if main not in stats or stats[main].starttime != scope.target.process.start_ticks:
            raise NoData(f"process {main} has ended")
        rows = [_process_row(host, pid, stat) for pid, stat in stats.items()]
        status = parse_fields(host.read(f"/proc/{main}/status"))
        allowed = status.get(b"Cpus_allowed_list", b"").decode("ascii")
        group, group_nice = _autogroup(host, main)
        return TargetSection(
            monotonic_ns=now,
            boottime_ns=since_boot,
            alive=not scope.target.ended,
            processes=Table.of({name: [row[name] for row in rows] for name in rows[0]}),
            ticks_per_second=host.ticks_per_second,
            state=stats[main].state,
            session=stats[main].session,
            nice=stats[main].nice,
            policy=_POLICIES.get(stats[main].policy, str(stats[main].policy)),
            cpus_allowed=allowed,
            cpus_allowed_count=len(cpu_list(allowed)),
            cpus_online=host.cpus_online,
            io_priority=_io_priority(host, main),
            autogroup=group,
            autogroup_nice=group_nice,
            autogroup_enabled=_autogroup_enabled(host),
            uid=int(status[b"Uid"].split()[1]),
            tracer_pid=first_int(status.get(b"TracerPid")),
            interpreter=self._interpreter_of(host, main),
        )

    def _interpreter_of(self, host: Host, pid: int) -> str:
        """Worked out once for each program that the process executes."""
        executable = link(host, f"/proc/{pid}/exe")
        if executable != self._executable:
            self._executable = executable
            self._interpreter = _interpreter(host, pid, executable)
        return self._interpreter


def _interpreter(host: Host, pid: int, executable: str) -> str:
    if is_interpreter(os.fsencode(executable)):
        return visible(executable)
    return python_library(_read(host, f"/proc/{pid}/maps"))


def _process_row(host: Host, pid: int, stat: Stat) -> dict[str, int]:
    status = _read(host, f"/proc/{pid}/status")
    io = _fields(host, f"/proc/{pid}/io")
    limits = _read(host, f"/proc/{pid}/limits")
    rss, swap = int_field(status, b"VmRSS"), int_field(status, b"VmSwap")
    return {
        "pid": pid,
        "start_ticks": stat.starttime,
        # The stat file leaves out what the kernel counts per CPU, up to some MiB.
        "rss_bytes": rss * 1024 if rss >= 0 else stat.rss_pages * host.page_size,
        "swap_bytes": swap * 1024 if swap >= 0 else -1,
        "minor_faults_total": stat.minflt,
        "major_faults_total": stat.majflt,
        "user_ticks": stat.utime,
        "system_ticks": stat.stime,
        "read_bytes_total": first_int(io.get(b"read_bytes")),
        "write_bytes_total": first_int(io.get(b"write_bytes")),
        "read_chars_total": first_int(io.get(b"rchar")),
        "write_chars_total": first_int(io.get(b"wchar")),
        "read_syscalls_total": first_int(io.get(b"syscr")),
        "write_syscalls_total": first_int(io.get(b"syscw")),
        "fds": _open_files(host, pid),
        "fd_limit": soft_limit(limits, b"Max open files"),
        "threads": stat.num_threads,
    }


def _open_files(host: Host, pid: int) -> int:
    try:
        return host.count(f"/proc/{pid}/fd")
    except NoData:
        return -1


def _autogroup(host: Host, pid: int) -> tuple[str | None, int | None]:
    """``/autogroup-12 nice 0`` → its name and nice value; None where there is no autogroup."""
    found = parse_autogroup(_read(host, f"/proc/{pid}/autogroup").decode("ascii", "replace"))
    return (found[0], int(found[1])) if found else (None, None)


def _autogroup_enabled(host: Host) -> bool | None:
    text = _read(host, "/proc/sys/kernel/sched_autogroup_enabled").strip()
    return text == b"1" if text else None


def _io_priority(host: Host, pid: int) -> str:
    try:
        return io_priority(pid) if host.is_live else ""
    except NoData:
        return ""


def _fields(host: Host, path: str) -> dict[bytes, bytes]:
    return parse_fields(_read(host, path))


def _read(host: Host, path: str) -> bytes:
    """Empty when it is not visible: a detail leaves its own gap and the rest of the section stands."""
    try:
        return host.read(path)
    except NoData:
        return b""
