import pytest

from perftui.model.units import bytes_text, count_text, duration_text, rate_text, ratio_text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0B"), (1023, "1023B"), (1536, "1.5K"), (10 * 1024, "10K"), (5 * 2**30, "5.0G"), (-2048, "-2.0K")],
)
def test_bytes(value: float, text: str) -> None:
    assert bytes_text(value) == text


def test_others() -> None:
    assert count_text(12_000) == "12k"
    assert rate_text(1536) == "1.5K/s"
    assert ratio_text(0.123) == "12 %"
    assert ratio_text(0.0123) == "1.2 %"
    assert ratio_text(0) == "0 %"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0123, "12ms"), (12.34, "12.3s"), (75, "1m15s"), (3700, "1h01m"), (90_000, "1d01h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
