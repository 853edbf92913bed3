"""How often to look, so that the sampler stays within its share of a core."""

import msgspec

from perftui.model.profile import Mode

RATES_HZ = (100, 50, 20, 10, 5, 2)
SHORT_WINDOWS_SECONDS = (1, 2)
LONG_WINDOW_SECONDS = 5
START_NS = 12_000_000
START_NS_PER_THREAD = 700_000
"""CPU time that starting py-spy takes, measured: 12 ms for one thread, 20 ms for 9, 60 ms for 65."""
LOOK_NS_PER_THREAD = 150_000
"""CPU time of looking at one thread before anything was measured: 0.07 ms for flat stacks, 0.2 ms for deep ones."""
NATIVE_START_NS = 50_000_000
"""What reading the symbols of the libraries adds, measured with an interpreter that has loaded little else."""
MAX_RESULT_BYTES = 4 << 20
"""A larger result is not read: reading takes 25 ms of the interpreter for each MiB, which the whole program feels.

65 threads 17 frames deep write 0.5 MB in 100 looks.
"""
_READABLE_BYTES = MAX_RESULT_BYTES * 0.8
"""What a window may be expected to write: they differ."""
_LEAST_LOOKS = 10
"""A short window with fewer looks is not worth a start of its own."""
_ROOM_TO_RISE = 0.8
"""A higher rate must promise to stay this far below the budget, so that noise does not make it swing."""


class Setting(msgspec.Struct, frozen=True):
    """Looks per second, seconds per window, seconds of rest after a window, and how to look."""

    rate_hz: int
    window_seconds: int
    rest_seconds: float = 0.0
    mode: Mode = "nonblocking"


class Budget:
    """Chooses the setting from what the last windows cost.

    The cost of a window is its start plus a price per look; the price is measured. Of the settings that fit the
    highest rate wins, then the shortest window; long windows, which make the picture old, come when
    no short one fits. A window must also stay small enough to be read. When not even the lowest rate fits,
    windows are spaced out, and the gap is shown.
    """

    def __init__(self, *, ratio: float, rate_hz: int, window_seconds: int, mode: Mode = "nonblocking") -> None:
        """``ratio`` is the part of one core (0.05); ``rate_hz`` and ``window_seconds`` the best that is wanted."""
        rates = (rate_hz, *(rate for rate in RATES_HZ if rate < rate_hz))
        short = sorted({window_seconds, *(window for window in SHORT_WINDOWS_SECONDS if window > window_seconds)})
        long = max(LONG_WINDOW_SECONDS, window_seconds)
        self._ratio = ratio
        self._mode: Mode = mode
        pairs = [Setting(rate, window, mode=mode) for rate in rates for window in short]
        worth = [pair for pair in pairs if pair.rate_hz * pair.window_seconds >= _LEAST_LOOKS]
        self._settings = worth + [Setting(rate, long, mode=mode) for rate in rates]
        self._start_ns = float(START_NS)
        self._look_ns: float | None = None
        self._look_bytes = 0.0
        self._setting = pairs[0]

    @property
    def setting(self) -> Setting:
        return self._setting

    def expect(self, threads: int) -> None:
        """Predict from the number of threads, as long as nothing was measured."""
        if self._look_ns is None:
            self._start_ns = _start_ns(self._mode, threads)
            self._choose(float(threads * LOOK_NS_PER_THREAD))

    def measured(self, cpu_ns: int, looks: int, threads: int, size_bytes: int = 0) -> None:
        """What a finished window cost. One without looks says nothing."""
        if looks <= 0:
            return
        self._start_ns = _start_ns(self._mode, threads)
        self._look_ns = _cautious(self._look_ns, max(0.0, cpu_ns - self._start_ns) / looks)
        self._look_bytes = _cautious(self._look_bytes, size_bytes / looks)
        self._choose()

    def _choose(self, predicted_look_ns: float = 0.0) -> None:
        look_ns = predicted_look_ns if self._look_ns is None else self._look_ns
        highest = self._setting.rate_hz
        for setting in self._settings:
            room = 1.0 if setting.rate_hz <= highest else _ROOM_TO_RISE
            if (
                self._cost_ratio(setting, look_ns) <= self._ratio * room
                and setting.rate_hz * setting.window_seconds * self._look_bytes <= _READABLE_BYTES * room
            ):
                self._setting = setting
                return
        last = self._settings[-1]
        rest = last.window_seconds * max(0.0, self._cost_ratio(last, look_ns) / self._ratio - 1)
        self._setting = Setting(last.rate_hz, last.window_seconds, rest, self._mode)

    def _cost_ratio(self, setting: Setting, look_ns: float) -> float:
        """Predicted CPU seconds per second."""
        return (self._start_ns / setting.window_seconds + setting.rate_hz * look_ns) / 1e9


def _start_ns(mode: Mode, threads: int) -> float:
    return float(START_NS + threads * START_NS_PER_THREAD + (NATIVE_START_NS if mode == "native" else 0))


def _cautious(before: float | None, now: float) -> float:
    """Dearer counts at once, cheaper by halves: keeping the budget comes first."""
    return now if before is None or now > before else (now + before) / 2
