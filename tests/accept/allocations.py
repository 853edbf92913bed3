"""memray really is brought into running processes: who allocates comes out, and the processes live on.

Needs a debugger that works here (or Python 3.14), and pip for an environment with memray, which is kept in ``.accept``.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.accept.story import Failed, check, state, wait_for
from tests.scenarios.play import ROOT

ENVIRONMENT = ROOT / ".accept" / "memray"
LEAKING = """
import time
kept = []
def grow():
    kept.append(bytearray(200_000))
def churn():
    return [bytearray(50_000) for _ in range(20)]
print("up", flush=True)
while True:
    grow(); churn(); time.sleep(0.02)
"""
IDLE = """
import sys
print("up", flush=True)
for line in sys.stdin:
    print("heard", line.strip(), flush=True)
"""


def stories() -> Iterator[str]:
    """Yields a line for each claim that holds. Failed for the first that does not."""
    python = _python_with_memray()
    with _child(python, LEAKING) as target:
        _next_line(target)
        done = _allocations(target.pid, "--for", "3", "--json")
        if done.returncode == 5 and "debugger" in done.stderr:
            _lives(target)
            yield f"nothing can be tracked here, the target is left alone: {done.stderr.strip().splitlines()[-1]}"
            return
        check(done.returncode == 0, f"--json ended with {done.returncode}: {done.stderr[-400:]}")
        document = json.loads(done.stdout)
        held, peak = document["held"], document["peak"]
        first = held["functions"][0]
        check(first["function"] == "grow", f"most is held by {first['function']}, not by grow")
        share = first["self_bytes"] / held["size_bytes"]
        check(share > 0.9, f"grow holds {share:.0%} of what is held")
        churned = [one for one in held["functions"] if one["function"] == "churn" and one["self_bytes"] > 2_000_000]
        check(not churned, "what churn gave back counts as held")
        check(peak["size_bytes"] >= held["size_bytes"] > 2_000_000, f"held {held['size_bytes']}, {peak['size_bytes']}")
        yield f"a leak: {share:.0%} of what is held was asked for in grow"

        _lives(target)
        done = _allocations(target.pid, "--for", "1", "--collapsed", "held")
        heaviest = done.stdout.splitlines()[0]
        check(";grow (" in heaviest, f"the heaviest stack is {heaviest}")
        yield "the same process again, as stacks for a flame graph"

        _interrupted(target)
        yield "Ctrl+C: exit code 130, tracking is off at once, the target goes on"

        done = _allocations(target.pid, "--for", "1", confirmed=False)
        check(done.returncode == 2, f"without a terminal and --yes: {done.returncode}")
        _lives(target)
        yield "without a terminal it wants --yes"

    with _child(python, IDLE) as target:
        _next_line(target)
        done = _allocations(target.pid, "--for", "1")
        check(done.returncode == 5, f"an idle target: {done.returncode}: {done.stderr[-400:]}")
        check("ran no Python code" in done.stderr, f"an idle target: {done.stderr[-400:]}")
        assert target.stdin is not None
        target.stdin.write(b"hello\n")
        target.stdin.flush()
        check(_next_line(target) == b"heard hello\n", "an idle target does not answer any more")
        yield "a target that does nothing is left as it was, and says why nothing came out"


def _python_with_memray() -> str:
    for python in (sys.executable, str(ENVIRONMENT / "bin/python")):
        if Path(python).exists() and _succeeds(python, "-c", "import memray"):
            return python
    _succeeds(sys.executable, "-m", "venv", str(ENVIRONMENT))
    python = str(ENVIRONMENT / "bin/python")
    if not _succeeds(
        python, "-m", "pip", "install", "--quiet", "--constraint", str(ROOT / "constraints.txt"), "memray"
    ):
        raise Failed("memray cannot be installed here")
    return python


def _succeeds(*argv: str) -> bool:
    return subprocess.run(argv, capture_output=True, timeout=300, check=False).returncode == 0


@contextmanager
def _child(python: str, code: str) -> Iterator["subprocess.Popen[bytes]"]:
    argv = [python, "-u", "-c", code]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        try:
            yield child
        finally:
            child.kill()


def _next_line(child: "subprocess.Popen[bytes]") -> bytes:
    assert child.stdout is not None
    return child.stdout.readline()


def _argv(pid: int, *arguments: str, confirmed: bool = True) -> list[str]:
    return [sys.executable, "-m", "perftui", "allocations", str(pid), *arguments, *(["--yes"] if confirmed else [])]


def _allocations(pid: int, *arguments: str, confirmed: bool = True) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        _argv(pid, *arguments, confirmed=confirmed),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def _interrupted(target: "subprocess.Popen[bytes]") -> None:
    perftui = subprocess.Popen(
        _argv(target.pid, "--for", "600"), cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    with perftui:
        try:
            wait_for(lambda: _tracked(target.pid), "tracking has begun", 60)
            perftui.send_signal(signal.SIGINT)
            perftui.communicate(timeout=90)
        finally:
            perftui.kill()
    check(perftui.returncode == 130, f"Ctrl+C: exit code {perftui.returncode}")
    check(not _tracked(target.pid), "Ctrl+C: the target is still tracked")
    _lives(target)


def _tracked(pid: int) -> bool:
    return any("perftui-memray-" in os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir())


def _lives(target: "subprocess.Popen[bytes]") -> None:
    """It runs, nobody traces it, and it goes on with what it did."""
    check(state(target.pid) in "RS", f"the target is in state {state(target.pid)}")
    status = Path(f"/proc/{target.pid}/status").read_text()
    check("TracerPid:\t0\n" in status, "the target is still traced")
    before = _switches(target.pid)
    wait_for(lambda: _switches(target.pid) > before, "the target goes on", 10)


def _switches(pid: int) -> int:
    """How often it has gone to sleep."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))
