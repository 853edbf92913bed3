"""Flames on disk, and as a session saves them."""

import os
import stat
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from perftui.errors import NoData, UsageError
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.update import Update
from perftui.profile.formats import About
from perftui.profile.formats.collapsed import parse
from perftui.session import Session, SessionOptions
from perftui.session.flame_file import read_flame, save_flame, write_flame
from perftui.session.replay import ReplaySession
from perftui.store.journal import Journal
from tests.profile.formats.profiles import known, seen
from tests.session.tapes import write
from tests.session.test_pipeline import profile
from tests.session.test_session import Updates, child

__all__ = ["child"]


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "perftui" / "flames"


def test_a_flame_is_private_and_says_whose_it_is(own_state: Path) -> None:
    path = save_flame(known(), "svg", view="wall", title="app", wall_ns=0)
    assert path.parent == own_state
    assert path.name.endswith("-42-wall.svg")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(own_state.stat().st_mode) == 0o700
    assert list(own_state.iterdir()) == [path]


def test_every_format_can_be_saved_and_no_other(tmp_path: Path) -> None:
    for name in ("collapsed", "speedscope", "svg", "pprof"):
        assert write_flame(known(), About(), name, tmp_path).stat().st_size > 100
    with pytest.raises(UsageError, match="no format"):
        write_flame(known(), About(), "pdf", tmp_path)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    imported = read_flame(write_flame(known(), About(), "speedscope", tmp_path))
    assert seen(imported.profile) == seen(known())


def test_a_pipe_is_read_too() -> None:
    reader, writer = os.pipe()
    feed = threading.Thread(target=lambda: (os.write(writer, b"main;parse 3\n"), os.close(writer)))
    feed.start()
    try:
        assert read_flame(Path(f"/dev/fd/{reader}")).profile.samples == 3
    finally:
        feed.join()
        os.close(reader)


@pytest.mark.parametrize("name", ["missing", "."])
def test_what_cannot_be_opened_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=str(tmp_path)):
        read_flame(tmp_path / name)


def test_a_live_session_saves_what_is_on_screen(child: "subprocess.Popen[bytes]", journal: Journal) -> None:
    held = HeldTarget.open(Host(), child.pid)
    session, updates = Session(Host(), held, SessionOptions(interval_seconds=0.2), journal), Updates()
    session.start(updates, updates.fail)
    try:
        with pytest.raises(NoData):
            session.save_flame("collapsed")
        updates.wait_for(_has_stacks)
        said = session.save_flame("collapsed", "wall")
    finally:
        session.stop()
    saved = Path(said.removeprefix("saved "))
    assert f"-{child.pid}-wall" in saved.name
    assert parse(saved.read_bytes()).profile.samples > 0


def _has_stacks(update: Update) -> bool:
    return update.profile is not None and update.profile.samples > 0


@pytest.mark.parametrize(("profiles", "error"), [(lambda second: (profile(second),), None), (lambda _: (), NoData)])
def test_a_replay_saves_the_moment_that_is_shown(
    tmp_path: Path, profiles: Callable[[int], tuple[object, ...]], error: type[Exception] | None
) -> None:
    recording = write(tmp_path / "r", range(20), profiles=profiles)  # type: ignore[arg-type]  # lambdas of a table
    session = ReplaySession(recording, SessionOptions(), at_ns=recording.last_ns)
    try:
        if error is not None:
            with pytest.raises(error):
                session.save_flame("svg")
        else:
            assert Path(session.save_flame("svg", "wall").removeprefix("saved ")).stat().st_size > 1000
    finally:
        session.stop()
