from perftui.tui.widgets.footer import Footer
from perftui.tui.widgets.processes import ProcessList
from tests.tui.screening import Stage


async def test_the_footer_leaves_out_what_does_not_fit() -> None:
    pane = Footer()
    app = Stage(pane)
    async with app.run_test(size=(30, 1)) as pilot:
        pane.set_hints(ProcessList.hints)
        assert app.texts()[0].rstrip() == "Enter attach  / filter  t tree"
        await pilot.resize_terminal(80, 1)
        await pilot.pause()
        assert app.texts()[0].rstrip().endswith("h host")


async def test_what_is_always_shown_takes_the_room_of_other_keys() -> None:
    pane = Footer()
    app = Stage(pane)
    async with app.run_test(size=(30, 1)) as pilot:
        pane.set_hints(ProcessList.hints, (("?", "help"),), (("q", "quit"),))
        assert app.texts()[0].rstrip() == "Enter attach  / filter  ? help"
        await pilot.resize_terminal(5, 1)
        await pilot.pause()
        assert app.texts()[0].strip() == ""
        await pilot.resize_terminal(100, 1)
        await pilot.pause()
        assert app.texts()[0].rstrip().endswith("h host  ? help  q quit")
