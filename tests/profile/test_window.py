"""What becomes of a run that cannot be started whole, and of a monstrous result."""

import errno
import os
import sys
from pathlib import Path

import pytest

from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.profile.binary import find_py_spy
from perftui.profile.budget import MAX_RESULT_BYTES, Setting
from perftui.profile.pyspy import PySpySampler
from perftui.profile.window import Window
from tests.profile.children import SLEEPER, children_of, python_child

SETTING = Setting(100, 1)


def open_files() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def refuse(*_: object) -> int:
    raise OSError(errno.EMFILE, "Too many open files")


def test_a_run_without_a_pidfd_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "pidfd_open", refuse)
    files, children = open_files(), children_of(os.getpid())

    with pytest.raises(OSError, match="Too many"):
        Window(find_py_spy(), os.getpid(), SETTING)

    assert open_files() == files
    assert children_of(os.getpid()) == children


def test_a_run_that_cannot_be_followed_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with python_child(sys.executable, SLEEPER) as child:
        held = HeldTarget.open(Host(), child.pid)
        sampler = PySpySampler(Host(), held)
        files, children = open_files(), children_of(os.getpid())
        monkeypatch.setattr(sampler._selector, "register", refuse)
        sampler._start_if_due()
        assert sampler.status.state == "unavailable"
        assert "Too many" in sampler.status.reason
        assert (open_files(), children_of(os.getpid())) == (files, children)
        assert sampler._live == []
        sampler.stop()
        held.close()


@pytest.mark.parametrize("size", [10, MAX_RESULT_BYTES, MAX_RESULT_BYTES + 1])
def test_a_monstrous_result_is_not_read(tmp_path: Path, size: int) -> None:
    path = tmp_path / "py-spy"
    path.write_text(f"#!/bin/sh\nhead -c {size} /dev/zero >&3\n")
    path.chmod(0o755)

    outcome = Window(str(path), os.getpid(), SETTING).reap()

    assert outcome.size_bytes == size
    assert outcome.raw == (b"\0" * size if size <= MAX_RESULT_BYTES else None)
