"""Signals behind a dialog, and what a dialog must not hide."""

from signal import SIGKILL

import msgspec

from perftui.tui.screens.sheet import Page
from perftui.tui.widgets.processes import ProcessList
from tests.tui.fixtures import build_journal, build_update, ended
from tests.tui.whole import quiet, rows, sheet_text, started


async def test_a_signal_is_confirmed_from_cancel_and_told() -> None:
    session, app = started()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        session.tick(quiet(build_update()))
        await pilot.pause()
        await pilot.press("slash", *"app.py", "enter", "f9")
        await pilot.pause()
        processes = app.main.views["processes"]
        assert isinstance(processes, ProcessList)
        pid = processes.keys()[0]
        text = sheet_text(app)
        for shown in (f"pid: {pid}", "name: app.py", f"--id {pid}", "[ TERM ]", "[ KILL ]"):
            assert shown in text
        assert app.screen.query_one(Page).chosen == 0
        await pilot.press("enter")
        assert session.asked == []
        await pilot.press("x", *["right"] * 6, "enter")
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        (asked,) = session.asked
        assert asked[0] == "signal"
        assert isinstance(asked[1], tuple)
        assert asked[1][::2] == (pid, SIGKILL)
        assert f"SIGKILL sent to {pid} app.py" in rows(app.main.banner)[0]


async def test_the_chosen_signal_is_seen_in_a_narrow_terminal() -> None:
    session, app = started()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        session.tick(quiet(build_update()))
        await pilot.pause()
        await pilot.press("x", "left")
        await pilot.pause()
        assert "[ KILL ]" in sheet_text(app)
        page = app.screen.query_one(Page)
        at = rows(page)[-1].index("KILL")
        await pilot.click(Page, offset=(at, page.size.height - 1))
        await pilot.pause()
        await app.workers.wait_for_complete()
        assert [what for what, _ in session.asked] == ["signal"]


async def test_a_dialog_goes_on_counting_down() -> None:
    session, app = started()
    update = msgspec.structs.replace(build_update(), journal=build_journal()[:1])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("question_mark")
        await pilot.pause()
        session.tick(update)
        await pilot.pause()
        title = app.screen.query_one("#frame").border_title
        assert title is not None
        assert "process.nice puts itself back in 0 s" in title
        session.tick(quiet(update))
        await pilot.pause()
        assert not app.screen.query_one("#frame").border_title


async def test_a_target_that_has_ended_says_so_everywhere() -> None:
    session, app = started()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        update = quiet(build_update())
        session.tick(update)
        await pilot.press("4")
        session.tick(ended(update))
        await pilot.pause()
        assert "the target has ended" in rows(app.main.views["proposals"])[1]
        assert "ENDED last: CRITICAL neighbour-cpu" in rows(app.main.verdict)[0]
        assert rows(app.main.verdict)[3].startswith("ENDED")
