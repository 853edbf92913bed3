"""The page of cards: figures, what is wrong with them, and who uses them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.model.gpu_section import Gpu, GpuSection
from perftui.model.interval import Interval
from perftui.model.sample import CollectorStatus
from perftui.model.table import Table
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.pages import PAGES
from perftui.tui.renderables.pages.gpu import gpu_page
from tests.tui.fixtures import SECOND, START_NS, TARGET_PID, build_sample, build_update
from tests.tui.screening import COLOURED, HOSTILE, PALETTES, WIDTHS, checked

HEALTHY = Gpu(
    index=0,
    vendor="nvidia",
    name="A100",
    uuid="GPU-1",
    busy_ratio=0.87,
    memory_used_bytes=34 << 30,
    memory_total_bytes=80 << 30,
    power_watts=250.4,
    power_limit_watts=400.0,
    clock_mhz=1410,
    clock_max_mhz=1980,
    temperature_celsius=61,
    slowdown_celsius=93,
    throttles=(),
    power_violation_ns_total=0,
    ecc_uncorrected_total=0,
)


def section(tick: int, *gpus: Gpu, name: str = "compute") -> GpuSection:
    rows = ((0, TARGET_PID, 32 << 30, 63, 20, -1), (0, 999_999, -1, -1, -1, -1))
    names = ("gpu", "pid", "memory_bytes", "sm_pct", "memory_pct", "engine_ns_total")
    return GpuSection(
        monotonic_ns=START_NS + tick * SECOND,
        gpus=gpus,
        processes=Table.of({n: [row[at] for row in rows] for at, n in enumerate(names)}, {"kind": [name, name]}),
    )


def update_with(older: GpuSection | None, newer: GpuSection | None) -> Update:
    before, after = replace(build_sample(1), gpus=older), replace(build_sample(2), gpus=newer)
    return replace(build_update(2), sample=after, interval=Interval.between(before, after))


def page(update: Update, width: int = 118, palette: Palette = COLOURED) -> str:
    return "\n".join(checked(gpu_page(update, width, palette), width))


def test_it_is_a_page_of_the_sheet() -> None:
    assert ("GPU", gpu_page) in PAGES


def test_figures_and_users_of_a_healthy_card() -> None:
    text = page(update_with(section(1, HEALTHY), section(2, HEALTHY)))
    for words in ("GPU 0  A100", "87 %", "34G of 80G", "250 of 400 W", "1410 of 1980 MHz", "61 of 93 °C"):
        assert words in text
    assert COLOURED.glyphs.warning not in text
    (own,) = [line for line in text.splitlines() if f"{COLOURED.glyphs.target}{TARGET_PID}" in line]
    assert "63 %" in own
    assert "32G" in own
    (stranger,) = [line for line in text.splitlines() if "999999" in line]
    assert stranger.count("?") == 2
    assert "not among the processes" in stranger


def test_what_holds_a_card_back_is_marked() -> None:
    slow = replace(
        HEALTHY,
        memory_used_bytes=79 << 30,
        throttles=("power cap",),
        power_violation_ns_total=SECOND // 2,
        temperature_celsius=93,
    )
    text = page(update_with(section(1, HEALTHY), section(2, slow)))
    assert f"{COLOURED.glyphs.warning} slowed by: power cap" in text
    assert "50 % of the time" in text
    assert text.count(COLOURED.glyphs.warning) == 4


def test_an_idle_card_is_not_slowed_down() -> None:
    idle = replace(HEALTHY, busy_ratio=0.0, throttles=("idle", "power cap"))
    assert "clocks set by: idle, power cap" in page(update_with(None, section(2, idle)))


def test_a_card_that_tells_next_to_nothing() -> None:
    bare = Gpu(index=0, vendor="intel", name="Intel GPU 0x9a49", clock_mhz=350)
    text = page(update_with(None, section(2, bare)))
    assert "350 MHz" in text
    assert "busy  " not in text.splitlines()[1]


def test_a_lost_card_says_so() -> None:
    lost = Gpu(index=1, vendor="nvidia", name="A100", lost="GPU is lost")
    text = page(update_with(section(1, HEALTHY, lost), section(2, HEALTHY, lost)))
    assert "no answer from this card: GPU is lost" in text
    assert "87 %" in text


def test_no_card_is_a_reason() -> None:
    update = update_with(None, None)
    status = CollectorStatus(name="gpu", state="no_data", reason="no GPU here")
    sample = replace(update.sample, collectors=(*update.sample.collectors, status))
    assert "gpu not visible: no GPU here" in page(replace(update, sample=sample))


def test_another_makers_broken_driver_is_named() -> None:
    text = page(update_with(None, replace(section(2, HEALTHY), missing="the NVIDIA driver is not loaded")))
    assert "the NVIDIA driver is not loaded" in text


def test_rates_need_two_readings() -> None:
    same = section(1, HEALTHY)
    assert "of the time" not in page(update_with(same, same))
    assert "87 %" in page(replace(update_with(None, same), interval=None))


@given(WIDTHS, PALETTES, HOSTILE, st.booleans())
def test_every_width_and_name(width: int, palette: Palette, name: str, lost: bool) -> None:
    card = replace(HEALTHY, name=name, uuid=name, lost=name if lost else "", throttles=(name,))
    update = update_with(section(1, card), replace(section(2, card, name=name), missing=name))
    checked(gpu_page(update, width, palette), width)


@pytest.mark.parametrize("target", [True, False])
def test_the_first_update(target: bool) -> None:
    checked(gpu_page(build_update(0, target=target, first=True), 80, COLOURED), 80)
