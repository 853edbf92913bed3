"""What memray's result and its complaints become. The real thing is played by ``make accept ONLY=allocations``."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.errors import NotDeliverable, NotPermitted, PerftuiError
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.allocations import Allocations
from perftui.profile import memray
from perftui.profile.memray import NO_FRAME, parse, track
from perftui.profile.memray_plan import Plan
from tests.profile.children import SLEEPER, python_child

RAW = {
    "seconds": 3.0,
    "held": [300, 3, [[200, 2, "worker\x1b[2J", [["parse", "app.py", 9], ["main", "app.py", 3]]], [100, 1, "", []]]],
    "peak": [0, 0, []],
}
FAKE = """
import json, pathlib, sys
command, file = sys.argv[1], pathlib.Path(sys.argv[sys.argv.index("-o") + 1]) if "-o" in sys.argv else None
pathlib.Path({log!r}).open("a").write(" ".join(sys.argv[1:]) + "\\n")
{body}
"""
READER = """
import json
class FileReader:
    def __init__(self, file): self.raw = json.load(open(file))
    def __enter__(self): return self
    def __exit__(self, *error): pass
    @property
    def metadata(self):
        import types, datetime
        start = datetime.datetime(2026, 1, 1)
        return types.SimpleNamespace(start_time=start, end_time=start + datetime.timedelta(seconds=2))
    def records(self):
        import types
        return [
            types.SimpleNamespace(size=s, n_allocations=n, thread_name="T", stack_trace=lambda: [("f", "x.py", 1)])
            for s, n in self.raw
        ]
    def get_leaked_allocation_records(self, merge_threads): return self.records()
    def get_high_watermark_allocation_records(self, merge_threads): return iter(self.records())
"""


@pytest.fixture
def held() -> Iterator[HeldTarget]:
    with python_child(sys.executable, SLEEPER) as process:
        target = HeldTarget.open(Host(), process.pid)
        try:
            yield target
        finally:
            target.close()


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(memray, "_ATTACH_SECONDS", 2.0)
    monkeypatch.setattr(memray, "_PATIENCE_SECONDS", 1.0)


def stand_in(root: Path, held: HeldTarget, body: str) -> Plan:
    """A package in memray's place, whose ``attach`` does ``body``; what it was called with goes to ``log``."""
    (root / "memray").mkdir()
    (root / "memray/__init__.py").write_text(READER)
    (root / "memray/__main__.py").write_text(FAKE.format(log=str(root / "log"), body=body))
    return Plan(held.process.pid, sys.executable, "1.20.0", "gdb", None, {"PYTHONPATH": str(root)})


def tracked(held: HeldTarget, plan: Plan) -> Allocations:
    return track(Host(), held, plan, 0.1, lambda: None)


def refused(held: HeldTarget, plan: Plan, kind: type[PerftuiError]) -> str:
    with pytest.raises(kind) as caught:
        tracked(held, plan)
    return str(caught.value)


def test_the_result_is_read_and_shown_harmlessly() -> None:
    found = parse(Plan(7, "/p", "1.20.0", "gdb", None, {}), msgspec.json.encode(RAW))
    assert (found.pid, found.tool, found.seconds) == (7, "memray 1.20.0", 3.0)
    assert (found.held.size_bytes, found.held.allocations) == (300, 3)
    first, second = found.held.stacks
    assert [frame.function for frame in first.frames] == ["main", "parse"]
    assert (first.thread, second.frames) == ("worker^[[2J", (NO_FRAME,))


@given(st.binary(max_size=200))
def test_anything_else_is_refused(noise: bytes) -> None:
    with pytest.raises(NotDeliverable, match="cannot be read"):
        parse(Plan(7, "/p", "1", "gdb", None, {}), b'{"seconds": 1, ' + noise)


def test_attach_wait_and_read(tmp_path: Path, held: HeldTarget) -> None:
    plan = stand_in(tmp_path, held, "file.write_text(json.dumps([[10, 1], [90, 3]]))")
    found = tracked(held, plan)
    assert (found.held.size_bytes, found.held.allocations, found.seconds) == (100, 4, 2.0)
    assert [stack.size_bytes for stack in found.peak.stacks] == [90, 10]
    called = (tmp_path / "log").read_text().split()
    assert called[:7] == ["attach", "--method", "gdb", "--duration", "1", "--aggregate", "--no-compress"]
    assert called[-1] == str(held.process.pid)
    assert not Path(called[8]).parent.exists()


def test_its_files_are_where_nobody_else_can_replace_them(tmp_path: Path, held: HeldTarget) -> None:
    plan = stand_in(tmp_path, held, f"import os; open({str(tmp_path / 'where')!r}, 'w').write(os.environ['TMPDIR'])")
    refused(held, plan, NotDeliverable)
    folder = Path((tmp_path / "where").read_text())
    assert not folder.exists()
    assert folder.parent.stat().st_mode & 0o022 == 0
    assert folder.parent.stat().st_uid == os.geteuid()


def test_an_interruption_ends_the_tracking(tmp_path: Path, held: HeldTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = stand_in(tmp_path, held, "")
    monkeypatch.setattr(memray, "_is_open", lambda *_: True)

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        track(Host(), held, plan, 60.0, interrupt)
    assert (tmp_path / "log").read_text().splitlines()[1] == f"detach --method gdb {held.process.pid}"


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("sys.exit('You most likely do not have permission to trace the process.')", NotPermitted, "CAP_SYS_PTRACE"),
        ("sys.exit('Failed: No module named memray')", NotDeliverable, "the target itself does not find memray"),
        ("sys.exit('Run with --verbose')", NotDeliverable, "memray could not get into process"),
        ("import time; time.sleep(60)", NotDeliverable, "ran no Python code"),
        ("sys.exit('Timed out waiting for connection from pid 7')", NotDeliverable, "ran no Python code"),
        ("pass", NotDeliverable, "memray wrote nothing"),
        ("file.write_text('x')", NotDeliverable, "cannot be read"),
    ],
)
def test_complaints_become_reasons(
    tmp_path: Path, held: HeldTarget, body: str, kind: type[PerftuiError], words: str
) -> None:
    assert words in refused(held, stand_in(tmp_path, held, body), kind)
