"""Stack windows as numbers: each frame, each stack and each thread in a stack is numbered once in a chunk.

What a window then says is which of them were seen, in which slots and how often: columns of small numbers, which are
kept together as those of samples are. Half a hundred busy threads take 4 KB a second so. The order of rows is not
kept, nor are frames and stacks that no row is of: it comes from a sampler's hash table, and would take more than all
else.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter

from perftui.host.text import visible
from perftui.model.profile import SLOT_NS, Frame, StackProfile, StackRow, ThreadName
from perftui.model.table import Table
from perftui.store.stack_table import Drawing
from perftui.store.streams import Streams, Window

STACKS = "stacks"
NEW, ROWS, LOOKS, SLOTS = (f"{STACKS}/{name}" for name in ("new", "row", "look", "slot"))
"""Columns of pairs. New places: thread, stack. Rows: place, number of slots. Looks of a row: how it ran (``_Shares``),
samples that are in none of its slots. Slots of a row: slot, samples. Places, slots and stacks are told from the last.
"""

MOST_PLACES = 1 << 21
"""A chunk whose stacks have so many frames, one in 40 stacks counted 40 times, should end."""

_MOST_PLACES = 1 << 22
_MOST_IN_A_RECORD = 1 << 20
"""Frames in all stacks of the windows of a record: a number of two bytes may stand for a stack of any depth."""

_LONGEST_NS = 600_000_000_000
"""Of a window. Samplers make theirs of seconds."""

_MOST_COUNTED = 1 << 53
"""Whole numbers up to this one are exact as floats and in JSON."""

_LAST_NS = 1 << 63
_ROUNDING_RATIO = 1e-9
_MOST_WINDOWS = 256
"""Of one record: a session has one for each process that is sampled, and twice as many when it is late."""

_LOOKED_BACK = 4

Pairs = tuple[Sequence[int], Sequence[int]]
_NOTHING: Pairs = ((), ())


class WindowEncoder:
    """The frames, stacks and threads of one chunk so far. ``text_of`` numbers the names of threads."""

    def __init__(self, text_of: Callable[[str], int]) -> None:
        self._text_of = text_of
        self._frames: dict[Frame, int] = {}
        self._stacks: dict[tuple[int, ...], int] = {}
        self._threads: dict[tuple[int, int], int] = {}
        self._places: dict[tuple[int, int], int] = {}
        self.numbers = 0
        self.frames_in_stacks = 0

    @property
    def kept(self) -> int:
        """How many frames, stacks and stacks of threads it remembers."""
        return len(self._frames) + len(self._stacks) + len(self._places)

    def encode(self, profiles: Sequence[StackProfile], streams: Streams) -> list[Window]:
        """The windows of one record: what they say beyond numbers. The numbers go to ``streams``."""
        columns: dict[str, tuple[list[int], list[int]]] = {name: ([], []) for name in (NEW, ROWS, LOOKS, SLOTS)}
        windows = [self._window(profile, columns) for profile in profiles]
        for name, (firsts, seconds) in columns.items():
            if firsts:
                streams.put(name, firsts, seconds)
                self.numbers += len(firsts)
        return windows

    def _window(self, profile: StackProfile, columns: Mapping[str, tuple[list[int], list[int]]]) -> Window:
        old_frames, old_threads, old_places = len(self._frames), len(self._threads), len(self._places)
        new_stacks, stack_of = self._numbered(profile)
        keys = [
            (self._threads.setdefault((row.pid, row.tid), len(self._threads)), stack_of[row.stack])
            for row in profile.rows
        ]
        self._place(sorted(set(keys) - self._places.keys()), columns[NEW])
        slots = _by_row(profile.slots)
        shares = _Shares([])
        last = 0
        for place, at in sorted((self._places[key], at) for at, key in enumerate(keys)):
            row, seen = profile.rows[at], slots.get(at, ())
            _put(columns[ROWS], place - last, len(seen))
            _put(columns[LOOKS], shares.code_of(row), _folded(row.samples - sum(samples for _, samples in seen)))
            last, before = place, 0
            for slot, samples in seen:
                _put(columns[SLOTS], slot - before, samples)
                before = slot
        return Window(
            sampler=visible(profile.sampler),
            rate_hz=profile.rate_hz,
            times=(profile.started_ns, profile.ended_ns, profile.covered_ns),
            attempts=profile.attempts,
            sampler_cpu_ns=profile.sampler_cpu_ns,
            mode=profile.mode,
            new_frames=[
                (visible(frame.function), visible(frame.file), frame.line) for frame in list(self._frames)[old_frames:]
            ],
            new_stacks=new_stacks,
            new_threads=list(self._threads)[old_threads:],
            places=len(self._places) - old_places,
            rows=len(keys),
            shares=shares.known,
            threads=[(thread.pid, thread.tid, self._text_of(thread.name)) for thread in profile.threads],
            pid=profile.pid,
        )

    def _numbered(self, profile: StackProfile) -> tuple[list[tuple[int, list[int]]], dict[int, int]]:
        """The stacks that are new, by what they share with the one before; and the number of each one with rows."""
        used = {row.stack for row in profile.rows}
        frames: dict[int, int] = {}
        for index in sorted({index for stack in used for index in profile.stacks[stack]}):
            frames[index] = self._frames.setdefault(profile.frames[index], len(self._frames))
        path_of = {stack: tuple(map(frames.__getitem__, profile.stacks[stack])) for stack in used}
        told: list[tuple[int, list[int]]] = []
        last: tuple[int, ...] = ()
        for path in sorted(set(path_of.values()) - self._stacks.keys()):
            shared = _shared(last, path)
            told.append((shared, list(path[shared:])))
            self._stacks[path] = len(self._stacks)
            self.frames_in_stacks += len(path)
            last = path
        return told, {stack: self._stacks[path] for stack, path in path_of.items()}

    def _place(self, keys: Sequence[tuple[int, int]], column: tuple[list[int], list[int]]) -> None:
        last = 0
        for thread, stack in keys:
            self._places[thread, stack] = len(self._places)
            _put(column, thread, _folded(stack - last))
            last = stack


class WindowDecoder:
    """The inverse. Call ``learn`` with every record in order, ``decode`` for those that are wanted."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._stacks: list[tuple[int, ...]] = []
        self._threads: list[tuple[int, int]] = []
        self._places: list[tuple[int, int]] = []
        self._frames_in_stacks = 0

    def learn(self, windows: Sequence[Window], columns: Mapping[str, Pairs]) -> None:
        """Take in what is new in a record. ValueError for stacks that are far too deep and lines that cannot be."""
        new = _Reader(columns.get(NEW, _NOTHING))
        for window in windows:
            self._frames += (
                Frame(function=visible(function), file=visible(file), line=_counted(line))
                for function, file, line in window.new_frames
            )
            self._threads += window.new_threads
            self._learn_stacks(window.new_stacks)
            last = 0
            for thread, folded in new.take(window.places):
                last += _unfolded(folded)
                self._places.append((thread, last))

    def _learn_stacks(self, told: Sequence[tuple[int, list[int]]]) -> None:
        last: tuple[int, ...] = ()
        for shared, rest in told:
            if not 0 <= shared <= len(last):
                raise ValueError("a stack that goes on from none")
            last = (*last[:shared], *rest)
            self._frames_in_stacks += len(last)
            if self._frames_in_stacks > _MOST_PLACES:
                raise ValueError("too many frames in the stacks of a chunk")
            self._stacks.append(last)

    def decode(
        self, windows: Sequence[Window], columns: Mapping[str, Pairs], texts: Sequence[str]
    ) -> Iterator[StackProfile]:
        """IndexError, KeyError or ValueError for windows that refer to what is not there, or to far too much, and for
        figures that no sampler has: what shows stacks, or writes them to a file, relies on them."""
        if len(windows) > _MOST_WINDOWS:
            raise ValueError("too many windows of stacks")
        rows, looks, slots = (_Reader(columns.get(name, _NOTHING)) for name in (ROWS, LOOKS, SLOTS))
        room = _MOST_IN_A_RECORD
        for window in windows:
            _check(window)
            drawn = Drawing(self._frames, self._stacks.__getitem__)
            shares = _Shares(window.shares)
            found: list[StackRow] = []
            seen: list[tuple[int, int, int]] = []
            place = 0
            for (gap, count), (code, folded) in zip(rows.take(window.rows), looks.take(window.rows), strict=True):
                place += gap
                thread, stack = self._places[place]
                slot, samples = 0, _unfolded(folded)
                for step, there in slots.take(count):
                    slot += step
                    samples += there
                    seen.append((len(found), slot, there))
                pid, tid = self._threads[thread]
                on_cpu = _part_of(samples, shares.on_cpu(code, samples))
                found.append(StackRow(pid=pid, tid=tid, stack=drawn.stack(stack), samples=samples, on_cpu=on_cpu))
                if drawn.places > room:
                    raise ValueError("too many frames in the stacks of a record")
            room -= drawn.places
            _check_slots(seen, window)
            yield StackProfile(
                sampler=visible(window.sampler),
                rate_hz=window.rate_hz,
                started_ns=window.times[0],
                ended_ns=window.times[1],
                covered_ns=window.times[2],
                attempts=window.attempts,
                frames=tuple(drawn.frames),
                stacks=tuple(drawn.stacks),
                rows=tuple(found),
                threads=tuple(ThreadName(pid=pid, tid=tid, name=texts[name]) for pid, tid, name in window.threads),
                sampler_cpu_ns=window.sampler_cpu_ns,
                mode=window.mode,
                slots=_slots(seen),
                pid=window.pid,
            )


class _Shares:
    """Which part of a row ran on a CPU, as a code: rows of a thread that ran have one or two parts between them.

    0: none of it. 1: the next part of ``known``. n: the part told n - 1 before. A negative part is the figure itself.
    """

    def __init__(self, known: list[float]) -> None:
        self.known = known
        self._told = 0

    def code_of(self, row: StackRow) -> int:
        if row.on_cpu == 0:
            return 0
        for back, share in enumerate(self.known[: -_LOOKED_BACK - 1 : -1]):
            if share * row.samples == row.on_cpu:
                return back + 2
        share = row.on_cpu / max(1, row.samples)
        self.known.append(share if share * row.samples == row.on_cpu else -row.on_cpu)
        return 1

    def on_cpu(self, code: int, samples: int) -> float:
        if code == 0:
            return 0.0
        self._told += code == 1
        if code > self._told + 1:
            raise IndexError("a part that was not told")
        share = self.known[self._told - max(1, code - 1)]
        return share * samples if share >= 0 else -share


class _Reader:
    """Pairs of a column, taken from its start on."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = zip(*pairs, strict=True)
        self._left = len(pairs[0])

    def take(self, count: int) -> Iterator[tuple[int, int]]:
        """The next ones; the iterator must be used up before the next call. ValueError when there are fewer."""
        self._left -= count
        if count < 0 or self._left < 0:
            raise ValueError("a window with fewer numbers than it tells")
        for _ in range(count):
            yield next(self._pairs)


def _check(window: Window) -> None:
    """ValueError for times and counts that cannot be those of a window."""
    started_ns, ended_ns, covered_ns = window.times
    if not 0 <= ended_ns - started_ns <= _LONGEST_NS or not 0 <= started_ns < _LAST_NS:
        raise ValueError("a window at a time that cannot be")
    if not 0 <= window.rate_hz <= _MOST_COUNTED:  # NaN is not
        raise ValueError("a rate that cannot be")
    for count in (covered_ns, window.attempts, window.sampler_cpu_ns):
        _counted(count)


def _counted(number: int) -> int:
    if not 0 <= number <= _MOST_COUNTED:
        raise ValueError("a number that nobody counted")
    return number


def _part_of(samples: int, on_cpu: float) -> float:
    """What ran of so many looks; a part that was multiplied may be too much by a rounding."""
    if not 0 <= on_cpu <= _counted(samples) * (1 + _ROUNDING_RATIO):  # NaN is not
        raise ValueError("more on a CPU than was seen")
    return min(on_cpu, float(samples))


def _check_slots(seen: Sequence[tuple[int, int, int]], window: Window) -> None:
    last = max((slot for _, slot, _ in seen), default=0)
    _counted(max((samples for _, _, samples in seen), default=0))
    if last * SLOT_NS > window.times[1] - window.times[0]:
        raise ValueError("looks behind the end of their window")


def _shared(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """How many frames two stacks have in common from the root on."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _by_row(slots: Table) -> dict[int, list[tuple[int, int]]]:
    """(slot, samples) in order for every row that has any."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    if len(slots):
        for row, slot, samples in slots.rows("row", "slot", "samples"):
            found[row].append((slot, samples))
        for seen in found.values():
            seen.sort(key=itemgetter(0))
    return found


def _slots(seen: Sequence[tuple[int, int, int]]) -> Table:
    if not seen:
        return Table()
    row, slot, samples = zip(*seen, strict=True)
    return Table.of({"row": row, "slot": slot, "samples": samples})


def _put(column: tuple[list[int], list[int]], first: int, second: int) -> None:
    column[0].append(first)
    column[1].append(second)


def _folded(number: int) -> int:
    """Never negative; small ones stay small."""
    return 2 * number if number >= 0 else -2 * number - 1


def _unfolded(folded: int) -> int:
    return (folded >> 1) ^ -(folded & 1)
