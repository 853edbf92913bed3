"""Descriptors of a real process by kind, and files that only they keep."""

import os
import subprocess
from pathlib import Path

import pytest

from perftui.collect import open_files
from perftui.collect.open_files import OpenFileCollector, kind_of
from perftui.collect.scope import Scope
from tests.collect.held import held_child
from tests.collect.nobody import seen_by_nobody

PROGRAM = """
import os, select, socket
kept = [open(os.path.join(folder, name), "w+") for name in ("kept", "gone (deleted)", "linked", "lost\\x1b[31m")]
for file in kept:
    file.write("x" * 100_000)
    file.flush()
os.link(kept[2].name, kept[2].name + "-too")
os.unlink(kept[2].name)
os.unlink(kept[3].name)
again = os.dup(kept[3].fileno())
poll, pair, event = select.epoll(), socket.socketpair(), os.eventfd(0)
pipe, memory, null, space = os.pipe(), os.memfd_create("m"), open("/dev/null"), open("/proc/self/ns/net")
print("ready", flush=True)
input()
"""


def test_kinds_and_deleted_files(tmp_path: Path) -> None:
    with held_child(f"folder = {str(tmp_path)!r}\n" + PROGRAM) as (host, held):
        section = OpenFileCollector().collect(host, Scope(held, (held.process.pid,)), None)
        kinds = dict(zip(section.kinds.text("kind"), section.kinds.ints("count"), strict=True))
        assert {name: kinds[name] for name in ("epoll", "socket", "eventfd", "memfd", "namespace")} == {
            "epoll": 1,
            "socket": 2,
            "eventfd": 1,
            "memfd": 1,
            "namespace": 1,
        }
        assert kinds["pipe"] >= 4
        assert kinds["device"] >= 1
        assert kinds["file"] in (5, 6)  # where the tests' stderr goes may be one more
        listed = len(os.listdir(f"/proc/{held.process.pid}/fd"))
        assert sum(kinds.values()) == section.processes.ints("open_files")[0] == listed
        deleted = dict(zip(section.deleted.text("path"), section.deleted.ints("size_bytes"), strict=True))
        ours = {path: size for path, size in deleted.items() if path.startswith(str(tmp_path))}
        assert list(ours) == [str(tmp_path / "lost^[[31m")]  # not the others, nor the copied descriptor
        assert min(ours.values()) >= 100_000
        assert (section.deleted_count, section.deleted_bytes) == (len(deleted), sum(deleted.values()))


def test_what_is_looked_at_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "files = [open('/dev/null') for _ in range(100)]\nprint('up', flush=True)\ninput()"
    with held_child(code) as (host, held), subprocess.Popen(["sleep", "1000"]) as other:
        try:
            monkeypatch.setattr(open_files, "MAX_LOOKS", 30)
            section = OpenFileCollector().collect(host, Scope(held, (held.process.pid, other.pid)), None)
            assert section.processes.ints("looked_at")[0] <= 30
            assert section.processes.ints("open_files")[0] == 103
            assert list(section.processes.ints("pid")) == [held.process.pid, other.pid]
            monkeypatch.setattr(open_files, "MAX_ALL_LOOKS", 10)
            section = OpenFileCollector().collect(host, Scope(held, (held.process.pid, other.pid)), None)
            assert (len(section.processes), section.skipped) == (1, 1)
        finally:
            other.kill()


@pytest.mark.root
def test_without_the_right_it_names_the_remedy() -> None:
    with held_child("print('up', flush=True)\ninput()") as (_, held):
        said = seen_by_nobody("open-files", held.process.pid)
    assert "no permission to read" in str(said["reason"])
    assert "run as root" in str(said["remedy"])


@pytest.mark.parametrize(
    ("link", "kind"),
    [
        ("/etc/passwd", "file"),
        ("/dev/shm/x", "file"),
        ("/dev/pts/1", "device"),
        ("/memfd:a (deleted)", "memfd"),
        ("pipe:[5]", "pipe"),
        ("socket:[5]", "socket"),
        ("pidfd:[5]", "pidfd"),
        ("anon_inode:[pidfd]", "pidfd"),
        ("anon_inode:[eventpoll]", "epoll"),
        ("anon_inode:inotify", "inotify"),
        ("anon_inode:[eventfd:7]", "eventfd"),
        ("anon_inode:[io_uring]", "io_uring"),
        ("anon_inode:bpf-map", "bpf"),
        ("anon_inode:[something new]", "other"),
        ("mnt:[4026531841]", "namespace"),
        ("(unreachable)/x", "other"),
        ("", "other"),
    ],
)
def test_kind_of(link: str, kind: str) -> None:
    assert kind_of(link) == kind
