"""Programs of every kind: each gives a flame that names its functions, or the exact reason and remedy.

For CPython 3.8 to 3.13 those that pyenv has are taken; a gunicorn tree is the story ``workers``.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.accept.story import Failed, check, wait_for
from tests.profile.children import python_child, pythons
from tests.profile.test_perf_servers import FOREVER, NGINX, REQUESTS, answers, free_port, started
from tests.scenarios.play import ROOT

SECONDS = 10
WORKER = """
def parse(count):
    return sum(at * at for at in range(count))
print("up", flush=True)
while True: parse(1000)
"""
NATIVE = """
static volatile unsigned long total;
__attribute__((noinline)) void parse(void) { for (long at = 0; at < 1000000; at++) total += at; }
int main(void) { for (;;) parse(); }
"""


def stories() -> Iterator[str]:
    """Yields a line for each program. Failed for the first without a flame and without a reason."""
    for python in pythons():
        with python_child(python, WORKER) as process:
            version = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout.strip()
            yield _told(f"C{version}", process.pid, "parse")
    for name, running, own in (
        ("a C program", _native, "parse"),
        ("redis-server", _redis, ""),
        ("nginx", _nginx, ""),
        ("postgres", _postgres, ""),
    ):
        with running() as pid:
            yield _told(name, pid, own)


def _told(name: str, pid: int, own: str) -> str:
    """What ``perftui flame`` says of it. ``own`` is a function that must have most of it, with its callees."""
    command = [sys.executable, "-m", "perftui", "flame", str(pid), "--for", str(SECONDS), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        said = done.stderr.strip()
        check(not own and done.returncode in (3, 5), f"{name}: exit code {done.returncode}: {said}")
        check(bool(re.fullmatch(r"perftui: .+ \(.+\)", said)), f"{name}: no reason and remedy in {said!r}")
        return f"{name}: no flame, and it says why: {said}"
    flame = json.loads(done.stdout)
    named = [function for function in flame["functions"] if function["function"] != "[unknown]"]
    check(bool(named), f"{name}: no function has a name; {done.stderr.strip()}")
    first = max(named, key=lambda function: function["self_ratio"])
    if own:
        total = sum(one["total_ratio"] for one in named if one["function"].rpartition(".")[2] == own)
        check(total > 0.75, f"{name}: {own} has {total:.0%} with its callees")  # some stacks are torn
    unknown = sum(one["self_ratio"] for one in flame["functions"] if one["function"] == "[unknown]")
    return (
        f"{name}: {flame['on_cpu']:.0f} looks on a CPU, {flame['coverage_ratio']:.0%} covered, {flame['sampler']} "
        f"{flame['mode']}; hottest {first['function']} {first['self_ratio']:.0%}, without a name {unknown:.0%}"
    )


@contextmanager
def _native() -> Iterator[int]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "native.c").write_text(NATIVE)
        subprocess.run(["gcc", "-O1", "-g", "-o", f"{folder}/native", f"{folder}/native.c"], check=True)
        with started(f"{folder}/native") as process:
            yield process.pid


@contextmanager
def _redis() -> Iterator[int]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        server = [_path("redis-server"), "--port", str(port), "--save", "", "--dir", folder]
        process = running.enter_context(started(*server))
        wait_for(lambda: answers(port), "redis answers", 30)
        running.enter_context(started(_path("redis-benchmark"), "-p", str(port), "-q", "-l", "-t", "get,set"))
        yield process.pid


@contextmanager
def _nginx() -> Iterator[int]:
    port, done = free_port(), threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "nginx.conf")
        config.write_text(NGINX.format(folder=folder, port=port))
        with started(_path("nginx"), "-c", str(config)) as process:
            wait_for(lambda: answers(port), "nginx answers", 30)
            load = threading.Thread(target=_ask, args=(port, done.is_set))
            load.start()
            try:
                yield process.pid
            finally:
                done.set()
                load.join()


def _ask(port: int, done: Callable[[], bool]) -> None:
    while not done():  # nginx closes a connection after 1,000 requests
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            while not done():
                client.sendall(REQUESTS)
                if not client.recv(1 << 16):
                    break


@contextmanager
def _postgres() -> Iterator[int]:
    postgres = _path("postgres")
    become = [_path("setpriv"), "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    with tempfile.TemporaryDirectory() as folder:
        shutil.chown(folder, "postgres", "postgres")
        init = str(Path(postgres).resolve().with_name("initdb"))
        environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
        made = [*become, init, "--no-sync", "-D", f"{folder}/db"]
        subprocess.run(made, check=True, capture_output=True, timeout=100, cwd=folder, env=environment)
        with started(*become, postgres, "--single", "-D", f"{folder}/db", "postgres") as process:
            assert process.stdin is not None
            process.stdin.write(FOREVER.encode())
            process.stdin.flush()
            comm = Path(f"/proc/{process.pid}/comm")
            wait_for(lambda: comm.read_text() == "postgres\n", "postgres runs", 30)
            yield process.pid


def _path(name: str) -> str:
    """Failed when it is not installed."""
    homes = [str(home) for home in Path("/usr/lib/postgresql").glob("*/bin")]
    found = shutil.which(name, path=":".join(["/usr/local/bin", "/usr/bin", "/usr/sbin", "/sbin", "/bin", *homes]))
    if not found:
        raise Failed(f"{name} is not installed")
    return found
