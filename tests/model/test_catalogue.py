"""The catalogue against the code: nothing is measured that it lacks, nothing is in it that is not measured."""

import re
from pathlib import Path

import msgspec
import pytest
from msgspec import inspect

from perftui.collect import COLLECTORS, SLOW_HOST_COLLECTORS, SLOW_TARGET_COLLECTORS
from perftui.collect.live import LiveSource
from perftui.errors import UsageError
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget, resolve
from perftui.model import headline as headline_module
from perftui.model.catalogue import METRICS, NAMES, TARGET_NAMES, metric_of
from perftui.model.headline import details, headline
from perftui.model.interval import Interval
from perftui.model.reading_table import READINGS
from perftui.model.readings import Reading, alternatives, figures_of, observed
from perftui.model.sample import Sample
from perftui.model.section import Section
from perftui.model.table import Table
from tests.host.test_target import wait_for

BY_SECTION = {reading.section: reading for reading in READINGS}
NO_SECTIONS = {"monotonic_ns", "wall_ns", "boot_id", "target", "knobs", "profile_status", "collectors"}


def test_every_section_of_a_sample_has_its_reading() -> None:
    assert set(BY_SECTION) == set(Sample.__struct_fields__) - NO_SECTIONS
    assert len(BY_SECTION) == len(READINGS)


def test_every_collector_reads_a_section_as_often_as_it_is_said() -> None:
    periods = {collector.section: seconds for collector, seconds in (*SLOW_HOST_COLLECTORS, *SLOW_TARGET_COLLECTORS)}
    assert {collector.section for collector in COLLECTORS} == set(BY_SECTION)
    assert {name: reading.period_seconds for name, reading in BY_SECTION.items()} == {
        name: periods.get(name, 0) for name in BY_SECTION
    }


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.section)
def test_every_field_is_a_figure_a_key_or_apart(reading: Reading) -> None:
    """``figures_of`` raises TypeError for a field that is no number and not listed, KeyError for an unlisted table."""
    figures = list(figures_of(reading))
    assert len({figure.name for figure in figures}) == len(figures)
    named = {name for struct in structs_of(reading.struct) for name in struct.__struct_fields__}
    assert set(reading.keys) | set(reading.apart) | set(reading.tables) <= named
    for layout in reading.tables.values():
        columns = [*layout.keys, *layout.figures, *layout.apart]
        assert len(set(columns)) == len(columns)


def structs_of(struct: type[msgspec.Struct]) -> set[type[msgspec.Struct]]:
    """The struct with all that its fields may hold."""
    found = {struct}
    for field in msgspec.structs.fields(struct):
        for kind in alternatives(inspect.type_info(field.type)):
            if isinstance(kind, inspect.StructType) and kind.cls is not Table:
                found |= structs_of(kind.cls)
    return found


@pytest.fixture(scope="module")
def samples() -> tuple[Sample, Sample]:
    """Two looks at this process on this host, when every collector has answered."""
    host = Host()
    held = HeldTarget.open(host, resolve(host, str(Path("/proc/self").readlink())))
    source = LiveSource(host, held)
    try:
        taken = [source.sample()]

        def all_answered() -> bool:
            taken.append(source.sample())
            return len(taken[-1].collectors) == len(COLLECTORS)

        wait_for(all_answered)
        return taken[0], source.sample()
    finally:
        source.close()
        held.close()


def test_the_tables_have_the_columns_that_are_listed(samples: tuple[Sample, Sample]) -> None:
    seen = 0
    for reading in READINGS:
        section = getattr(samples[-1], reading.section)
        for field, table in tables_of(section) if section else ():
            layout = reading.tables[field]
            columns = {*table.columns, *table.texts}
            assert columns <= {*layout.keys, *layout.figures, *layout.apart}, (reading.section, field)
            assert not len(table) or {*layout.keys, *layout.apart} <= columns, (reading.section, field)
            seen += 1
    assert seen > 15


def tables_of(struct: msgspec.Struct) -> list[tuple[str, Table]]:
    found = []
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Table):
                found.append((name, one))
            elif isinstance(one, msgspec.Struct):
                found += tables_of(one)
    return found


def test_what_is_observed_is_declared(samples: tuple[Sample, Sample]) -> None:
    for reading in READINGS:
        section: Section | None = getattr(samples[-1], reading.section)
        declared = {figure.name: figure for figure in figures_of(reading)}
        for one in observed(reading, section) if section else ():
            assert declared[one.figure.name] == one.figure
            assert isinstance(one.value, int | float)


def test_rows_of_one_section_are_told_apart(samples: tuple[Sample, Sample]) -> None:
    for reading in (reading for reading in READINGS if reading.word):
        section: Section | None = getattr(samples[-1], reading.section)
        rows = [(one.figure.name, one.labels) for one in observed(reading, section)] if section else []
        assert len(set(rows)) == len(rows), reading.section


def test_every_series_is_in_the_catalogue(samples: tuple[Sample, Sample]) -> None:
    interval = Interval.between(*samples)
    assert set(headline(interval)) <= set(NAMES)
    assert {name.partition(":")[0] for name in details(interval)} <= set(NAMES)
    assert {"cpu", "memory", "disk-read", "target-cpu", "target-rss", "target-pss"} <= set(headline(interval))


def test_every_metric_is_a_series() -> None:
    """By its name in the source: a host has not everything (a card, a quota, sensors)."""
    source = Path(str(headline_module.__file__)).read_text()
    assert set(re.findall(r'yield "([a-z-]+)"', source)) == set(NAMES)
    assert 55 <= len(METRICS) <= 70
    assert len(NAMES) == len(METRICS)


def test_every_metric_says_where_it_comes_from() -> None:
    for metric in METRICS:
        assert metric.help.endswith(".")
        assert metric.source
        assert metric.period_seconds == BY_SECTION[metric.section].period_seconds
        assert (metric.name in TARGET_NAMES) == metric.of_target


def test_a_name_is_found_and_a_wrong_one_gets_close_ones() -> None:
    assert metric_of("disk-read:vda").name == "disk-read"
    with pytest.raises(UsageError, match="did you mean target-cpu"):
        metric_of("target-cpi")
    with pytest.raises(UsageError, match=r"docs/metrics\.md"):
        metric_of("zzzzzzz")
