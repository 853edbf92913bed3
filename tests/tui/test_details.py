"""The sheet of all figures."""

import msgspec
import pytest

from perftui.model.catalogue import NAMES
from perftui.model.sample import CollectorStatus
from perftui.model.update import Update
from perftui.store.tiers import Tiers, View
from perftui.tui.app import PerftuiApp
from perftui.tui.renderables.pages import PAGES
from perftui.tui.screens.details import Details
from perftui.tui.screens.sheet import Page
from tests.tui.fixtures import build_update
from tests.tui.whole import quiet, sheet_text, started

COLLECTORS = [name for name, _ in PAGES].index("Collectors")


def many_collectors(count: int, tick: int = 1) -> Update:
    update = quiet(build_update(tick))
    statuses = tuple(CollectorStatus(name=f"reader{at}", state="ok", cpu_ns=tick * 1_000_000) for at in range(count))
    return msgspec.structs.replace(update, sample=msgspec.structs.replace(update.sample, collectors=statuses))


def is_open(app: PerftuiApp) -> bool:
    return isinstance(app.screen, Details)


def page_of(app: PerftuiApp) -> Page:
    return app.screen.query_one(Page)


@pytest.mark.parametrize("size", [(80, 24), (160, 45), (40, 10)])
async def test_the_sheet_fills_the_terminal_and_follows_the_ticks(size: tuple[int, int]) -> None:
    session, app = started()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        session.tick(many_collectors(3))
        await pilot.pause()
        await pilot.press("d", *["right"] * COLLECTORS, "end")
        await pilot.pause()
        assert is_open(app)
        assert app.screen.query_one("#frame").size.width == size[0] - 4
        assert "1.00" in sheet_text(app)
        session.tick(many_collectors(3, 7))
        await pilot.pause()
        assert "7.00" in sheet_text(app)
        await pilot.press("d")
        await pilot.pause()
        assert not is_open(app)


async def test_all_pages_are_named_at_80_columns_whichever_is_open() -> None:
    session, app = started()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        session.tick(many_collectors(60))
        await pilot.pause()
        await pilot.press("d")
        for name, _ in PAGES:
            await pilot.pause()
            named = sheet_text(app).rstrip().splitlines()[-1]
            assert all(other in named for other, _ in PAGES)
            assert f"[{name}]" in named
            assert "[" not in named.replace(f"[{name}]", "")
            await pilot.press("right")


async def test_pages_are_turned_with_arrows_and_tab_and_begin_at_their_top() -> None:
    session, app = started()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        session.tick(many_collectors(60))
        await pilot.pause()
        await pilot.press("d", *["tab"] * COLLECTORS)
        await pilot.pause()
        assert "reader0 " in sheet_text(app)
        assert "more lines" in sheet_text(app)
        await pilot.press("end")
        assert "reader0 " not in sheet_text(app)
        assert "reader59 " in sheet_text(app)
        await pilot.press(*["right"] * len(PAGES))
        assert page_of(app).chosen == COLLECTORS
        assert "reader0 " in sheet_text(app)
        await pilot.press("left")
        assert page_of(app).chosen == (COLLECTORS - 1) % len(PAGES)
        await pilot.press("enter")
        assert is_open(app)
        await pilot.press("escape")
        await pilot.pause()
        assert not is_open(app)


async def test_every_page_is_drawn_from_a_first_update_too() -> None:
    session, app = started()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("d")
        await pilot.pause()
        assert "measuring" in sheet_text(app)
        for update in (build_update(first=True), build_update(target=False), build_update()):
            session.tick(quiet(update))
            for _ in PAGES:
                await pilot.press("tab")
                await pilot.pause()
                assert sheet_text(app).strip()


async def test_a_pause_freezes_the_sheet() -> None:
    session, app = started()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        session.tick(many_collectors(3))
        await pilot.pause()
        await pilot.press("space")
        session.tick(many_collectors(3, 7))
        await pilot.press("d", *["right"] * COLLECTORS)
        session.tick(many_collectors(3, 8))
        await pilot.pause()
        assert "1.00" in sheet_text(app)


HISTORY = [name for name, _ in PAGES].index("History")


async def test_a_key_changes_the_window_of_the_history() -> None:
    tiers = Tiers(NAMES)
    for at in range(2000):
        tiers.append(at * 10**9, at * 10**9, {"cpu": 0.5})
    session, app = started()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        session.tick(msgspec.structs.replace(quiet(build_update()), past=tiers.past()))
        await pilot.pause()
        await pilot.press("d", *["right"] * HISTORY)
        await pilot.pause()
        assert "all of 15 min" in sheet_text(app)
        for key, said in (
            ("w", "33m20s of 1 h"),
            ("w", "of 6 h"),
            ("W", "of 1 h"),
            *[("W", "")] * 2,
            ("W", "of 1 min"),
        ):
            await pilot.press(key)
            assert said in sheet_text(app)
        await pilot.press("W")
        assert "34m00s of 7 d" in sheet_text(app)
        tiers.append(2000 * 10**9, 2000 * 10**9, {"cpu": 0.9})
        session.tick(msgspec.structs.replace(quiet(build_update(2)), past=tiers.past()))
        await pilot.pause()
        assert "90 %" in sheet_text(app)


async def test_a_closed_history_reads_nothing() -> None:
    """The past of an update is asked for by the page alone."""

    class Unread(View):
        def names(self) -> tuple[str, ...]:
            raise AssertionError("nobody looks")

    session, app = started()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        session.tick(msgspec.structs.replace(quiet(build_update()), past=Unread(Tiers(NAMES), 0)))
        await pilot.pause()
        await pilot.press("d", "left")
        await pilot.pause()
        assert is_open(app)
