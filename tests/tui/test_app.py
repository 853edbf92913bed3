"""The whole screen with made-up updates: what is shown where, and what keys do to the session."""

import msgspec
import pytest
from textual.events import Key
from textual.widgets import Input

from perftui.errors import Drifted
from perftui.tui.messages import ExplainAsked, KeepChosen, ProposalChosen, TargetPicked, UndoChosen
from perftui.tui.screens.arrange import PANES
from perftui.tui.screens.sheet import Page
from perftui.tui.widgets import banner
from tests.tui.fixtures import build_journal, build_proposals, build_update
from tests.tui.seam import StillSession
from tests.tui.whole import quiet, rows, sheet_text, started

SIZES = ((160, 45), (120, 35), (80, 24), (40, 10), (20, 3))


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_starts_and_says_the_verdict(size: tuple[int, int]) -> None:
    session, app = started()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for tick in range(1, 4):
            session.tick(quiet(build_update(tick)))
            await pilot.pause()
        assert "CRITICAL" in rows(app.main.verdict)[0]
        for view in app.main.views.values():
            widths = {view.render_line(y).cell_length for y in range(view.size.height)}
            assert not view.display or widths == {view.size.width}


async def test_everything_can_be_seen_at_160x45() -> None:
    session, app = started()
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        session.tick(quiet(build_update()))
        await pilot.pause()
        shown = {name for name, view in app.main.views.items() if view.display}
        assert shown == {"verdict", "footer", *PANES}


async def test_every_pane_shows_the_way_to_details_and_help_at_80x24() -> None:
    _, app = started()
    async with app.run_test(size=(80, 24)) as pilot:
        for key in range(1, len(PANES) + 1):
            await pilot.press(str(key))
            await pilot.pause()
            footer = rows(app.main.footer)[0]
            assert "d details  ? help" in footer
        app.main.action_pane("processes")
        await pilot.pause()
        assert rows(app.main.footer)[0].startswith(
            "Enter attach  / filter  t tree  s sort  x signal  h host  d details"
        )


async def test_panes_are_switched_by_key_at_80x24() -> None:
    session, app = started()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        session.tick(quiet(build_update()))
        for key, pane in enumerate(PANES, 1):
            await pilot.press(str(key))
            assert app.main.pane == pane
            shown = {name for name in PANES if app.main.views[name].display}
            assert shown == {pane, "resources"}
        await pilot.press("tab")
        assert app.main.pane == "processes"
        await pilot.press("shift+tab")
        assert app.main.pane == "resources"


async def test_hidden_panes_are_left_alone_and_catch_up_when_they_appear() -> None:
    session, app = started()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        session.tick(quiet(build_update(1)))
        await pilot.pause()
        assert app.main.views["findings"].update_shown is None
        await pilot.press("3")
        await pilot.pause()
        assert "neighbour-cpu" in "\n".join(rows(app.main.views["findings"]))


async def test_a_new_size_moves_the_panes() -> None:
    session, app = started()
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        session.tick(quiet(build_update()))
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert not app.main.flame.display
        await pilot.resize_terminal(160, 45)
        await pilot.pause()
        assert app.main.flame.display


async def test_a_pane_is_maximised_and_comes_back() -> None:
    session, app = started()
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        session.tick(quiet(build_update()))
        await pilot.press("2", "z")
        await pilot.pause()
        assert app.main.flame.size == (160, 40)
        assert not app.main.views["processes"].display
        await pilot.press("escape")
        assert app.main.views["processes"].display


async def test_pause_freezes_the_panes_and_going_on_shows_the_newest() -> None:
    session, app = started()
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        session.tick(quiet(build_update(1)))
        await pilot.pause()
        await pilot.press("space")
        assert "PAUSED" in "\n".join(rows(app.main.verdict))
        newer = quiet(build_update(5))
        session.tick(newer)
        await pilot.pause()
        assert app.main.flame.update_shown is not newer
        await pilot.press("space")
        assert app.main.flame.update_shown is newer


async def test_a_proposal_is_confirmed_from_cancel() -> None:
    session, app = started()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        session.tick(quiet(build_update()))
        await pilot.press("4", "enter")
        await pilot.pause()
        text = sheet_text(app)
        proposal = build_proposals()[0]
        for shown in (proposal.command, proposal.undo_command, proposal.risk, proposal.affects, proposal.privilege):
            assert shown in text
        assert f"{proposal.before}  →  {proposal.after}" in text
        assert "30 s" in text
        assert app.screen.query_one(Page).chosen == 0
        await pilot.press("enter")
        await pilot.pause()
        assert session.asked == []
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("right", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert session.asked == [("apply", proposal.id)]


async def test_keys_typed_ahead_act_in_the_pane_they_were_meant_for() -> None:
    """A slow link delivers several keys at once: Enter must not attach to a process in the pane that is left."""
    session, app = started()
    for size in ((120, 40), (80, 24)):
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            session.tick(quiet(build_update()))
            await pilot.press("1")
            await pilot.pause()
            for key, character in (("4", "4"), ("enter", "\r")):
                app.post_message(Key(key, character))
            await pilot.pause()
            assert "Apply this change?" in sheet_text(app)
            assert session.asked == []
        session, app = started()


async def test_escape_is_cancel() -> None:
    session, app = started()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        app.post_message(ProposalChosen(build_proposals()[0]))
        await pilot.pause()
        await pilot.press("right", "escape")
        await pilot.pause()
        assert app.screen is app.main
        assert session.asked == []


async def test_without_the_right_there_is_nothing_to_press_but_cancel() -> None:
    session, app = started()
    proposal = msgspec.structs.replace(build_proposals()[0], permitted=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        app.post_message(ProposalChosen(proposal))
        await pilot.pause()
        assert app.screen.query_one(Page).buttons == ("Cancel",)
        assert "missing" in sheet_text(app)
        await pilot.press("right", "enter")
        assert session.asked == []


async def test_a_waiting_change_is_announced_kept_and_undone() -> None:
    session, app = started()
    entry = next(entry for entry in build_journal() if entry.state == "applied")
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        await pilot.press("K")
        await pilot.pause()
        assert "no change waits" in rows(app.main.banner)[0]
        await pilot.press("escape")
        session.tick(msgspec.structs.replace(build_update(), journal=(entry,)))
        await pilot.pause()
        told = rows(app.main.banner)[0]
        assert "APPLIED process.nice 0 → -5" in told
        assert "puts itself back in" in told
        assert "0.41 cores → 0.86 cores" in told
        await pilot.press("K", "U")
        await app.workers.wait_for_complete()
        assert sorted(session.asked) == sorted([("keep", entry.id), ("undo", entry.id)])
        await pilot.press("escape", "escape")
        session.tick(quiet(build_update(2)))
        await pilot.pause()
        assert not app.main.banner.display


async def test_undoing_a_kept_change_asks_first() -> None:
    session, app = started()
    entry = msgspec.structs.replace(build_journal()[0], state="kept")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        app.post_message(UndoChosen(entry))
        await pilot.pause()
        assert entry.proposal.undo_command in sheet_text(app)
        await pilot.press("enter")
        assert session.asked == []
        app.post_message(UndoChosen(entry))
        await pilot.pause()
        await pilot.press("right", "enter")
        await app.workers.wait_for_complete()
        assert session.asked == [("undo", entry.id)]


async def test_a_refusal_is_told() -> None:
    session, app = started()
    session.fails = Drifted("the value is 3 by now; look at the proposal again")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        app.post_message(KeepChosen(build_journal()[0]))
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "the value is 3 by now" in rows(app.main.banner)[0]


async def test_an_outcome_goes_by_itself_and_the_change_is_shown_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(banner, "SAID_NS", 50_000_000)
    session, app = started()
    update = msgspec.structs.replace(build_update(), journal=build_journal()[:1])
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        session.tick(update)
        await pilot.pause()
        app.main.tell("that did not work")
        assert "that did not work" in rows(app.main.banner)[0]
        while app.main.banner.said:
            await pilot.pause(0.01)
        await pilot.press("space")  # the countdown goes on in a pause
        session.tick(update)
        await pilot.pause()
        assert "APPLIED" in rows(app.main.banner)[0]


async def test_what_the_dead_man_did_is_told_at_the_start() -> None:
    _, app = started(StillSession(notices=("process.nice on pid 1: reverted.", "vm.swappiness: conflict.")))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "process.nice on pid 1: reverted. (+1)" in rows(app.main.banner)[0]
        await pilot.press("escape")
        assert "vm.swappiness" in rows(app.main.banner)[0]
        await pilot.press("escape")
        assert not app.main.banner.display


async def test_read_only_hides_and_refuses_what_writes() -> None:
    session, app = started(read_only=True)
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        session.tick(build_update())
        await pilot.press("x", "4", "enter", "5", "enter", "u", "K", "U")
        await pilot.pause()
        assert app.screen is app.main
        assert "read-only" in rows(app.main.banner)[0]
        app.post_message(KeepChosen(build_journal()[0]))
        await pilot.pause()
        assert session.asked == []
        await pilot.press("4")
        assert "apply" not in rows(app.main.footer)[0]
        await pilot.press("question_mark")
        await pilot.pause()
        assert "keep the change" not in sheet_text(app)
        assert "Signal" not in sheet_text(app)
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert "Undo change" not in titles


async def test_a_target_is_picked_and_let_go() -> None:
    session, app = started()
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        app.post_message(TargetPicked(77))
        await pilot.pause()
        await app.workers.wait_for_complete()
        app.action_leave_target()
        await pilot.pause()
        await app.workers.wait_for_complete()
        assert session.asked == [("select", 77), ("select", None)]


async def test_profiling_is_switched() -> None:
    session, app = started()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for expected in (False, True):
            await pilot.press("p")
            await app.workers.wait_for_complete()
            assert session.profiling is expected


async def test_help_has_all_keys_by_pane() -> None:
    _, app = started()
    async with app.run_test(size=(120, 100)) as pilot:
        await pilot.pause()
        await pilot.press("f1")
        await pilot.pause()
        text = sheet_text(app)
        for line in ("?  F1", "q  F10", "/  F4", "t  F5", "s  F6", "Space", "Flame", "Processes", "Journal"):
            assert line in text
        await pilot.press("q")
        assert app.screen is app.main


async def test_pages_of_rules_and_knobs() -> None:
    _, app = started()
    async with app.run_test(size=(120, 60)) as pilot:
        await pilot.pause()
        for page in ("cpu-quota", "process.nice"):
            app.post_message(ExplainAsked(page))
            await pilot.pause()
            lines = sheet_text(app).splitlines()
            assert lines[0] == page
            assert len(lines) > 5
            await pilot.press("escape")
            await pilot.pause()


async def test_command_palette_offers_themes_without_a_blinking_cursor() -> None:
    _, app = started()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert not app.screen.query_one(Input).cursor_blink
        await pilot.press("escape")
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert {"Theme: dark", "Theme: light", "Pane: flame", "Profiling off", "Undo change", "Quit"} <= set(titles)


async def test_another_theme_paints_everything_anew() -> None:
    session, app = started()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        session.tick(quiet(build_update()))
        await pilot.pause()
        before = list(app.main.verdict.render_line(0))
        app.use_theme("light")
        await pilot.pause()
        after = list(app.main.verdict.render_line(0))
        assert [segment.text for segment in before] == [segment.text for segment in after]
        assert before != after


async def test_a_click_chooses_a_pane() -> None:
    session, app = started()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        session.tick(quiet(build_update()))
        await pilot.pause()
        await pilot.click("#tabs", offset=(16, 0))
        assert app.main.pane == "flame"
    _, app = started()
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        await pilot.click("#journal", offset=(3, 0))
        assert app.main.pane == "journal"


async def test_nothing_moves_or_blinks() -> None:
    _, app = started()
    assert app.animation_level == "none"
