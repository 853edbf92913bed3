"""How many of the stacks that were read from a running program cannot be right."""

from collections import deque
from collections.abc import Iterator
from itertools import islice, pairwise

from perftui.model.profile import StackProfile
from perftui.profile.modes import predicted_cost

MOST_THREADS = 8
"""Above so many an exact look costs the target too much to be taken unasked."""
_RATES_HZ = (100, 50, 20)
_MOST_SLOWDOWN_RATIO = 0.05
_WORTH_KNOWING_RATIO = 0.02
_FIRST_PAUSE_NS = 30_000_000_000
_LONGEST_PAUSE_NS = 600_000_000_000
_JUDGED_WINDOWS = 10
_LEARNED_STACKS = 2_000
"""Of a window. And with so many that brought a new call, all is learned anew."""

_ENOUGH_WINDOWS = 5
_MOST_NOVEL_RATIO = 0.25

_Function = tuple[str, str]
_Edge = tuple[_Function, _Function]
_Edges = frozenset[_Edge]
"""The calls of a stack."""

_OUTSIDE: _Function = ("", "")
"""Calls the first function of a thread."""


class TruthMeter:
    """Compares stacks read without pausing the target with some that were read while it stood still.

    A stack that changes while it is read comes out mixed: with a caller that never calls that function. Exact looks
    tell which calls there are. But a few of them do not know every call of a program, and what they have not seen is
    not therefore wrong. How much they have not seen, they tell themselves: the part of exact looks with a call that
    no other exact look has is what to expect of a further, true one (Good and Turing). So with u the part of the
    other looks that have an unknown call, and n that of the exact ones, (u - n) / (1 - n) are suspect.

    It is not known before the first exact window, nor while more than a quarter of the exact looks are news. After one
    window of a second it may be wrong by 10 points; as long as stacks look suspect, further ones make it better.
    """

    def __init__(self) -> None:
        self._edges: set[_Edge] = set()
        self._alone: dict[_Edge, int] = {}
        """The calls that one exact look alone has, with the number of that look."""

        self._news: dict[int, int] = {}
        """How many such calls a look has, for those that have any."""

        self._looks = self._stacks = self._windows = 0
        self._judged: deque[tuple[int, int]] = deque(maxlen=_JUDGED_WINDOWS)
        self._due_ns = 0
        self._pause_ns = _FIRST_PAUSE_NS

    def learn(self, exact: StackProfile) -> None:
        """Take in a window of exact looks; what was judged without it is forgotten."""
        if self._stacks >= _LEARNED_STACKS:
            for known in (self._edges, self._alone, self._news):
                known.clear()
            self._looks = self._stacks = 0
        for edges, samples in islice(_looks(exact), _LEARNED_STACKS):
            self._take_in(edges, samples)
        self._windows += 1
        self._judged.clear()

    def _take_in(self, edges: _Edges, samples: int) -> None:
        for edge in edges & self._alone.keys():
            look = self._alone.pop(edge)
            self._news[look] -= 1
            if not self._news[look]:
                del self._news[look]
        if fresh := edges - self._edges:
            self._stacks += 1
            self._edges |= fresh
            if samples == 1:
                self._alone.update(dict.fromkeys(fresh, self._looks))
                self._news[self._looks] = len(fresh)
        self._looks += samples

    @property
    def knows_enough(self) -> bool:
        """Whether several windows were taken in: more of them are worth what they cost only when they are due."""
        return self._windows >= _ENOUGH_WINDOWS

    def judge(self, window: StackProfile) -> None:
        """Take in a window that was read without pausing the target."""
        looks = list(_looks(window))
        unknown = sum(samples for edges, samples in looks if not edges <= self._edges)
        self._judged.append((unknown, sum(samples for _, samples in looks)))

    @property
    def suspect_ratio(self) -> float | None:
        """Of the last ten windows."""
        total = sum(samples for _, samples in self._judged)
        novel_ratio = len(self._news) / self._looks if self._looks else 1.0
        if not total or novel_ratio > _MOST_NOVEL_RATIO:
            return None
        unknown_ratio = sum(unknown for unknown, _ in self._judged) / total
        return max(0.0, unknown_ratio - novel_ratio) / (1 - novel_ratio)

    def due(self, now_ns: int) -> bool:
        """Whether an exact window would tell more: the first, and then ever more seldom while stacks look suspect.

        What the program does only now and then looks so too, until it was seen standing still. Call ``begun`` for it.
        """
        if not self._judged or now_ns < self._due_ns:
            return False
        suspect = self.suspect_ratio
        return suspect is None or suspect > _WORTH_KNOWING_RATIO

    def begun(self, now_ns: int) -> None:
        """An exact window is being taken."""
        self._due_ns = now_ns + self._pause_ns
        self._pause_ns = min(_LONGEST_PAUSE_NS, 2 * self._pause_ns)


def exact_rate_hz(threads: int) -> int:
    """The rate of an exact window that nobody asked for: it slows the target by 5 % at most while it lasts."""
    fitting = (
        rate for rate in _RATES_HZ if predicted_cost("exact", threads, rate).slowdown_ratio <= _MOST_SLOWDOWN_RATIO
    )
    return next(fitting, _RATES_HZ[-1])


def _looks(profile: StackProfile) -> Iterator[tuple[_Edges, int]]:
    """The calls in each row's stack, as pairs of functions, and how often it was seen."""
    functions = [(frame.function, frame.file) for frame in profile.frames]
    edges_of: dict[int, _Edges] = {}
    for row in profile.rows:
        edges = edges_of.get(row.stack)
        if edges is None:
            calls = pairwise([_OUTSIDE, *(functions[index] for index in profile.stacks[row.stack])])
            edges = edges_of[row.stack] = frozenset(calls)
        yield edges, row.samples
