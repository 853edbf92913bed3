"""What follows from two readings of the cards."""

from hypothesis import given
from hypothesis import strategies as st

from perftui.model.gpu_section import (
    HARMFUL_THROTTLES,
    THROTTLE_WORDS,
    Gpu,
    GpuSection,
    gpu_process_use,
    gpu_use,
    throttle_words,
)
from perftui.model.table import Table


def section(*gpus: Gpu, processes: Table | None = None) -> GpuSection:
    return GpuSection(monotonic_ns=1, gpus=gpus, processes=processes or rows())


def rows(*found: tuple[int, int, int, int, int]) -> Table:
    names = ("gpu", "pid", "memory_bytes", "sm_pct", "engine_ns_total")
    return Table.of(
        {name: [row[at] for row in found] for at, name in enumerate(names)}, {"kind": ["compute" for _ in found]}
    )


def card(index: int = 0, **figures: int) -> Gpu:
    return Gpu(index=index, vendor="nvidia", name="x", uuid=f"u{index}", **figures)  # type: ignore[arg-type]  # fields by name


def test_rates_of_counters() -> None:
    older = section(card(power_violation_ns_total=0, pcie_rx_bytes_total=100, ecc_corrected_total=4))
    newer = section(card(power_violation_ns_total=1_000_000_000, pcie_rx_bytes_total=500, ecc_corrected_total=6))
    (use,) = gpu_use(older, newer, 2.0)
    assert (use.power_violation_ratio, use.pcie_rx_bytes_per_s, use.ecc_corrected_per_s) == (0.5, 200.0, 1.0)
    assert (use.thermal_violation_ratio, use.pcie_tx_bytes_per_s, use.ecc_uncorrected_per_s) == (None, None, None)


def test_a_counter_that_went_back_has_no_rate() -> None:
    (use,) = gpu_use(section(card(pcie_rx_bytes_total=9)), section(card(pcie_rx_bytes_total=3)), 1.0)
    assert use.pcie_rx_bytes_per_s is None


def test_a_card_that_came_is_left_out() -> None:
    assert [use.index for use in gpu_use(section(card(0)), section(card(0), card(1)), 1.0)] == [0]


def test_processes_by_what_they_use() -> None:
    older = section(card(), processes=rows((0, 1, 10, -1, 0), (0, 3, -1, -1, 9)))
    newer = section(
        card(), processes=rows((0, 1, 10, -1, 500_000_000), (0, 2, 99, 80, -1), (0, 3, -1, -1, 3), (0, 4, 50, -1, 7))
    )
    uses = gpu_process_use(older, newer, 1.0)
    assert [(use.pid, use.busy_ratio, use.memory_bytes) for use in uses] == [
        (2, 0.8, 99),
        (1, 0.5, 10),
        (4, None, 50),
        (3, None, None),
    ]
    assert [use.busy_ratio for use in gpu_process_use(None, newer, 1.0)] == [0.8, None, None, None]


@given(st.sets(st.sampled_from(sorted(THROTTLE_WORDS))), st.integers(0, 15))
def test_every_bit_is_named(bits: set[int], unknown: int) -> None:
    words = throttle_words(sum(bits) | unknown << 9)
    assert set(words) >= {THROTTLE_WORDS[bit] for bit in bits}
    assert len(words) == len(bits) + (unknown > 0)


def test_the_harmful_words_are_words() -> None:
    assert set(THROTTLE_WORDS.values()) > HARMFUL_THROTTLES
