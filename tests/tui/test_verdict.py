from perftui.tui.widgets.verdict import VerdictLine
from tests.tui.fixtures import build_update
from tests.tui.screening import Stage


async def test_the_verdict_counts_until_it_is_judged() -> None:
    pane = VerdictLine()
    app = Stage(pane)
    async with app.run_test(size=(100, 3)):
        assert "STARTING" in app.texts()[0]
        app.show(build_update(1, target=False))
        app.show(build_update(5, first=True))
        assert "MEASURING 0 of 3 s" in app.texts()[0]
        app.show(build_update(7, first=True))
        assert "MEASURING 2 of 3 s" in app.texts()[0]
        app.show(build_update(8))
        assert "neighbour-cpu" in app.texts()[0]


async def test_a_pause_is_shown() -> None:
    pane = VerdictLine()
    app = Stage(pane)
    async with app.run_test(size=(100, 3)):
        app.show(build_update())
        assert app.line_with("LIVE")
        pane.set_paused(True)
        assert app.line_with("PAUSED")
