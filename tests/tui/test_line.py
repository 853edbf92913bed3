from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from perftui.model.update import Update
from perftui.tui.renderables.cells import strip_of
from perftui.tui.widgets.line import KEPT_DRAWS, LineView, changed_regions
from tests.tui.fixtures import build_update
from tests.tui.screening import COLOURED, HOSTILE, Stage


def strip(text: str, width: int = 20) -> Strip:
    return strip_of([(text, COLOURED.text)], width, COLOURED)


class Counting(LineView):
    """Draws the tick's number and counts how often."""

    drawn = 0

    def draw(self, width: int, height: int) -> list[Strip]:
        self.drawn += 1
        at = self.update_shown.sample.monotonic_ns if self.update_shown else 0
        return [self.title("Counting", "", width), strip(f"{at}", width)][:height]


def test_only_the_changed_part_of_a_row_is_repainted() -> None:
    old = [strip("cpu 12 % of all"), strip("same"), strip("gone")]
    new = [strip("cpu 13 % of all"), strip("same")]
    assert list(changed_regions(old, new, 20)) == [Region(0, 0, 6, 1), Region(0, 2, 20, 1)]


def test_an_equal_row_is_not_repainted() -> None:
    assert list(changed_regions([strip("a")], [strip("a")], 20)) == []


def test_a_row_that_differs_in_style_only_is_repainted() -> None:
    bold = strip_of([("a" * 20, Style(bold=True))], 20, COLOURED)
    assert list(changed_regions([strip("a" * 20)], [bold], 20)) == [Region(0, 0, 20, 1)]


@given(HOSTILE, HOSTILE, HOSTILE, st.integers(min_value=1, max_value=80))
def test_a_repaint_turns_the_old_row_into_the_new_one(head: str, other: str, tail: str, width: int) -> None:
    old, new = strip(head + tail, width), strip(other + tail, width)
    reach = max((region.right for region in changed_regions([old], [new], width)), default=0)
    assert new.crop(0, reach).text + old.crop(reach, width).text == new.text


async def test_a_hidden_pane_draws_nothing_and_catches_up() -> None:
    pane = Counting()
    app = Stage(pane)
    async with app.run_test(size=(40, 6)) as pilot:
        pane.display = False
        await pilot.pause()
        drawn = pane.drawn
        last = build_update(9)
        for update in (build_update(8), last):
            app.show(update)
        assert pane.drawn == drawn
        pane.display = True
        await pilot.pause()
        assert str(last.sample.monotonic_ns) in app.texts()[1]


async def test_a_new_size_is_filled() -> None:
    pane = Counting()
    app = Stage(pane)
    async with app.run_test(size=(40, 6)) as pilot:
        app.show(build_update(2))
        await pilot.resize_terminal(70, 8)
        await pilot.pause()
        assert len(app.texts()) == 8
        assert len(app.texts()[0]) == 70


class Steady(Counting):
    def same(self, before: Update, now: Update) -> bool:
        return before.proposals == now.proposals


async def test_what_looks_the_same_is_not_drawn_again() -> None:
    pane = Steady()
    app = Stage(pane)
    async with app.run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        app.show(build_update(2))
        drawn = pane.drawn
        app.show(build_update(3))
        assert pane.drawn == drawn
        app.show(build_update(4, limited=False))
        assert pane.drawn == drawn + 1


async def test_what_rich_has_cut_is_not_kept_for_ever() -> None:
    """As the compositor does it for a terminal, which is not there in tests."""
    kept = []
    app = Stage(Counting())
    async with app.run_test(size=(40, 3)):
        for at in range(2 * KEPT_DRAWS):
            app.show(build_update(at + 2))
            Segment(f"{at} 界").split_cells(3)
            kept.append(Segment._split_cells.cache_info().currsize)
    assert max(kept[KEPT_DRAWS:]) <= KEPT_DRAWS
    assert kept[-1] > 0
