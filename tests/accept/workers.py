"""A gunicorn tree of eight workers, one of them slow: all are sampled within one budget, and the slow one is named.

gunicorn comes with pip into an environment that is kept in ``.accept``.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.profile import StackProfile
from perftui.model.update import Update
from perftui.model.worker_views import workers
from perftui.session import Session, SessionOptions
from perftui.store.journal import Journal
from tests.accept.story import Failed, check, descendants, samplers_of, wait_for
from tests.scenarios.play import ROOT
from tests.session.trees import server

ENVIRONMENT = ROOT / ".accept" / "gunicorn"
BUDGET_RATIO = SessionOptions().profile_budget_ratio
NOISE_RATIO = 0.01
"""What the samplers may exceed the budget by, of a core: they learn what a window costs from the one before."""

QUICK_SECONDS = 3.0
MANY = 16
CYCLE_SECONDS = 45
"""In half a minute each of many workers has a turn, and its window comes some seconds later."""

PAGES = """
import time
slow = False

def spend(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(50))

def render_page():
    spend(0.003)

def rebuild_index():
    spend(0.012)

def app(environ, start_response):
    render_page()
    if slow:
        rebuild_index()
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
SETTINGS = """
import pathlib, pages
bind, workers, chdir = "unix:web", 8, "."

def post_fork(server, worker):
    pages.slow = worker.age == 5
    if pages.slow:
        pathlib.Path("slow").write_text(str(worker.pid))
"""
CLIENTS = """
import socket, threading, time

def client():
    while True:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect("web")
            connection.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
            while connection.recv(4096):
                pass
        time.sleep(0.03)

for _ in range(12):
    threading.Thread(target=client).start()
"""


def stories() -> Iterator[str]:
    """Yields a line for each claim that holds. Failed for the first that does not."""
    with _gunicorn() as (master, slow), _watched(master) as (session, updates):
        update = wait_for(lambda: _odd(updates, slow), f"worker {slow} is the odd one", 180, every=1.0)
        yield _told(update, descendants(master))
        (reason,) = [view.reason for view in workers(_profile(update), update.interval) if view.outlier]
        check("rebuild_index" in reason, f"the reason is {reason!r}")
        yield f"one of eight is marked, the slow one: {reason}"
        yield _share(update, slow)
        yield _stopped(session, [master, *descendants(master)])
    with server(MANY, pause=0.12) as (root, pids), _watched(root) as (_, updates):
        began = time.monotonic()
        seen: set[int] = set()

        def all_seen() -> bool:
            seen.update(_pids(updates))
            return seen >= set(pids)

        wait_for(all_seen, f"all of {MANY} workers are seen", CYCLE_SECONDS)
        yield f"each of {MANY} workers that run is seen within {time.monotonic() - began:.0f} s"
        yield _told(updates[-1], set(pids))


def _odd(updates: list[Update], slow: int) -> Update | None:
    """The newest update, once it marks ``slow``; Failed when it marks another."""
    update = updates[-1] if updates else None
    if update is None or update.profile is None:
        return None
    odd = [view.pid for view in workers(update.profile, update.interval) if view.outlier]
    check(set(odd) <= {slow}, f"marked are {odd}, slow is {slow}")
    return update if odd else None


def _told(update: Update, tree: set[int]) -> str:
    """What the status says of the samplers."""
    status = update.profile_status
    pids = {process.pid for process in status.sampled}
    check(pids <= tree and len(pids) >= 4, f"sampled are {sorted(pids)} of {sorted(tree)}")
    covered = status.cpu_share_ratio or 0.0
    used = status.sampler_cpu_ratio
    check(used <= BUDGET_RATIO + NOISE_RATIO, f"the samplers use {used:.1%} of a core")
    rates = ", ".join(f"{process.rate_hz:g}" for process in status.sampled)
    return (
        f"{len(pids)} of {len(tree)} processes are sampled at {rates} Hz: {covered:.0%} of the tree's CPU, "
        f"for {used:.1%} of a core"
    )


def _share(update: Update, slow: int) -> str:
    """The slow function is in the stacks of the slow worker, and of no other."""
    profile = _profile(update)
    inside = {
        at
        for at, stack in enumerate(profile.stacks)
        if any(profile.frames[frame].function == "rebuild_index" for frame in stack)
    }
    spent = dict.fromkeys({row.pid for row in profile.rows}, 0.0)
    for row in profile.rows:
        if row.stack in inside:
            spent[row.pid] += row.on_cpu / profile.on_cpu
    check({pid for pid, share in spent.items() if share} == {slow}, f"rebuild_index is seen in {spent}")
    return f"the flame has rebuild_index in the slow worker only: {spent[slow]:.0%} of the tree's CPU"


def _stopped(session: Session, tree: list[int]) -> str:
    began = time.monotonic()
    session.stop()
    took = time.monotonic() - began
    left = [sampler for pid in tree for sampler in samplers_of(pid)]
    check(not left, f"samplers left behind: {left}")
    check(took < QUICK_SECONDS, f"the end took {took:.1f} s")
    return f"all samplers ended in {took:.1f} s"


def _profile(update: Update) -> StackProfile:
    if update.profile is None:
        raise Failed("there is no profile")
    return update.profile


def _pids(updates: list[Update]) -> set[int]:
    profile = updates[-1].profile if updates else None
    return {row.pid for row in profile.rows} if profile else set()


@contextmanager
def _watched(pid: int) -> Iterator[tuple[Session, list[Update]]]:
    """A session on it with the default budget, and the newest of its updates."""
    updates: list[Update] = []
    faults: list[Exception] = []

    def keep(update: Update) -> None:
        updates[:] = [update]

    with tempfile.TemporaryDirectory() as folder:
        options = SessionOptions(window_seconds=120)
        session = Session(Host(), HeldTarget.open(Host(), pid), options, Journal(Path(folder, "journal")))
        session.start(keep, faults.append)
        try:
            yield session, updates
        finally:
            session.stop()
            check(not faults, f"the session failed: {faults}")


@contextmanager
def _gunicorn() -> Iterator[tuple[int, int]]:
    """PIDs of a master under load and of its slow worker."""
    python = _python_with_gunicorn()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as started:
        for name, text in (("pages.py", PAGES), ("settings.py", SETTINGS)):
            Path(folder, name).write_text(text)

        def begin(*argv: str) -> int:
            process = started.enter_context(subprocess.Popen(argv, cwd=folder))
            started.callback(process.terminate)
            return process.pid

        master = begin(python, "-m", "gunicorn", "--config", "settings.py", "--log-level", "error", "pages:app")
        wait_for(lambda: len(descendants(master)) == 8, "eight workers")
        wait_for(Path(folder, "slow").exists, "the slow worker")
        begin(sys.executable, "-c", CLIENTS)
        yield master, int(Path(folder, "slow").read_text())


def _python_with_gunicorn() -> str:
    python = str(ENVIRONMENT / "bin/python")
    if not Path(python).exists() or not _succeeds(python, "-c", "import gunicorn"):
        _succeeds(sys.executable, "-m", "venv", str(ENVIRONMENT))
        if not _succeeds(python, "-m", "pip", "install", "--quiet", "gunicorn"):
            raise Failed("gunicorn cannot be installed here")
    return python


def _succeeds(*argv: str) -> bool:
    return subprocess.run(argv, capture_output=True, timeout=300, check=False).returncode == 0
