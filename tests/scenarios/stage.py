"""The stage on which a scenario plays.

A scenario module forks its players with ``spawn`` and hands the pid to watch to ``hold``. The module's own process
is only the director: it prints ``ready PID``, waits until SIGTERM, a closed stdin or the end of its time, then
ends every player and clears away what was made for them. So the target itself carries nothing of the harness:
no extra thread, no handler, no open pipe.
"""

import ctypes
import os
import select
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

LIFETIME_SECONDS = 300
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


class CannotPlay(Exception):
    """This machine lacks what the scenario needs; the message says what."""


def spawn(work: Callable[[], object], *, own_session: bool = False, cgroup: "CpuCgroup | None" = None) -> int:
    """Fork a player that runs ``work`` and ends with the director; returns its pid.

    ``own_session`` gives it a session, and so an autogroup, of its own. When this returns, the player is in its
    session and in ``cgroup``, and starts to work.
    """
    director = os.getpid()
    told, tell = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tell)
        os.read(told, 1)
        os.close(told)
        return pid
    try:
        _become_player(director, own_session)
        if cgroup is not None:
            cgroup.join()
        os.close(told)
        os.close(tell)
        work()
    except BaseException:  # a player must never return into the director's code
        traceback.print_exc()
    os._exit(1)


def spawn_program(argv: list[str], *, own_session: bool = False) -> int:
    """The same for a program; the first word is looked up in PATH."""

    def work() -> NoReturn:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.execvp(argv[0], argv)

    return spawn(work, own_session=own_session)


def _become_player(director: int, own_session: bool) -> None:
    if own_session:
        os.setsid()
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    die_with_parent(director)
    signal.alarm(LIFETIME_SECONDS + 10)


def die_with_parent(parent: int) -> None:
    """Let the kernel end this process when ``parent`` ends, however that happens."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def hold(pid: int, *cleanup: Callable[[], None]) -> int:
    """Announce ``pid`` as the target, wait for the end, clear up. Returns the exit code."""
    try:
        signal.signal(signal.SIGTERM, _leave)
        signal.signal(signal.SIGINT, _leave)
        signal.signal(signal.SIGHUP, _leave)
        print(f"ready {pid}", flush=True)
        _wait_for_the_end(pid)
    except SystemExit:
        pass
    finally:
        end_players()
        for step in cleanup:
            step()
    return 0


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _wait_for_the_end(pid: int) -> None:
    """Returns when stdin closes, the time is up, or the target is gone."""
    pidfd = os.pidfd_open(pid)
    deadline = time.monotonic() + LIFETIME_SECONDS
    try:
        while (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([0, pidfd], [], [], left)
            if pidfd in ready or (0 in ready and not os.read(0, 4096)):
                return
    finally:
        os.close(pidfd)


def end_players() -> None:
    """Kill every player and whatever the players started: their orphans come to this process."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    while children := _children():
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _children() -> list[int]:
    me = os.getpid()
    return [int(pid) for pid in Path(f"/proc/{me}/task/{me}/children").read_text().split()]


class CpuCgroup:
    """A cpu cgroup of the scenario's own; v1 or v2, whichever carries the cpu controller."""

    def __init__(self, name: str, *, cores: float, period_us: int = 100_000) -> None:
        self.v1 = Path("/sys/fs/cgroup/cpu").is_dir()
        root = Path("/sys/fs/cgroup/cpu") if self.v1 else Path("/sys/fs/cgroup")
        self.folder = root / f"perftui-{name}-{os.getpid()}"
        quota_us = int(cores * period_us)
        try:
            if not self.v1:
                (root / "cgroup.subtree_control").write_text("+cpu")
            self.folder.mkdir()
            if self.v1:
                (self.folder / "cpu.cfs_period_us").write_text(str(period_us))
                (self.folder / "cpu.cfs_quota_us").write_text(str(quota_us))
            else:
                (self.folder / "cpu.max").write_text(f"{quota_us} {period_us}")
        except OSError as error:
            raise CannotPlay(f"cannot make a cpu cgroup at {self.folder}: {error}; run as root") from error

    def join(self) -> None:
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def remove(self) -> None:
        """The kernel lets go of a cgroup a moment after its last task has ended."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                self.folder.rmdir()
            except FileNotFoundError:
                return
            except OSError:
                time.sleep(0.05)


@contextmanager
def disk_folder() -> Iterator[Path]:
    """A scratch folder on a real disk: fsync costs nothing on tmpfs."""
    with tempfile.TemporaryDirectory(prefix="perftui-", dir="/var/tmp") as name:
        yield Path(name)


def listener() -> tuple[socket.socket, int]:
    """A listening socket on loopback, made before the fork so that both sides know its port."""
    sock = socket.create_server(("127.0.0.1", 0), backlog=128)
    return sock, int(sock.getsockname()[1])


def threads(count: int, work: Callable[[int], object], name: str = "worker") -> NoReturn:
    """Run ``work(number)`` in ``count`` threads and wait for them, as a main thread does."""
    workers = [threading.Thread(target=work, args=(at,), name=f"{name}-{at}") for at in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sys.exit(0)


def load(port: int, per_second: float, request: bytes) -> Callable[[], None]:
    """A closed-loop client for ``spawn``: one connection, ``request`` sent at a steady gentle rate."""

    def client() -> None:
        with _connect(port) as sock:
            while True:
                sock.sendall(request)
                if not sock.recv(65536):
                    return
                time.sleep(1 / per_second)

    return client


def _connect(port: int) -> socket.socket:
    deadline = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=10)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
