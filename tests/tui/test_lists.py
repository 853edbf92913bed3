"""Findings, proposals and the journal: cursor, keys, and what they post."""

from msgspec.structs import replace

from perftui.tui.messages import ExplainAsked, KeepChosen, ProposalChosen, UndoChosen
from perftui.tui.widgets.findings import Findings
from perftui.tui.widgets.journal import JournalView
from perftui.tui.widgets.proposals import Proposals
from tests.tui.fixtures import build_entry, build_update
from tests.tui.screening import Stage


async def test_the_first_finding_is_open_and_the_cursor_opens_others() -> None:
    app = Stage(Findings())
    async with app.run_test(size=(100, 16)) as pilot:
        app.show(build_update())
        assert "Findings 2" in app.texts()[0]
        assert app.line_with("run_delay_ratio")
        await pilot.press("j")
        assert app.line_with("gil_wait_ratio")
        assert not any("run_delay_ratio" in line for line in app.texts())
        await pilot.press("end")
        assert app.line_with("remedy: look on the host")
        await pilot.press("g")
        assert app.line_with("run_delay_ratio")


async def test_enter_asks_for_the_rules_page() -> None:
    app = Stage(Findings())
    async with app.run_test(size=(100, 16)) as pilot:
        app.show(build_update())
        await pilot.press("down", "enter")
        assert [message.rule_id for message in app.heard if isinstance(message, ExplainAsked)] == ["coord-gil"]


async def test_the_cursor_stays_with_its_finding() -> None:
    pane = Findings()
    app = Stage(pane)
    async with app.run_test(size=(100, 16)) as pilot:
        update = build_update()
        app.show(update)
        await pilot.press("down")
        assert update.diagnosis is not None
        turned = replace(update.diagnosis, findings=update.diagnosis.findings[::-1])
        app.show(replace(update, diagnosis=turned))
        assert pane.selected == "coord-gil"
        assert app.line_with("gil_wait_ratio")
        app.show(replace(update, diagnosis=replace(turned, findings=turned.findings[1:])))
        assert app.line_with("run_delay_ratio")


async def test_a_small_pane_scrolls_to_the_cursor() -> None:
    app = Stage(Findings())
    async with app.run_test(size=(40, 5)) as pilot:
        app.show(build_update())
        await pilot.press("G")
        assert app.line_with("cpu-frequency")
        assert len(app.texts()) == 5


async def test_nothing_found_is_said() -> None:
    app = Stage(Findings())
    async with app.run_test(size=(60, 5)) as pilot:
        app.show(build_update(first=True))
        assert app.line_with("nothing judged yet")
        await pilot.press("enter", "j", "G")
        assert app.heard == []
        update = build_update(limited=False)
        assert update.diagnosis is not None
        app.show(replace(update, diagnosis=replace(update.diagnosis, unknown=())))
        assert app.line_with("nothing limits the target")


async def test_a_click_selects_and_opens() -> None:
    app = Stage(Findings())
    async with app.run_test(size=(100, 16)) as pilot:
        app.show(build_update())
        at = next(y for y, line in enumerate(app.texts()) if "coord-gil" in line)
        await pilot.click(Findings, offset=(3, at))
        assert app.line_with("gil_wait_ratio")
        await pilot.click(Findings, offset=(3, 0))
        assert app.line_with("gil_wait_ratio")


async def test_enter_asks_to_apply_what_can_be_applied() -> None:
    app = Stage(Proposals())
    async with app.run_test(size=(100, 16)) as pilot:
        app.show(build_update())
        assert "1 can be applied" in app.texts()[0]
        await pilot.press("enter", "j", "enter", "j", "enter")
        chosen = [message.proposal.knob for message in app.heard if isinstance(message, ProposalChosen)]
        assert chosen == ["process.nice"]


async def test_a_proposal_can_be_explained() -> None:
    app = Stage(Proposals())
    async with app.run_test(size=(100, 16)) as pilot:
        app.show(build_update())
        await pilot.press("e", "G", "e")
        asked = [message.rule_id for message in app.heard if isinstance(message, ExplainAsked)]
        assert asked == ["process.nice", "coord-gil"]


async def test_nothing_to_propose_is_said() -> None:
    app = Stage(Proposals())
    async with app.run_test(size=(60, 5)) as pilot:
        app.show(build_update(limited=False))
        assert app.line_with("nothing to propose")
        await pilot.press("enter", "e")
        assert app.heard == []


async def test_the_journal_keeps_and_undoes_what_is_open() -> None:
    app = Stage(JournalView())
    async with app.run_test(size=(100, 20)) as pilot:
        app.show(build_update())
        assert "1 to keep or undo" in app.texts()[0]
        await pilot.press("enter", "u", "j", "enter", "u", "j", "enter", "u")
        kept = [message.entry.id for message in app.heard if isinstance(message, KeepChosen)]
        undone = [message.entry.id for message in app.heard if isinstance(message, UndoChosen)]
        assert kept == ["j4"]
        assert undone == ["j4", "j3"]


async def test_the_countdown_goes_on() -> None:
    app = Stage(JournalView())
    async with app.run_test(size=(100, 20)):
        app.show(replace(build_update(1), journal=(build_entry("j", "applied"),)))
        assert app.line_with("put back in 29 s")
        app.show(replace(build_update(2), journal=(build_entry("j", "applied"),)))
        assert app.line_with("put back in 28 s")


async def test_an_empty_journal() -> None:
    app = Stage(JournalView())
    async with app.run_test(size=(60, 5)) as pilot:
        app.show(build_update(target=False))
        assert app.line_with("nothing was changed")
        await pilot.press("enter", "u")
        assert app.heard == []
