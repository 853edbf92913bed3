"""Run the demo service under load, and watch it.

    python -m tests.demo.run                  the service until Ctrl+C; prints its pid and how to switch faults
    python -m tests.demo.run --cycle 30       goes on to the next fault every 30 s
    python -m tests.demo.run --tui            opens perftui on it, ends it when perftui ends

A fault is one of those in ``tests/demo/faults.py``.
"""

import argparse
import asyncio
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.demo import load, service
from tests.demo.faults import FAULTS
from tests.scenarios.stage import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_FAULT = "gil"


def _part(*arguments: str, output: int | None = None) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-m", "tests.demo.run", *arguments, "--parent", str(os.getpid())]
    return subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, text=True, start_new_session=True)


@contextmanager
def demo(fault: str, port: int = 0) -> Iterator[tuple[int, int]]:
    """The service and its load in processes of their own; yields (pid of the service, port)."""
    server = _part("--part", "service", "--fault", fault, "--port", str(port), output=subprocess.PIPE)
    parts = [server]
    try:
        assert server.stdout is not None
        words = server.stdout.readline().split()
        if words[:1] != ["listening"]:
            raise SystemExit("demo: the service did not start; see the message above")
        parts.insert(0, _part("--part", "load", "--port", words[1]))
        yield server.pid, int(words[1])
    finally:
        for part in parts:
            part.terminate()
        for part in parts:
            _wait(part)


def _wait(part: "subprocess.Popen[str]") -> None:
    try:
        part.wait(5)
    except subprocess.TimeoutExpired:
        part.kill()
        part.wait()
    if part.stdout is not None:
        part.stdout.close()


def switch(port: int, name: str) -> str:
    """Ask the service for another fault; returns its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", f"/fault?name={name}")
        return connection.getresponse().read().decode().strip()
    finally:
        connection.close()


def watch(pid: int) -> int:
    """perftui in the foreground of this terminal."""
    with suppress(KeyboardInterrupt):
        return subprocess.call([sys.executable, "-m", "perftui", "attach", str(pid)], cwd=ROOT)
    return 0


def stay(pid: int, port: int, cycle_seconds: float) -> int:
    """Print how to use the demo, then wait for Ctrl+C."""
    print(f"order service: pid {pid}, http://127.0.0.1:{port}/order?sku=tea&qty=2")
    print(f"switch:        curl 'http://127.0.0.1:{port}/fault?name=NAME'   NAME: {', '.join(FAULTS)}, next")
    print(f"watch:         perftui attach {pid}        end: Ctrl+C", flush=True)
    with suppress(KeyboardInterrupt):
        while cycle_seconds:
            time.sleep(cycle_seconds)
            print(switch(port, "next"), flush=True)
        signal.pause()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="the demo service, with its load")
    parser.add_argument("--fault", choices=list(FAULTS), default=DEFAULT_FAULT)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--cycle", type=float, default=0.0, metavar="SECONDS", help="go on to the next fault")
    parser.add_argument("--tui", action="store_true", help="open perftui on it")
    parser.add_argument("--part", choices=("service", "load"), help=argparse.SUPPRESS)
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        die_with_parent(options.parent)
    if options.part == "service":
        asyncio.run(service.serve(options.fault, options.port))
        return 0
    if options.part == "load":
        load.run(options.port)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(0))
    with demo(options.fault, options.port) as (pid, port):
        return watch(pid) if options.tui else stay(pid, port, options.cycle)


if __name__ == "__main__":
    raise SystemExit(main())
