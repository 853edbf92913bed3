"""What a sample holds: where each section comes from, how often, and which of its fields are figures.

A field of a section is a figure when it is a number and neither a key (it tells rows apart) nor apart (it says what was
read, not how much). The columns of tables are listed here, because their struct does not.
"""

import re
from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import inspect

from perftui.model.sample import Sample
from perftui.model.section import Section
from perftui.model.table import Table

Unit = Literal[
    "bytes", "ns", "us", "ms", "ticks", "pages", "ratio", "pct", "celsius", "watts", "mhz", "khz", "uj", "mbit", "count"
]

TRACE = "ptrace access: the same user, or root (CAP_SYS_PTRACE)"
"""What the kernel asks for most files that tell of another process in depth; see ptrace(2)."""

_ENDS: tuple[tuple[str, Unit], ...] = (
    ("bytes_per_s", "bytes"),
    ("bytes_limit", "bytes"),
    ("bytes", "bytes"),
    ("chars", "bytes"),
    ("ns", "ns"),
    ("us", "us"),
    ("ms", "ms"),
    ("ticks", "ticks"),
    ("pages", "pages"),
    ("ratio", "ratio"),
    ("pct", "pct"),
    ("avg10", "pct"),
    ("celsius", "celsius"),
    ("watts", "watts"),
    ("mhz", "mhz"),
    ("khz", "khz"),
    ("uj", "uj"),
    ("mbit", "mbit"),
)


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a table. ``apart`` are further columns that are no figures; ``name`` tells tables apart.

    ``unit`` is for cumulative figures whose name does not carry it.
    """

    figures: tuple[str, ...]
    keys: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    name: str = ""
    unit: Unit | None = None


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One section. ``period_seconds`` 0 is every tick; ``right`` is what is needed beyond an ordinary user's.

    ``word`` begins the names of its figures where they are exported one by one; empty: there are too many rows.
    """

    section: str
    source: str
    period_seconds: float = 0
    right: str = ""
    word: str = ""
    keys: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    tables: dict[str, Layout] = {}

    @property
    def struct(self) -> type[Section]:
        """The section's class, from the field of ``Sample``."""
        field = next(field for field in msgspec.structs.fields(Sample) if field.name == self.section)
        kinds = alternatives(inspect.type_info(field.type))
        return next(
            kind.cls for kind in kinds if isinstance(kind, inspect.StructType) and issubclass(kind.cls, Section)
        )


class Figure(msgspec.Struct, frozen=True):
    """``path`` leads from the section to it; a ``counter`` only grows."""

    path: tuple[str, ...]
    unit: Unit
    counter: bool

    @property
    def name(self) -> str:
        """``memory.total_bytes``"""
        return ".".join(self.path)


class Observed(msgspec.Struct, frozen=True):
    """One figure with its value; ``labels`` are the keys of its row."""

    figure: Figure
    labels: tuple[tuple[str, str], ...]
    value: float


def uncounted(name: str) -> str:
    """The name without what says that it is a counter: ``_total`` at the end, or ``_total_us``."""
    return _COUNTER.sub(lambda match: f"_{match[1]}" if match[1] else "", name)


def unit_of(name: str) -> Unit:
    """From the name's end: ``read_bytes_total`` is in bytes, ``some_total_us`` in microseconds."""
    words = uncounted(name)
    return next((unit for end, unit in _ENDS if words == end or words.endswith(f"_{end}")), "count")


_COUNTER = re.compile(r"_total(?:_([mun]s))?$")

_LEVELS = ("inodes_total",)
"""The total of a file system, not of a time."""


def figure_of(path: tuple[str, ...], unit: Unit | None = None) -> Figure:
    name = path[-1]
    counter = unit is not None or (_COUNTER.search(name) is not None and name not in _LEVELS)
    return Figure(path, unit or unit_of(name), counter)


def figures_of(reading: Reading) -> Iterator[Figure]:
    """Every figure that a section can hold."""
    yield from _declared(reading, reading.struct, (reading.section,))


def _declared(reading: Reading, struct: type[msgspec.Struct], path: tuple[str, ...]) -> Iterator[Figure]:
    for field in msgspec.structs.fields(struct):
        if field.name in _CLOCKS or field.name in reading.keys or field.name in reading.apart:
            continue
        for kind in alternatives(inspect.type_info(field.type)):
            here = (*path, field.name)
            if isinstance(kind, inspect.StructType) and kind.cls is Table:
                layout = reading.tables[field.name]
                yield from (figure_of((*here, column), layout.unit) for column in layout.figures)
            elif isinstance(kind, inspect.StructType):
                yield from _declared(reading, kind.cls, here)
            elif isinstance(kind, inspect.IntType | inspect.FloatType):
                yield figure_of(here)
            elif not isinstance(kind, inspect.NoneType):
                raise TypeError(f"{'.'.join(here)} is no number: is it a key, or apart?")


def alternatives(kind: inspect.Type) -> Iterator[inspect.Type]:
    """The types that a field may hold: of a union each, of a tuple those of its items."""
    if isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from alternatives(one)
    elif isinstance(kind, inspect.VarTupleType):
        yield from alternatives(kind.item_type)
    else:
        yield kind


_CLOCKS = ("monotonic_ns", "boottime_ns")
"""When a section was read: in every one."""


def observed(reading: Reading, section: Section) -> Iterator[Observed]:
    """Every figure of a section that is visible (-1 in a table and None stand for those that are not)."""
    yield from _seen(reading, section, (reading.section,), ())


_Labels = tuple[tuple[str, str], ...]


def _seen(reading: Reading, struct: msgspec.Struct, path: tuple[str, ...], labels: _Labels) -> Iterator[Observed]:
    labels += tuple((key, str(getattr(struct, key))) for key in reading.keys if key in struct.__struct_fields__)
    for name in struct.__struct_fields__:
        if name in _CLOCKS or name in reading.keys or name in reading.apart:
            continue
        here, value = (*path, name), getattr(struct, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Table):
                yield from _rows(reading.tables[name], one, here, labels)
            elif isinstance(one, msgspec.Struct):
                yield from _seen(reading, one, here, labels)
            elif one is not None:
                yield Observed(figure_of(here), labels, one)


def _rows(layout: Layout, table: Table, path: tuple[str, ...], labels: _Labels) -> Iterator[Observed]:
    """A row with a key of -1 holds the total of the others."""
    figures = [
        (figure_of((*path, name), layout.unit), table.ints(name)) for name in layout.figures if name in table.columns
    ]
    keys = {name: table.texts[name] if name in table.texts else table.ints(name) for name in layout.keys if len(table)}
    for row in range(len(table)):
        named = tuple((name, column[row]) for name, column in keys.items())
        if any(value == -1 for _, value in named):
            continue
        told = (*labels, *((name, str(value)) for name, value in named))
        yield from (Observed(figure, told, column[row]) for figure, column in figures if column[row] != -1)
