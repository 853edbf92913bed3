from perftui.tui.widgets.resources import Resources
from tests.tui.fixtures import build_update
from tests.tui.screening import Stage


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
