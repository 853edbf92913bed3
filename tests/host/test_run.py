"""A program is run to its end and leaves nothing behind."""

import os
import time
from pathlib import Path

import pytest

from perftui.errors import NoData
from perftui.host.run import run


def test_output_and_exit_code() -> None:
    done = run(["/bin/sh", "-c", "cat; echo bad >&2; exit 3"], deadline_seconds=20, input=b"in")
    assert (done.returncode, done.stdout, done.stderr, done.timed_out) == (3, b"in", b"bad\n", False)


def test_the_environment_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "")
    monkeypatch.setenv("SECRET", "x")
    names = {line.split(b"=")[0] for line in run(["/usr/bin/env"], deadline_seconds=20).stdout.splitlines()}
    assert names == {b"PATH", b"LC_ALL"}


def test_the_deadline_kills_the_whole_group(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = f"sleep 1000 & echo $! > {pid_file}; wait"
    done = run(["/bin/sh", "-c", script], deadline_seconds=0.5)
    assert done.timed_out
    assert done.returncode == -9
    grandchild = int(pid_file.read_text())
    deadline = time.monotonic() + 10
    while _runs(grandchild):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_cannot_be_started_is_no_data() -> None:
    with pytest.raises(NoData, match="install nothing-here"):
        run(["/usr/bin/nothing-here"], deadline_seconds=1)
    with pytest.raises(ValueError, match="absolute"):
        run(["true"], deadline_seconds=1)


def _runs(pid: int) -> bool:
    try:
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes() and os.getpgid(pid) > 0
    except (FileNotFoundError, ProcessLookupError):
        return False
