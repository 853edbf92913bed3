import pytest
from msgspec.structs import replace

from perftui.tui.renderables.values import evidence_row, metric_quantity, quantity, time_of_day
from tests.tui.fixtures import SECOND, WALL_NS, build_findings


@pytest.mark.parametrize(
    ("figure", "unit", "text"),
    [
        (0.62, "ratio", "62 %"),
        (1.58, "cores", "1.58 cores"),
        (1536, "bytes", "1.5K"),
        (1536, "bytes/s", "1.5K/s"),
        (0.5, "s", "500ms"),
        (12_000, "/s", "12k/s"),
        (1471.4, "switches", "1471 switches"),
        (3, "", "3.00"),
    ],
)
def test_a_figure_is_read_with_its_unit(figure: float, unit: str, text: str) -> None:
    assert quantity(figure, unit) == text


def test_the_unit_may_be_in_the_name() -> None:
    assert metric_quantity("run_delay_ratio", 0.5) == "50 %"
    assert metric_quantity("cpu_share_cores", 0.41) == "0.41 cores"
    assert metric_quantity("read_bytes_per_s", 1536) == "1.5K/s"
    assert metric_quantity("odd", 2) == "2.00"
    assert metric_quantity("run_delay_ratio", None) == "?"


def test_evidence_is_a_row() -> None:
    evidence = build_findings()[0].evidence[0]
    assert evidence_row(evidence) == ("run_delay_ratio", "62 %", "≥ 20 %", "/proc/PID/task/*/schedstat")
    assert evidence_row(replace(evidence, direction="<="))[2] == "≤ 20 %"


def test_the_date_appears_after_a_day() -> None:
    assert len(time_of_day(WALL_NS, WALL_NS + SECOND)) == len("12:00:00")
    assert "-" in time_of_day(WALL_NS, WALL_NS + 90_000 * SECOND)
