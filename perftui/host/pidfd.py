"""Hold and signal one certain process, never whoever has its PID now."""

import os
import select
import signal

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.stat import parse_stat
from perftui.model.target import ProcessId


def process_id(pid: int) -> ProcessId | None:
    """A process on this machine by its PID and start time; None when there is none."""
    try:
        return ProcessId(pid=pid, start_ticks=parse_stat(Host().read(f"/proc/{pid}/stat")).starttime)
    except NoData:
        return None


def hold(process: ProcessId) -> int:
    """A pidfd of exactly this process; the caller closes it. -1 when it has ended."""
    try:
        pidfd = os.pidfd_open(process.pid)
    except OSError:  # ESRCH, EINVAL or ENOENT: no such process (any more)
        return -1
    if process_id(process.pid) == process and not has_ended(pidfd):
        return pidfd
    os.close(pidfd)
    return -1


def has_ended(pidfd: int, wait_seconds: float = 0.0) -> bool:
    """True once the process has ended, waiting for it at most so long."""
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    return bool(poller.poll(wait_seconds * 1000))


def is_alive(process: ProcessId) -> bool:
    pidfd = hold(process)
    if pidfd < 0:
        return False
    os.close(pidfd)
    return True


def send(pidfd: int, number: signal.Signals) -> None:
    """Signal a held process; nothing happens when it has ended."""
    try:
        signal.pidfd_send_signal(pidfd, number)
    except ProcessLookupError:
        return
