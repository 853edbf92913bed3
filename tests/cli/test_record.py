"""``perftui record``: a whole file, however it ends."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from perftui.errors import StoreError
from perftui.store.recording import Recording
from tests.cli.conftest import SLEEP, SPIN, Perftui, end
from tests.cli.test_imports import loaded_by
from tests.host.test_target import wait_for


def samples_in(path: Path) -> int:
    recording = Recording(path)
    count = len(list(recording.samples(recording.first_ns, recording.last_ns)))
    recording.close()
    return count


def samples_by_now(path: Path) -> int:
    """None as long as the file is being begun."""
    try:
        return samples_in(path)
    except StoreError:
        return 0


def test_a_target_is_recorded_for_the_time_asked_for(
    perftui: Perftui, child: Callable[..., int], tmp_path: Path
) -> None:
    done = perftui("record", child(SPIN), "-o", tmp_path / "r", "--for", "3")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "Ctrl+C ends it" in done.stderr
    assert "samples" in done.stderr
    assert "has ended" not in done.stderr
    assert samples_in(tmp_path / "r") >= 2
    assert (tmp_path / "r").stat().st_mode & 0o077 == 0
    assert list(tmp_path.glob("r-*")) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_a_whole_file(perftui: Perftui, tmp_path: Path, number: signal.Signals) -> None:
    running = perftui.start("record", "--output", str(tmp_path / "r"), "--interval", "0.2")
    wait_for(lambda: (tmp_path / "r").exists())
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(2)
    code, out, err = end(running, number)
    assert code == 128 + number
    assert out == b""
    assert b"samples" in err
    assert samples_in(tmp_path / "r") >= 2
    assert list(tmp_path.glob("r-*")) == []


def test_the_end_of_the_target_ends_it(perftui: Perftui, child: Callable[..., int], tmp_path: Path) -> None:
    pid = child(SPIN)
    running = perftui.start("record", pid, "-o", tmp_path / "r", "--interval", "0.5")
    wait_for(lambda: samples_by_now(tmp_path / "r") >= 2)
    os.kill(pid, signal.SIGKILL)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert b"the target has ended" in err
    assert samples_in(tmp_path / "r") >= 2


def test_no_such_target_leaves_no_file(perftui: Perftui, tmp_path: Path) -> None:
    done = perftui("record", "99999999", "-o", tmp_path / "r", "--for", "1")
    assert (done.returncode, done.stderr) == (3, "perftui: there is no process 99999999\n")
    assert not (tmp_path / "r").exists()


def test_a_file_that_is_there_is_left_alone(perftui: Perftui, tmp_path: Path) -> None:
    (tmp_path / "r").write_text("mine")
    done = perftui("record", "-o", tmp_path / "r", "--for", "1")
    assert done.returncode == 2
    assert done.stderr.startswith("perftui: -o ")
    assert "choose another name" in done.stderr
    assert (tmp_path / "r").read_text() == "mine"
    assert perftui("record", "-o", tmp_path / "nowhere" / "r", "--for", "1").returncode == 2


def test_a_file_is_asked_for(perftui: Perftui) -> None:
    assert perftui("record").returncode == 2


@pytest.mark.root
def test_a_full_disk_ends_it_with_a_message(perftui: Perftui, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        running = perftui.start("record", "-o", str(small / "r"), "--interval", "0.2")
        wait_for(lambda: (small / "r").exists())
        with (small / "filler").open("wb", buffering=0) as filler:
            wait_for(lambda: _fill(filler))
        _, err = running.communicate(timeout=60)
        assert running.returncode == 5
        assert b"full" in err
        Recording(small / "r").close()
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def _fill(file: object) -> bool:
    try:
        file.write(b"x" * 4096)  # type: ignore[attr-defined]  # a raw file
    except OSError:
        return True
    return False


def test_recording_loads_no_terminal_toolkit(perftui: Perftui, child: Callable[..., int], tmp_path: Path) -> None:
    loaded = loaded_by(perftui, "record", str(child(SLEEP)), "-o", str(tmp_path / "r"), "--for", "1")
    assert not loaded & {"textual", "rich", "numpy"}
