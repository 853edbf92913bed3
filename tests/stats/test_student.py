"""Against the printed tables."""

import pytest

from perftui.stats.student import two_sided


@pytest.mark.parametrize(
    ("tail", "freedom", "quantile"),
    [
        (0.05, 10, 2.2281),
        (0.001, 10, 4.5869),
        (0.001, 22, 3.7921),
        (0.01, 4, 4.6041),
        (0.001, 5, 6.8688),
        (0.05, 1000, 1.9623),
        (0.001, 1e9, 3.2905),
    ],
)
def test_quantiles_of_the_tables(tail: float, freedom: float, quantile: float) -> None:
    assert two_sided(tail, freedom) == pytest.approx(quantile, rel=1e-3)


def test_fewer_degrees_ask_for_more() -> None:
    quantiles = [two_sided(0.0002, freedom) for freedom in (4, 4.5, 7, 11, 22, 100)]
    assert quantiles == sorted(quantiles, reverse=True)


@pytest.mark.parametrize(("tail", "freedom"), [(0, 5), (1, 5), (0.05, 0.5)])
def test_what_has_no_quantile(tail: float, freedom: float) -> None:
    with pytest.raises(ValueError, match="tail"):
        two_sided(tail, freedom)
