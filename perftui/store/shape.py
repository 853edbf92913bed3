"""Any struct of a sample taken apart into integers, tables and other leaves, and put together again.

The shape that is left is the same from tick to tick, so that the integers can be compared place by place.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from perftui.model.section import Section
from perftui.model.table import Table

INT, OTHER, SINCE = 0, 1, 2
"""Leaves of a shape. ``SINCE`` is an integer told from another clock: see ``flatten``."""

_TABLE, _LIST = "table", "list"
_INT64 = range(-(1 << 63), 1 << 63)


class Flat:
    """The leaves of one value, in the order of its shape."""

    __slots__ = ("ints", "others", "shape", "tables")

    def __init__(self) -> None:
        self.ints: list[int] = []
        self.others: list[Any] = []
        self.tables: list[Table] = []
        self.shape: Any = None


def flatten(value: object, monotonic_ns: int) -> Flat:
    """Take a field of a sample apart. A shape is made of leaves, dicts and lists, as MessagePack has them.

    The times of a section are told from the sample's (``monotonic_ns``) and, the boot time, from the section's own:
    what is left differs little from tick to tick. Zero is no time and stays.
    """
    flat = Flat()
    flat.shape = _take(value, flat)
    if isinstance(value, Section):
        if value.boottime_ns:
            flat.shape["boottime_ns"] = SINCE
            flat.ints[1] -= value.monotonic_ns
        flat.shape["monotonic_ns"] = SINCE
        flat.ints[0] -= monotonic_ns
    return flat


def _take(value: object, flat: Flat) -> Any:
    kind = type(value)
    if kind is int and value in _INT64:
        flat.ints.append(value)  # type: ignore[arg-type]  # the line above asked for its exact type
        return INT
    if isinstance(value, Table):
        flat.tables.append(value)
        return [_TABLE, list(value.columns), list(value.texts)]
    if isinstance(value, msgspec.Struct):
        return {name: _take(getattr(value, name), flat) for name in value.__struct_fields__}
    if kind is dict:
        return {name: _take(entry, flat) for name, entry in value.items()}  # type: ignore[attr-defined]  # its exact type is dict
    if isinstance(value, (tuple, list)):
        return [_LIST, *(_take(entry, flat) for entry in value)]
    flat.others.append(value)
    return OTHER


def build(shape: Any, ints: Sequence[int], others: Sequence[Any], tables: Sequence[Table], monotonic_ns: int) -> Any:
    """What ``msgspec.convert`` makes the value of: dicts, lists, leaves, and tables as they are.

    StopIteration never leaves it: ValueError when there are fewer leaves than places, or for what is no shape.
    """
    try:
        tree = _give(shape, iter(ints), iter(others), iter(tables))
    except StopIteration:
        raise ValueError("a shape with too few leaves") from None
    if isinstance(tree, dict) and shape.get("monotonic_ns") == SINCE:
        tree["monotonic_ns"] += monotonic_ns
        if shape.get("boottime_ns") == SINCE:
            tree["boottime_ns"] += tree["monotonic_ns"]
    return tree


def _give(shape: Any, ints: Iterator[int], others: Iterator[Any], tables: Iterator[Table]) -> Any:
    if shape == OTHER:
        return next(others)
    if shape in (INT, SINCE):
        return next(ints)
    if isinstance(shape, dict):
        # Leaves here and not by a call each: a sample has 300 of them.
        return {
            name: next(ints) if entry == INT else next(others) if entry == OTHER else _give(entry, ints, others, tables)
            for name, entry in shape.items()
        }
    if isinstance(shape, list) and shape and shape[0] == _LIST:
        return [_give(entry, ints, others, tables) for entry in shape[1:]]
    if isinstance(shape, list) and shape and shape[0] == _TABLE:
        return next(tables)
    raise ValueError("not a shape")


def tables_in(shape: Any) -> Iterator[tuple[list[str], list[str]]]:
    """The names of the columns and of the text columns of each table, in the order of the leaves."""
    if isinstance(shape, dict):
        for entry in shape.values():
            yield from tables_in(entry)
    elif isinstance(shape, list) and shape and shape[0] == _LIST:
        for entry in shape[1:]:
            yield from tables_in(entry)
    elif isinstance(shape, list) and shape and shape[0] == _TABLE:
        yield shape[1], shape[2]
    elif shape not in (INT, OTHER, SINCE):
        raise ValueError("not a shape")


def integers_in(shape: Any) -> int:
    """How many integer leaves there are."""
    if isinstance(shape, dict):
        return sum(map(integers_in, shape.values()))
    if isinstance(shape, list):
        return sum(map(integers_in, shape[1:])) if shape and shape[0] == _LIST else 0
    return int(shape in (INT, SINCE))
