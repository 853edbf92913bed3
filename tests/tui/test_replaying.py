"""The screen on a recording, and the keys that record."""

import msgspec
import pytest
from textual.widgets import Input

from perftui.config import Config
from perftui.errors import UsageError
from perftui.model.update import RecordingStatus, ReplayStatus, Update
from perftui.tui.replaying import ReplayApp
from perftui.tui.screens.ask import Ask
from tests.tui.fixtures import build_journal, build_update
from tests.tui.seam import StillSession
from tests.tui.whole import quiet, rows, sheet_text, started

STATUS = ReplayStatus(first_ns=0, last_ns=3600 * 10**9, at_ns=900 * 10**9, wall_ns=900 * 10**9, speed=1.0, playing=True)


class StillReplay(StillSession):
    """Keeps what it was asked for."""

    def pause(self) -> None:
        self._note("pause", None)

    def step(self, count: int) -> None:
        self._note("step", count)

    def jump(self, seconds: float) -> None:
        self._note("jump", seconds)

    def jump_to(self, text: str) -> None:
        self._note("jump to", text)

    def next_mark(self) -> None:
        self._note("mark", None)

    def change_speed(self, by: int) -> None:
        self._note("speed", by)

    def worst(self) -> None:
        self._note("worst", None)


def replaying() -> tuple[StillReplay, ReplayApp]:
    session = StillReplay()
    return session, ReplayApp(lambda: session, Config())


def of_replay(update: Update, **changes: object) -> Update:
    return msgspec.structs.replace(update, replay=msgspec.structs.replace(STATUS, **changes))


@pytest.mark.parametrize("size", [(160, 45), (120, 35), (80, 24), (40, 10)])
async def test_the_bar_tells_where_the_replay_stands(size: tuple[int, int]) -> None:
    session, app = replaying()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        session.tick(of_replay(build_update()))
        await pilot.pause()
        bar = app.main.views["replay"]
        assert bar.display
        assert "1x" in rows(bar)[0]
        assert "REPLAY" in "\n".join(rows(app.main.verdict))
        session.tick(of_replay(build_update(2), playing=False, speed=5.0))
        await pilot.pause()
        assert "STILL 5x" in rows(bar)[0]


async def test_a_live_session_has_no_bar() -> None:
    session, app = started()
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        session.tick(build_update())
        await pilot.pause()
        assert not app.main.views["replay"].display


async def test_the_keys_of_the_player() -> None:
    session, app = replaying()
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        session.tick(of_replay(build_update()))
        for key in ("space", "[", "]", "{", "}", "<", ">", "m", "w"):
            await pilot.press(key)
        await pilot.press("2", "W")
        await pilot.pause()
        assert session.asked == [
            ("pause", None),
            ("step", -1),
            ("step", 1),
            ("jump", -60),
            ("jump", 60),
            ("speed", -1),
            ("speed", 1),
            ("mark", None),
            ("worst", None),
            ("worst", None),
        ]


async def test_a_time_is_asked_for() -> None:
    session, app = replaying()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        session.tick(of_replay(build_update()))
        await pilot.press("@", *"12:03", "enter")
        await app.workers.wait_for_complete()
        assert session.asked == [("jump to", "12:03")]
        session.fails = UsageError("no time")
        await pilot.press("@", "x", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "no time" in rows(app.main.banner)[0]
        await pilot.press("@", "escape")
        assert app.screen is app.main


async def test_everything_that_writes_is_hidden() -> None:
    session, app = replaying()
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        session.tick(of_replay(build_update()))
        await pilot.press("x", "4", "enter", "5", "enter", "u", "K", "U", "R", "I", "p")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.screen is app.main
        assert session.asked == []
        for pane, key in (("1", "x"), ("4", "enter"), ("5", "u"), *(("1", key) for key in "KURIp")):
            app.main.banner.dismiss()
            await pilot.press(pane, key)
            await pilot.pause()
            assert "a replay: nothing can be changed" in rows(app.main.banner)[0]
        await pilot.press("1")
        assert "attach" not in rows(app.main.footer)[0]
        assert "filter" in rows(app.main.footer)[0]
        assert "APPLIED" not in "\n".join(rows(app.main.banner))
        await pilot.press("question_mark")
        await pilot.pause()
        text = sheet_text(app)
        assert "recording" not in text
        assert "keep the change" not in text
        for line in ("[  ", "}  ", "@  ", "w  W"):
            assert line in text
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert not titles & {"Record", "Mark incident", "Undo change", "Whole host", "Profiling off"}
        assert {"Worst moment", "Time", "Quit"} <= titles


async def test_a_recording_is_started_and_its_outcome_told() -> None:
    session, app = started()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("R")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert session.asked == [("record", None)]
        assert "recording to somewhere" in rows(app.main.banner)[0]


async def test_an_incident_is_marked_with_words() -> None:
    session, app = started()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("I")
        await pilot.pause()
        assert isinstance(app.screen, Ask)
        assert not app.screen.query_one(Input).cursor_blink
        await pilot.press(*"slow", "enter")
        await app.workers.wait_for_complete()
        assert session.asked == [("incident", "slow")]
        await pilot.press("I", "escape")
        await app.workers.wait_for_complete()
        assert len(session.asked) == 1


async def test_the_banner_says_that_recording_is_on_and_why_it_ended() -> None:
    session, app = started()
    on = RecordingStatus(path="/state/perftui/recordings/r.perftui", started_wall_ns=0, samples=725)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        session.tick(msgspec.structs.replace(quiet(build_update()), recording=on))
        await pilot.pause()
        told = rows(app.main.banner)[0]
        assert "RECORDING" in told
        assert "725 samples  R stop" in told
        assert "r.perftui" in told
        await pilot.press("escape")
        assert app.main.banner.display
        full = msgspec.structs.replace(on, error="r.perftui: disk is full: recording has stopped")
        session.tick(msgspec.structs.replace(quiet(build_update(2)), recording=full))
        await pilot.pause()
        assert "disk is full" in rows(app.main.banner)[0]
        await pilot.press("escape")
        session.tick(msgspec.structs.replace(quiet(build_update(3)), recording=full))
        await pilot.pause()
        assert not app.main.banner.display


async def test_a_change_of_the_time_that_was_recorded_asks_for_nothing() -> None:
    session, app = replaying()
    entry = next(entry for entry in build_journal() if entry.state == "applied")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        session.tick(of_replay(msgspec.structs.replace(build_update(), journal=(entry,))))
        await pilot.pause()
        assert not app.main.banner.display
