"""The host's page: every part, in every width, and what it says of what cannot be seen."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.collect.frequency import FrequencyCollector
from perftui.collect.interrupts import InterruptCollector
from perftui.collect.links import LinkCollector
from perftui.collect.numa import NumaCollector
from perftui.collect.protocols import ProtocolCollector
from perftui.collect.scope import Collector
from perftui.collect.sensors import SensorCollector
from perftui.collect.softnet import SoftnetCollector
from perftui.collect.swaps import SwapCollector
from perftui.collect.vm import VmCollector
from perftui.host.procfs import Host
from perftui.model.host_sections import FilesystemSection, NetCounters, ProtocolSection
from perftui.model.interval import Interval
from perftui.model.sample import CollectorStatus
from perftui.model.section import Section
from perftui.model.table import Table
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.pages import PAGES
from perftui.tui.renderables.pages.host import host_page
from tests.collect.held import NO_TARGET
from tests.collect.trees import real_machine, virtual_machine
from tests.tui.fixtures import SECOND, START_NS, build_sample, build_update
from tests.tui.screening import COLOURED, HOSTILE, PALETTES, PLAIN, WIDTHS, checked

COLLECTORS: tuple[type[Collector], ...] = (
    FrequencyCollector,
    InterruptCollector,
    LinkCollector,
    NumaCollector,
    ProtocolCollector,
    SensorCollector,
    SoftnetCollector,
    SwapCollector,
    VmCollector,
)


def sections(root: Path, at: int) -> dict[str, Section]:
    """What the collectors find below ``root``, as of tick ``at``."""
    found = {}
    for kind in COLLECTORS:
        collector = kind()
        section = collector.collect(Host(root), NO_TARGET, None)
        collector.close()
        found[collector.section] = replace(section, monotonic_ns=START_NS + at * SECOND)
    return found


def filesystems(*rows: tuple[str, int, str]) -> FilesystemSection:
    """Point, percent used, problem."""
    full = {"total_bytes": 100, "inodes_total": 100}
    columns = {name: [-1 if row[2] else figure for row in rows] for name, figure in full.items()}
    for name in ("free_bytes", "available_bytes", "inodes_free"):
        columns[name] = [-1 if row[2] else 100 - row[1] for row in rows]
    texts = {name: ["x"] * len(rows) for name in ("type", "source")} | {
        name: ["vda"] * len(rows) for name in ("disk", "partition")
    }
    return FilesystemSection(
        monotonic_ns=START_NS,
        mounts=Table.of(
            {**columns, "read_only": [0] * len(rows)},
            {**texts, "point": [row[0] for row in rows], "problem": [row[2] for row in rows]},
        ),
    )


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Update:
    """A machine with all there is, on which little moves."""
    root = tmp_path_factory.mktemp("machine")
    virtual_machine(root)
    real_machine(root)
    (root / "proc/vmstat").write_text("pgfault 5\nnr_dirty_threshold 100\nnr_dirty_background_threshold 50\n")
    mounts = filesystems(("/", 95, ""), ("/srv/files", 0, "does not answer (2 s)"))
    older, newer = (replace(build_sample(at), **sections(root, at), filesystems=mounts) for at in (1, 2))
    return replace(build_update(2), sample=newer, interval=Interval.between(older, newer))


def page(update: Update, width: int = 118, palette: Palette = COLOURED) -> str:
    return "\n".join(checked(host_page(update, width, palette), width))


def test_it_is_a_page_of_the_sheet() -> None:
    assert ("Host", host_page) in PAGES


def test_every_part_is_there(full: Update) -> None:
    text = page(full)
    for title in ("Processors", "Memory", "Disks", "File systems", "Network", "Sensors"):
        assert f" {title} " in text
    assert text.count("not visible") == text.count("? speed not visible") == 1
    assert "measuring" not in text


def test_figures_of_a_real_machine(full: Update) -> None:
    text = page(full)
    assert "1700 MHz" in text  # the mean of 3100, 1200 and 800
    assert "61.0 °C    100.0 °C" in text
    assert "package-0" in text
    assert "25Gb/s" in text
    assert "node1" in text
    assert "391K compressed to 117K" in text
    assert "5 of 9" not in text  # no connection tracking in this tree
    assert "61.0 C     100.0 C" in page(full, palette=PLAIN)


def test_what_is_wrong_is_marked(full: Update) -> None:
    lines = page(full).splitlines()
    (root,) = [line for line in lines if line.startswith("/ ")]
    assert COLOURED.glyphs.warning in root
    (hung,) = [line for line in lines if line.startswith("/srv/files ")]
    assert "does not answer" in hung
    (hot,) = [line for line in lines if "Package id 0" in line]
    assert COLOURED.glyphs.warning in hot


def test_a_disk_names_its_mounts(full: Update) -> None:
    (disk,) = [line for line in page(full).splitlines() if line.startswith("vda ")]
    assert disk.rstrip().endswith("/ /srv/files")


def test_a_narrow_page_has_the_figures_below_each_other(full: Update) -> None:
    wide, narrow = page(full, 118).splitlines(), page(full, 50).splitlines()
    assert len(narrow) > len(wide)
    assert not any("user / system" in line and "busy" in line for line in narrow)
    assert any("user / system" in line and "busy" in line for line in wide)
    assert "MHz   irq/s" in page(full, 118)
    assert "irq/s" not in page(full, 50)


@given(width=WIDTHS, palette=PALETTES)
def test_every_width(full: Update, width: int, palette: Palette) -> None:
    assert checked(host_page(full, width, palette), width)


@given(name=HOSTILE, width=st.integers(20, 120), palette=PALETTES)
def test_hostile_names(full: Update, name: str, width: int, palette: Palette) -> None:
    sample = replace(full.sample, filesystems=filesystems((name, 10, ""), ("/b", 0, name)))
    assert full.interval is not None
    update = replace(full, sample=sample, interval=Interval.between(full.interval.older, sample))
    assert checked(host_page(update, width, palette), width)


def test_before_the_second_sample_it_says_so() -> None:
    assert "measuring" in page(replace(build_update(2), interval=None))


NAMES = ("frequency", "interrupts", "numa", "protocols", "sensors", "softnet", "swaps", "vm", "filesystems", "pressure")
BARE = ("cpu", "memory", "disks", "networks", "pressure")


def test_what_is_not_visible_says_why_and_how_it_would_be() -> None:
    status = [CollectorStatus(name=name, state="no_data", reason=f"no {name}", remedy=f"get {name}") for name in NAMES]
    older, newer = (replace(build_sample(at), pressure=None, collectors=tuple(status)) for at in (1, 2))
    text = page(replace(build_update(2), sample=newer, interval=Interval.between(older, newer)))
    for name in set(NAMES) - {"numa"}:
        assert f"{name} not visible: no {name}; get {name}" in text


def test_a_host_that_shows_nothing_at_all_still_has_its_page() -> None:
    gone = dict.fromkeys(BARE)
    older, newer = (replace(build_sample(at), **gone, collectors=()) for at in (1, 2))
    assert "measuring" in page(replace(build_update(2), sample=newer, interval=Interval.between(older, newer)))


def test_a_target_in_another_network_namespace_has_figures_of_its_own(full: Update) -> None:
    assert full.interval is not None
    target = NetCounters(tcp_established=77, tcp_out_segments_total=0)
    protocols = ProtocolSection(monotonic_ns=START_NS, host=NetCounters(), target=target)
    later = replace(protocols, monotonic_ns=START_NS + SECOND)
    older, newer = replace(full.interval.older, protocols=protocols), replace(full.sample, protocols=later)
    text = page(replace(full, sample=newer, interval=Interval.between(older, newer)))
    assert "in the target's network namespace" in text
    assert "77" in text
    hidden = replace(later, target=None, target_reason="no permission", target_remedy="run as root")
    newer = replace(full.sample, protocols=hidden)
    text = page(replace(full, sample=newer, interval=Interval.between(older, newer)))
    assert "the target's network namespace: no permission; run as root" in text


def test_of_many_cpus_the_busiest_are_listed() -> None:
    older, newer = build_sample(1, cores=64), build_sample(2, cores=64)
    text = page(replace(build_update(2), sample=newer, interval=Interval.between(older, newer)))
    assert "and 32 CPUs that are less busy" in text


def test_what_stands_after_a_row_is_never_cut(full: Update) -> None:
    problem = "does not answer since 40 seconds: the server may be gone"
    mounts = filesystems(("/srv/some/where/deep/in/the/tree", 3, problem), ("/ok", 3, ""))
    assert full.interval is not None
    sample = replace(full.sample, filesystems=mounts)
    interval = Interval.between(full.interval.older, sample)
    lines = page(replace(full, sample=sample, interval=interval), 76).splitlines()
    at = next(row for row, line in enumerate(lines) if line.startswith("/srv/some"))
    assert lines[at].rstrip().endswith("▲")
    assert lines[at + 1].strip() == problem


def test_of_many_mounts_those_with_a_problem_and_the_fullest_are_listed(full: Update) -> None:
    mounts = filesystems(*((f"/m{at}", at, "") for at in range(60)), ("/hung", 0, "does not answer"))
    assert full.interval is not None
    sample = replace(full.sample, filesystems=mounts)
    text = page(replace(full, sample=sample, interval=Interval.between(full.interval.older, sample)))
    assert "/hung " in text
    assert "/m59 " in text
    assert "/m9 " not in text
    assert " /m0 /m1 /m2 and 58 more" in text
    assert "and 37 that are less full" in text
