"""What becomes of a stream that cannot be started whole, or that says too much."""

import contextlib
import errno
import os
import resource
from pathlib import Path

import pytest

from perftui.profile import perf_stream
from perftui.profile.perf_find import find_perf
from perftui.profile.perf_stream import Plan, Stream
from tests.host.test_target import wait_for
from tests.profile.children import children_of


def plan(perf: str) -> Plan:
    return Plan(perf=perf, pid=os.getpid(), rate_hz=99, kernel=False)


def open_files() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def test_a_stream_that_cannot_be_started_leaves_nothing(tmp_path: Path) -> None:
    files, children = open_files(), children_of(os.getpid())
    with pytest.raises(FileNotFoundError):
        Stream(plan(str(tmp_path / "none")))

    assert (open_files(), children_of(os.getpid())) == (files, children)


def test_a_stream_without_a_pidfd_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "pidfd_open", refuse)
    files, children = open_files(), children_of(os.getpid())
    with pytest.raises(OSError, match="Too many"):
        Stream(plan(find_perf()))

    assert (open_files(), children_of(os.getpid())) == (files, children)


@pytest.mark.parametrize("room", range(1, 12))
def test_a_stream_without_descriptors_leaves_nothing(room: int) -> None:
    files, children = open_files(), children_of(os.getpid())
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []
    outcome = "started"
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.dup(0))
        for fd in [taken.pop() for _ in range(room)]:
            os.close(fd)
        Stream(plan(find_perf())).end(patience_seconds=0)
    except OSError as error:
        outcome = errno.errorcode[error.errno or 0]
    finally:
        for fd in taken:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert outcome == ("started" if room >= 10 else "EMFILE")
    assert (open_files(), children_of(os.getpid())) == (files, children)


def test_it_begins_when_perf_samples_and_ends_when_told() -> None:
    files = open_files()
    stream = Stream(plan(find_perf()))

    def begun() -> bool:
        stream.read()
        return stream.began_ns > 0

    wait_for(begun, seconds=60)
    assert not stream.ended
    assert stream.cpu_ns > 0
    outcome = stream.end(patience_seconds=30)

    assert outcome.returncode == 0
    assert "perftui" not in outcome.text
    assert outcome.cpu_ns > 0
    assert open_files() == files


def test_what_is_not_taken_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "perf").write_text("#!/bin/sh\n[ $1 = record ] && exec cat\nexec yes 'a 1/1 1.0:\n'\n")
    (tmp_path / "perf").chmod(0o755)
    monkeypatch.setattr(perf_stream, "MAX_PRINTED_BYTES", 1 << 20)
    stream = Stream(plan(str(tmp_path / "perf")))
    taken = 0

    def full() -> bool:
        stream.read()
        return len(stream._printed) == 1 << 20

    try:
        for _ in range(3):
            wait_for(full)
            stream.read()
            assert full()
            raw = stream.take()
            assert raw.endswith(b"\n\n")
            taken += len(raw)
    finally:
        stream.end(patience_seconds=0)

    assert taken > 2 << 20
