"""The sampler's own budget, against a sampler whose cost is known."""

from hypothesis import given
from hypothesis import strategies as st

from perftui.profile.budget import MAX_RESULT_BYTES, START_NS, START_NS_PER_THREAD, Budget, Setting


def budget() -> Budget:
    return Budget(ratio=0.05, rate_hz=100, window_seconds=1)


def run(budget: Budget, look_ns: float, threads: int, windows: int) -> float:
    """Feed what a sampler of that price would cost; the last window's part of a core."""
    ratio = 0.0
    for _ in range(windows):
        setting = budget.setting
        looks = max(1, setting.rate_hz * setting.window_seconds)
        cpu_ns = START_NS + threads * START_NS_PER_THREAD + looks * look_ns
        ratio = cpu_ns / 1e9 / (setting.window_seconds + setting.rest_seconds)
        budget.measured(round(cpu_ns), looks, threads)
    return ratio


def test_a_cheap_target_gets_the_best_setting() -> None:
    chosen = budget()
    chosen.expect(threads=1)

    assert chosen.setting == Setting(100, 1)


def test_many_threads_start_at_a_cheap_setting() -> None:
    nine, many = budget(), budget()
    nine.expect(threads=9)
    many.expect(threads=65)

    assert 20 <= nine.setting.rate_hz <= 50
    assert nine.setting.window_seconds <= 2
    assert many.setting.rate_hz <= 5
    assert many.setting.window_seconds == 5


def test_it_goes_down_after_one_dear_window_and_comes_up_again() -> None:
    chosen = budget()
    run(chosen, look_ns=1_900_000, threads=9, windows=1)
    assert chosen.setting.rate_hz == 20
    run(chosen, look_ns=100_000, threads=1, windows=8)
    assert chosen.setting == Setting(100, 1)


def test_noise_around_the_limit_does_not_make_it_swing() -> None:
    chosen = budget()
    run(chosen, look_ns=400_000, threads=1, windows=1)
    low = chosen.setting
    for _ in range(10):
        run(chosen, look_ns=360_000, threads=1, windows=1)
        run(chosen, look_ns=400_000, threads=1, windows=1)
        assert chosen.setting == low


def test_what_never_fits_is_spaced_out() -> None:
    chosen = budget()
    run(chosen, look_ns=100_000_000, threads=500, windows=1)

    assert chosen.setting.rate_hz == 2
    assert chosen.setting.rest_seconds > 0


def test_a_window_without_looks_says_nothing() -> None:
    chosen = budget()
    chosen.measured(10**9, 0, 1)

    assert chosen.setting == Setting(100, 1)


def test_a_window_stays_small_enough_to_be_read() -> None:
    chosen = budget()
    chosen.measured(0, looks=100, threads=1, size_bytes=2 * MAX_RESULT_BYTES)
    assert chosen.setting == Setting(20, 1)

    for _ in range(8):
        chosen.measured(0, looks=40, threads=1, size_bytes=1000)
    assert chosen.setting == Setting(100, 1)


def test_a_window_that_never_fits_has_the_fewest_looks() -> None:
    chosen = budget()
    chosen.measured(0, looks=10, threads=1, size_bytes=100 * MAX_RESULT_BYTES)

    assert chosen.setting == Setting(2, 5)


def test_every_setting_has_the_mode() -> None:
    chosen = Budget(ratio=0.05, rate_hz=20, window_seconds=2, mode="native")
    chosen.expect(threads=1)
    assert chosen.setting == Setting(20, 2, mode="native")

    chosen.measured(10**12, looks=10, threads=1)
    assert chosen.setting.rest_seconds > 0
    assert chosen.setting.mode == "native"


@given(st.floats(0, 3e8), st.integers(1, 500))
def test_it_is_within_the_budget_from_the_second_window_on(look_ns: float, threads: int) -> None:
    assert run(budget(), look_ns, threads, windows=3) <= 0.0501
