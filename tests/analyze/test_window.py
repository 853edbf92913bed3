"""Thirds of a window."""

import pytest

from perftui.analyze.window import Window
from tests.analyze.build import SECOND, window


@pytest.mark.parametrize(("seconds", "cuts"), [(9, (3, 6)), (10, (3, 7)), (3, (1, 2)), (60, (20, 40))])
def test_parts_are_thirds(seconds: int, cuts: tuple[int, int]) -> None:
    first, second, third = window(seconds=seconds).parts
    assert (first.newer.monotonic_ns, second.newer.monotonic_ns) == tuple(cut * SECOND for cut in cuts)
    assert (first.older.monotonic_ns, third.newer.monotonic_ns) == (0, seconds * SECOND)


def test_parts_follow_one_another_whatever_the_spacing() -> None:
    samples = window(seconds=9).samples
    view = Window((samples[0], samples[7], samples[8], samples[9]), None, None)
    first, second, third = view.parts
    assert first.newer is second.older
    assert second.newer is third.older


def test_few_samples_still_have_three_parts() -> None:
    two, three = window(seconds=1), window(seconds=2)
    assert two.parts == (two.whole,) * 3
    assert [part.seconds for part in three.parts] == [1, 1, 2]


def test_one_sample_is_no_window() -> None:
    with pytest.raises(ValueError, match="at least two"):
        _ = window(seconds=0).whole
