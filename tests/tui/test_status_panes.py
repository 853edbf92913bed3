"""The verdict line, the resources and the footer."""

from perftui.tui.widgets.footer import Footer
from perftui.tui.widgets.processes import ProcessList
from perftui.tui.widgets.resources import Resources
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


async def test_resources_at_two_sizes() -> None:
    app = Stage(Resources())
    async with app.run_test(size=(80, 16)) as pilot:
        assert app.line_with("measuring")
        app.show(build_update())
        assert "2 CPUs" in app.texts()[0]
        assert app.line_with("network")
        await pilot.resize_terminal(40, 6)
        await pilot.pause()
        assert app.line_with("CPU")
        assert len(app.texts()) == 6


async def test_the_footer_leaves_out_what_does_not_fit() -> None:
    pane = Footer()
    app = Stage(pane)
    async with app.run_test(size=(30, 1)) as pilot:
        pane.set_hints(ProcessList.hints)
        assert app.texts()[0].rstrip() == "Enter attach  / filter  t tree"
        await pilot.resize_terminal(80, 1)
        await pilot.pause()
        assert app.texts()[0].rstrip().endswith("d whole host")
