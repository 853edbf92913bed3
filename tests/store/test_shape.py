from typing import Any

import msgspec
import pytest

from perftui.model.sample import CpuSection, KnobReading, Sample
from perftui.model.section import Section
from perftui.model.table import Table
from perftui.store.shape import INT, OTHER, SINCE, build, flatten, integers_in, tables_in
from tests.store.support import sample_at

TYPES: dict[str, Any] = {field.name: field.type for field in msgspec.structs.fields(Sample)}


@pytest.mark.parametrize("name", Sample.__struct_fields__)
def test_every_field_is_put_together_again(name: str) -> None:
    sample = sample_at(9)
    value = getattr(sample, name)
    flat = flatten(value, sample.monotonic_ns)
    tree = build(flat.shape, flat.ints, flat.others, flat.tables, sample.monotonic_ns)
    assert msgspec.convert(tree, TYPES[name]) == value
    assert integers_in(flat.shape) == len(flat.ints)
    assert list(tables_in(flat.shape)) == [(list(table.columns), list(table.texts)) for table in flat.tables]


def test_a_shape_survives_message_pack() -> None:
    shape = flatten(sample_at(9).processes, 0).shape
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(shape)) == shape


class Own(Section, frozen=True, kw_only=True):
    rate: int


class Leaf(msgspec.Struct, frozen=True):
    path: str
    quota: int | None
    large: int
    small: int
    escaped: bool


def test_times_are_told_from_the_sample() -> None:
    flat = flatten(Own(monotonic_ns=1_000_050, boottime_ns=1_000_057, rate=3), 1_000_000)
    assert flat.ints == [50, 7, 3]
    assert flat.shape["monotonic_ns"] == flat.shape["boottime_ns"] == SINCE


def test_no_boot_time_stays_none() -> None:
    flat = flatten(Own(monotonic_ns=50, rate=2), 100)
    assert flat.ints == [-50, 0, 2]
    assert flat.shape["boottime_ns"] == INT
    assert build(flat.shape, flat.ints, flat.others, [], 100)["boottime_ns"] == 0


def test_what_is_no_integer_of_64_bits_is_another_leaf() -> None:
    leaf = Leaf("/a", None, 1 << 63, -(1 << 63), True)
    flat = flatten((leaf,), 0)
    assert flat.ints == [-(1 << 63)]
    assert flat.others == ["/a", None, 1 << 63, True]
    assert flat.shape[1]["quota"] == OTHER
    assert msgspec.convert(build(flat.shape, flat.ints, flat.others, [], 0), tuple[Leaf, ...]) == (leaf,)


def test_tables_are_leaves() -> None:
    table = Table.of({"a": [1]}, {"b": ["x"]})
    flat = flatten([table, {"k": table}], 0)
    assert flat.tables == [table, table]
    assert build(flat.shape, [], [], flat.tables, 0) == [table, {"k": table}]


def test_names_of_fields_do_not_matter() -> None:
    reading = KnobReading(knob="a", subject="b", available=True, detail={"table": "list", "monotonic_ns": "x"})
    flat = flatten(reading, 5)
    assert msgspec.convert(build(flat.shape, flat.ints, flat.others, [], 5), KnobReading) == reading


@pytest.mark.parametrize("shape", [["what"], [], "text", 9, None, {"a": {"b": 7}}])
def test_what_is_no_shape_is_refused(shape: Any) -> None:
    with pytest.raises(ValueError, match="not a shape"):
        build(shape, [], [], [], 0)
    with pytest.raises(ValueError, match="not a shape"):
        list(tables_in(shape))


def test_too_few_leaves_are_refused() -> None:
    shape = flatten(sample_at(1).cpu, 0).shape
    with pytest.raises(ValueError, match="too few"):
        build(shape, [1], [], [], 0)


def test_sections_start_with_their_times() -> None:
    assert CpuSection.__struct_fields__[:2] == ("monotonic_ns", "boottime_ns")
