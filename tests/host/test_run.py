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


def test_the_deadline_asks_first_and_waits_for_the_group(tmp_path: Path) -> None:
    """The leader ends at once, another member of its group takes its time to clean up."""
    done_file = tmp_path / "done"
    member = f"trap 'sleep 0.3; echo tidy > {done_file}; exit' TERM; while :; do sleep 0.05; done"
    done = run(["/bin/sh", "-c", '/bin/sh -c "$1" & wait', "sh", member], deadline_seconds=0.5, patience_seconds=30)
    assert done.timed_out
    assert done.returncode == -15
    assert done_file.read_text() == "tidy\n"


def test_only_the_member_of_that_name_is_interrupted(tmp_path: Path) -> None:
    """The leader, which would kill it, is left alone as long as it is there."""
    told = tmp_path / "told"
    script = f"trap 'echo leader >> {told}; exit' TERM; sleep 1000; echo after >> {told}"
    done = run(["/bin/bash", "-c", script], deadline_seconds=0.5, patience_seconds=30, interrupt="sleep")
    assert done.timed_out
    assert told.read_text().split()[0] == "after"


def test_without_a_member_of_that_name_the_group_is_asked() -> None:
    done = run(["/bin/sleep", "1000"], deadline_seconds=0.2, patience_seconds=30, interrupt="nobody")
    assert (done.timed_out, done.returncode) == (True, -15)


def test_more_output_than_allowed_ends_it() -> None:
    done = run(["/usr/bin/yes"], deadline_seconds=60)
    assert done.timed_out
    assert 64 << 20 <= len(done.stdout) < 65 << 20


def test_a_large_input_and_one_that_nobody_reads() -> None:
    text = b"x" * (1 << 20)
    assert run(["/bin/cat"], deadline_seconds=20, input=text).stdout == text
    assert run(["/bin/true"], deadline_seconds=20, input=text).returncode == 0


@pytest.mark.root
def test_another_user_without_further_groups() -> None:
    done = run(["/usr/bin/id"], deadline_seconds=20, user=(65534, 65533), environment={"LC_ALL": "C"})
    assert done.stdout.startswith(b"uid=65534")
    assert b"gid=65533 groups=65533\n" in done.stdout


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
