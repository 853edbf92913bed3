"""Real runs of perftui in a home of its own, and real children to look at."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SPIN = "while True: pass"
SLEEP = "import time; time.sleep(600)"


class Perftui:
    """Runs ``python -m perftui`` with warnings as errors; nothing of the user's own home is seen or touched."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "SUDO_"))},
            "HOME": str(home),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "TERM": "xterm-256color",
        }
        self.env.pop("NO_COLOR", None)

    def argv(self, *args: str | int | Path) -> list[str]:
        return [sys.executable, "-W", "error", "-m", "perftui", *map(str, args)]

    def __call__(self, *args: str | int | Path, **extra: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.argv(*args),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=90,
            env={**self.env, **extra},
            check=False,
        )

    def start(self, *args: str | int | Path) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self.argv(*args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env
        )


@pytest.fixture
def perftui(tmp_path: Path) -> Perftui:
    return Perftui(tmp_path)


@pytest.fixture
def child() -> Iterator[Callable[..., int]]:
    """Start Python code (or an argv) and get its PID; ended after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*argv: str, executable: str | None = None) -> int:
        command = [sys.executable, "-c", argv[0]] if len(argv) == 1 else list(argv)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, executable=executable, start_new_session=True)
        started.append(process)
        return process.pid

    yield start
    for process in started:
        process.kill()
        process.wait()


def end(process: "subprocess.Popen[bytes]", number: signal.Signals) -> tuple[int, bytes, bytes]:
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def children_of(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            direct = [int(word) for word in file.read().split()]
    except FileNotFoundError:
        return []
    threads = os.listdir(f"/proc/{pid}/task") if os.path.exists(f"/proc/{pid}/task") else []
    for tid in threads:
        try:
            with open(f"/proc/{pid}/task/{tid}/children") as file:
                direct += [int(word) for word in file.read().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return direct
