import math

from hypothesis import given
from hypothesis import strategies as st

from perftui.store.history import History


@given(st.lists(st.floats(allow_nan=False), max_size=60), st.integers(1, 20), st.integers(0, 30))
def test_latest_is_the_tail_of_what_was_appended(values: list[float], capacity: int, count: int) -> None:
    history = History(capacity)
    for value in values:
        history.append({"cpu": value})
    expected = tuple(values[-min(capacity, count) :]) if count else ()
    assert history.latest(count).get("cpu", ()) == expected


def test_a_missing_value_is_nan_and_a_late_series_has_a_nan_past() -> None:
    history = History(5)
    history.append({"cpu": 0.5})
    history.append({"target-cpu": 1.0})
    latest = history.latest(5)
    assert latest["cpu"][0] == 0.5
    assert math.isnan(latest["cpu"][1])
    assert math.isnan(latest["target-cpu"][0])
    assert latest["target-cpu"][1] == 1.0
