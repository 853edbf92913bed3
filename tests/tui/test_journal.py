from msgspec.structs import replace

from perftui.tui.messages import KeepChosen, UndoChosen
from perftui.tui.widgets.journal import JournalView
from tests.tui.fixtures import build_entry, build_update
from tests.tui.screening import Stage


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
