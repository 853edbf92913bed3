"""Windows of stacks joined as they come and go, so that a new one costs what it has and not what all have."""

from collections import Counter, deque
from itertools import islice

from perftui.model.profile import Frame, StackProfile, StackRow, merge
from perftui.model.weights import Weights

_UNIT = 1 << 20
"""Looks on a CPU are added as whole numbers of this part of one: taken off again they leave nothing."""

_REBUILT_FROM = 1024

_Key = tuple[int, int, int]
_Kind = tuple[float, frozenset[int]]
"""Rate and processes of a window."""


class Merging:
    """Some windows in a row, and the profile of all of them.

    From one ``profile`` to the next all that has not changed is the same object: frames and stacks, with new ones
    behind them, and rows at their places. Stacks that no row is of any more stay until they are more than half; then
    all is joined anew. ``used`` is how many stacks have rows.
    """

    def __init__(self) -> None:
        self._windows: deque[tuple[StackProfile, list[int]]] = deque()
        self._profile: StackProfile | None = None
        self._clear()

    def __len__(self) -> int:
        """How many windows there are."""
        return len(self._windows)

    @property
    def oldest(self) -> StackProfile | None:
        return self._windows[0][0] if self._windows else None

    @property
    def windows(self) -> list[StackProfile]:
        return [window for window, _ in self._windows]

    def add(self, window: StackProfile) -> None:
        """Join the next window."""
        self._join(window)
        self._profile = None

    def drop(self) -> None:
        """Take the oldest window off again."""
        window, stack_of = self._windows.popleft()
        self._kinds[_kind(window)] -= 1
        for row in window.rows:
            self._count((row.pid, row.tid, stack_of[row.stack]), -row.samples, -round(row.on_cpu * _UNIT))
        self._profile = None
        if len(self._stacks) > max(_REBUILT_FROM, 2 * self.used):
            windows, self._windows = self.windows, deque()
            self._clear()
            for window in windows:
                self._join(window)

    def profile(self) -> StackProfile | None:
        """All windows as one, as ``profile.merge`` joins them; None without any.

        That does it from the start where looks do not all weigh the same: several processes, or several rates.
        """
        if self._profile is None and self._windows:
            even = len(+self._kinds) == 1 and all(len(pids) == 1 for _, pids in +self._kinds)
            self._profile = self._all() if even else merge(self.windows)
        return self._profile

    def _clear(self) -> None:
        self._kinds: Counter[_Kind] = Counter()
        self._frames: dict[Frame, int] = {}
        self._frames_told: tuple[Frame, ...] = ()
        self._stacks: dict[tuple[int, ...], int] = {}
        self._stacks_told: tuple[tuple[int, ...], ...] = ()
        self._rows_of: list[int] = []
        self.used = 0
        self._keys: list[_Key] = []
        self._rows: list[StackRow] = []
        self._units: list[int] = []
        self._place_of: dict[_Key, int] = {}

    def _join(self, window: StackProfile) -> None:
        frames, stacks = self._frames, self._stacks
        frame_of = [frames.setdefault(frame, len(frames)) for frame in window.frames].__getitem__
        stack_of = [stacks.setdefault(tuple(map(frame_of, stack)), len(stacks)) for stack in window.stacks]
        self._rows_of.extend([0] * (len(stacks) - len(self._rows_of)))
        for row in window.rows:
            self._count((row.pid, row.tid, stack_of[row.stack]), row.samples, round(row.on_cpu * _UNIT))
        self._windows.append((window, stack_of))
        self._kinds[_kind(window)] += 1

    def _count(self, key: _Key, samples: int, units: int) -> None:
        """Add looks of one thread in one stack, or take some off. The last row takes the place of one that goes."""
        place = self._place_of.get(key)
        if place is None:
            if samples:
                self._place_of[key] = len(self._rows)
                self._keys.append(key)
                self._rows.append(_row(key, samples, units))
                self._units.append(units)
                self.used += not self._rows_of[key[2]]
                self._rows_of[key[2]] += 1
            return
        samples += self._rows[place].samples
        if samples:
            self._units[place] += units
            self._rows[place] = _row(key, samples, self._units[place])
            return
        del self._place_of[key]
        self._rows_of[key[2]] -= 1
        self.used -= not self._rows_of[key[2]]
        last_key, last_row, last_units = self._keys.pop(), self._rows.pop(), self._units.pop()
        if last_key != key:
            self._keys[place], self._rows[place], self._units[place] = last_key, last_row, last_units
            self._place_of[last_key] = place

    def _all(self) -> StackProfile:
        windows = self.windows
        weights = Weights(windows)
        self._frames_told += tuple(islice(self._frames, len(self._frames_told), None))
        self._stacks_told += tuple(islice(self._stacks, len(self._stacks_told), None))
        return StackProfile(
            sampler=windows[-1].sampler,
            rate_hz=weights.rate_hz,
            started_ns=weights.started_ns,
            ended_ns=weights.ended_ns,
            covered_ns=weights.covered_ns,
            attempts=weights.attempts,
            frames=self._frames_told,
            stacks=self._stacks_told,
            rows=tuple(self._rows),
            threads=tuple({(thread.pid, thread.tid): thread for one in windows for thread in one.threads}.values()),
            sampler_cpu_ns=sum(window.sampler_cpu_ns for window in windows),
            mode=windows[-1].mode,
            parts=weights.parts if len(windows) > 1 else windows[0].parts,
            pid=weights.pid,
        )


def _kind(window: StackProfile) -> _Kind:
    return window.rate_hz, window.pids


def _row(key: _Key, samples: int, units: int) -> StackRow:
    return StackRow(pid=key[0], tid=key[1], stack=key[2], samples=samples, on_cpu=units / _UNIT)
