"""What perftui reads and what that costs, as lines."""

import msgspec
from hypothesis import given

from perftui.model.sample import CollectorStatus
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.pages import PAGES
from perftui.tui.renderables.pages.collectors import collectors_page
from tests.tui.fixtures import build_update
from tests.tui.screening import COLOURED, HOSTILE, PALETTES, WIDTHS, checked

HUNG = CollectorStatus(
    name="filesystems", state="failed", reason="no answer for 12 s", remedy="a file server may be gone: see df",
    cpu_ns=6_000_000, wall_ns=12_000_000_000, age_ns=42_000_000_000, period_seconds=30.0,
)  # fmt: skip


def with_statuses(*statuses: CollectorStatus) -> Update:
    update = build_update()
    cost = msgspec.structs.replace(update.own_cost, interval_seconds=2.0, starved=True, missed_ticks_total=3)
    sample = msgspec.structs.replace(update.sample, collectors=statuses)
    return msgspec.structs.replace(update, sample=sample, own_cost=cost)


def page(update: Update, width: int = 120) -> list[str]:
    return [line.rstrip() for line in checked(collectors_page(update, width, COLOURED), width)]


def test_the_collectors_page_is_the_last_one() -> None:
    assert PAGES[-1] == ("Collectors", collectors_page)


def test_the_sum_of_all_and_a_row_per_collector() -> None:
    lines = page(with_statuses(CollectorStatus(name="cpu", state="ok", cpu_ns=3_000_000), HUNG))
    # 3 ms every 2 s and 6 ms every 30 s.
    assert lines[0].startswith("reading takes 0.17 % of a core; all of perftui 1.3 %")
    assert "a tick every 2.0s (longer than asked for: this host is starved of CPU); 3 missed so far" in lines
    assert lines[-2].split() == ["cpu", "✔", "ok", "3.00", "0.0", "2.0s", "-"]
    assert lines[-1].split()[:7] == ["filesystems", "✖", "failed", "6.00", "12000.0", "30.0s", "42.0s"]
    assert "no answer for 12 s; a file server may be gone" in lines[-1]


def test_a_reason_goes_under_its_collector_where_it_is_narrow() -> None:
    lines = page(with_statuses(HUNG), 76)
    assert lines[-2].endswith("42.0s")
    assert lines[-1].strip() == "no answer for 12 s; a file server may be gone: see df"


@given(WIDTHS, PALETTES, HOSTILE)
def test_any_width_and_any_text(width: int, palette: Palette, text: str) -> None:
    status = CollectorStatus(name=text, state="no_data", reason=text, remedy=text)
    checked(collectors_page(with_statuses(status), width, palette), width)
