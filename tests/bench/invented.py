"""Samples that go on from real ones: as many as wanted, one a second of a synthetic clock."""

import random
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from perftui.model.sample import ProcessSection, Sample
from perftui.model.section import Section
from perftui.model.table import Table
from perftui.store.delta import FIELDS, IDENTITY
from perftui.store.shape import build, flatten

TICK_NS = 1_000_000_000
CHANGING = 0.12
"""Part of the processes that changes in a second; a sleeping host has less, a busy one more."""

CHURN = 0.5
"""Processes that come and go in a second."""

LONGEST_RIDE = 30
"""Seconds after which a section that was the same in all real samples is read again."""

_TYPES: dict[str, Any] = {field.name: field.type for field in msgspec.structs.fields(Sample)}


class Invention:
    """An endless iterator; the same samples give the same future. It has at most so many ``processes``."""

    def __init__(self, samples: Sequence[Sample], processes: int) -> None:
        self._chance = random.Random(7)
        self._samples = samples
        self._tracks = {
            name: _Track(name, [(sample.monotonic_ns, getattr(sample, name)) for sample in samples], self._chance)
            for name in FIELDS
            if name != "processes"
        }
        section = samples[-1].processes
        self._crowd = _Crowd(section, processes, self._chance) if section is not None else None

    def __iter__(self) -> Iterator[Sample]:
        now, wall = self._samples[-1].monotonic_ns, self._samples[-1].wall_ns
        due = now
        while True:
            due += TICK_NS
            late = int(self._chance.expovariate(1 / 150_000))
            wall += due + late - now + self._chance.randrange(-300, 300)
            now = due + late
            values = {name: track.next(now) for name, track in self._tracks.items()}
            yield Sample(
                monotonic_ns=now,
                wall_ns=wall,
                processes=self._crowd.next(now) if self._crowd else None,
                **values,
            )


class _Track:
    """One field. Every integer that changed in the real samples changes again by one of its steps, give or take."""

    def __init__(self, name: str, seen: list[tuple[int, Any]], chance: random.Random) -> None:
        self._name = name
        self._chance = chance
        flats = [flatten(value, now) for now, value in seen]
        self._last = flats[-1]
        self._value = seen[-1][1]
        alike = [flat for flat in flats if flat.shape == self._last.shape]
        self._others = [flat.others for flat in alike]
        self._period = _period([value.monotonic_ns for _, value in seen if isinstance(value, Section)])
        self._age = 0
        self._ints = array("q", self._last.ints)
        self._steps = _steps([flat.ints for flat in alike])
        self._tables = [_Cells([flat.tables[at] for flat in alike]) for at in range(len(self._last.tables))]

    def next(self, now: int) -> Any:
        self._age += 1
        if self._age % self._period or not (self._steps or self._tables or len(self._others) > 1):
            return self._value
        _walk(self._ints, self._steps, self._chance)
        if isinstance(self._value, Section):
            self._ints[0] = self._last.ints[0] + self._chance.randrange(200_000)
        tables = [cells.next(self._chance) for cells in self._tables]
        others = self._chance.choice(self._others)
        tree = build(self._last.shape, self._ints.tolist(), others, tables, now)
        self._value = msgspec.convert(tree, _TYPES[self._name])
        return self._value


class _Cells:
    """One table, with the rows that it had in the last real sample."""

    def __init__(self, tables: list[Table]) -> None:
        self._last = tables[-1]
        names = [name for name in IDENTITY if name in self._last.columns]
        self._columns = {name: array("q", data) for name, data in self._last.columns.items()}
        keyed = [_rows_by_key(table, names) for table in tables]
        self._steps: dict[str, list[tuple[int, list[int]]]] = {}
        for name in self._columns:
            if name not in names:
                series = [
                    [rows.get(key, {}).get(name, 0) for key in _keys(self._last, names)]
                    for rows in keyed
                    if rows.keys() >= set(_keys(self._last, names))
                ]
                self._steps[name] = _steps(series)

    def next(self, chance: random.Random) -> Table:
        for name, steps in self._steps.items():
            _walk(self._columns[name], steps, chance)
        columns = {name: column.tobytes() for name, column in self._columns.items()}
        return Table(columns=columns, texts=self._last.texts)


class _Crowd:
    """The host's processes, in the manner of ``host.process_table``: the last row moves into a gap."""

    def __init__(self, section: ProcessSection, rows: int, chance: random.Random) -> None:
        self._section = section
        self._chance = chance
        self._columns = {name: array("q", data)[:rows] for name, data in section.processes.columns.items()}
        self._names = list(section.processes.text("name"))[:rows]
        self._commands = list(section.processes.text("command"))[:rows]
        self._weights = [chance.paretovariate(1) for _ in self._names]
        self._newest = max(self._columns["pid"])

    def next(self, now: int) -> ProcessSection:
        rows = len(self._names)
        running: set[int] = set()
        while len(running) < CHANGING * rows:  # the same ones again and again, as on a real host
            running.update(self._chance.choices(range(rows), self._weights, k=8))
        for row in running:
            self._run(row)
        if self._chance.random() < CHURN:
            self._end(self._chance.randrange(rows))
            self._begin(now)
        return msgspec.structs.replace(
            self._section,
            monotonic_ns=now + self._chance.randrange(800_000, 1_500_000),
            boottime_ns=now + self._chance.randrange(800_000, 1_500_000),
            processes=Table(
                columns={name: column.tobytes() for name, column in self._columns.items()},
                texts={"name": tuple(self._names), "command": tuple(self._commands)},
            ),
        )

    def _run(self, row: int) -> None:
        chance, columns = self._chance, self._columns
        columns["user_ticks"][row] += chance.choice((0, 0, 1, 1, 2, 6))
        columns["system_ticks"][row] += chance.choice((0, 0, 0, 1, 2))
        columns["processor"][row] = chance.randrange(4)
        columns["state"][row] = ord(chance.choice("SSSSSSSR"))
        if chance.random() < 0.25:
            columns["rss_bytes"][row] = max(4096, columns["rss_bytes"][row] + 4096 * chance.randrange(-60, 64))

    def _end(self, row: int) -> None:
        for column in self._columns.values():
            column[row] = column[-1]
            column.pop()
        texts_and_weights: tuple[list[Any], ...] = (self._names, self._commands, self._weights)
        for values in texts_and_weights:
            values[row] = values[-1]
            values.pop()

    def _begin(self, now: int) -> None:
        self._newest += self._chance.randrange(1, 4)
        started = {"pid": self._newest, "start_ticks": now // 10_000_000, "ppid": 1, "state": ord("S"), "threads": 1}
        for name, column in self._columns.items():
            column.append(started.get(name, 0))
        self._columns["rss_bytes"][-1] = 4096 * self._chance.randrange(300, 9000)
        self._names.append(f"job-{self._chance.randrange(40)}")
        self._commands.append(f"/usr/bin/job --number {self._newest} --queue {self._chance.randrange(1000)}")
        self._weights.append(self._chance.paretovariate(1))


def _period(read_ns: list[int]) -> int:
    """Every how many ticks a section is read; 1 for what is no section."""
    readings = len(set(read_ns))
    return LONGEST_RIDE if readings == 1 else max(1, round(len(read_ns) / max(1, readings)))


def _steps(series: list[list[int]]) -> list[tuple[int, list[int]]]:
    """Places that changed, each with all its steps; ``series`` has the same places in all samples."""
    found = []
    for place, values in enumerate(zip(*series, strict=True)):
        steps = [after - before for before, after in pairwise(values)]
        if any(steps):
            found.append((place, steps))
    return found


def _walk(numbers: "array[int]", steps: list[tuple[int, list[int]]], chance: random.Random) -> None:
    pick, stretch = chance.choice, chance.uniform
    for place, known in steps:
        step = pick(known)
        numbers[place] += step if -8 < step < 8 else int(step * stretch(0.8, 1.2))


def _keys(table: Table, names: list[str]) -> list[tuple[Any, ...]]:
    columns: list[Any] = [table.ints(name) for name in names] or [table.text(name) for name in table.texts]
    return list(zip(*columns, strict=True)) if columns else [(row,) for row in range(len(table))]


def _rows_by_key(table: Table, names: list[str]) -> dict[tuple[Any, ...], dict[str, int]]:
    rows = zip(*(table.ints(name) for name in table.columns), strict=True)
    return {
        key: dict(zip(table.columns, row, strict=True)) for key, row in zip(_keys(table, names), rows, strict=False)
    }
