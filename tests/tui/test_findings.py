from msgspec.structs import replace

from perftui.tui.messages import ExplainAsked
from perftui.tui.widgets.findings import Findings
from tests.tui.fixtures import build_update
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
