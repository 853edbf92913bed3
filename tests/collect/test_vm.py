"""Reclaim and its relatives against ``/proc/vmstat`` as psutil and a second reader see it."""

from pathlib import Path

import pytest

from perftui.collect.vm import VmCollector, parse_vmstat
from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.model.host_sections import VmSection
from tests.collect.held import NO_TARGET


def collected(host: Host) -> VmSection:
    collector = VmCollector()
    try:
        return collector.collect(host, NO_TARGET, None)
    finally:
        collector.close()


def vmstat() -> dict[str, int]:
    return {name: int(count) for name, count in map(str.split, Path("/proc/vmstat").read_text().splitlines())}


def test_every_counter_lies_between_two_readings_of_the_file() -> None:
    before, section, after = vmstat(), collected(Host()), vmstat()
    for name in ("pgfault", "pgscan_kswapd", "pgsteal_direct", "nr_dirtied", "nr_written"):
        assert before[name] <= getattr(section, f"{name}_total") <= after[name]
    assert section.pgfault_total is not None
    assert section.dirty_limit_bytes == pytest.approx(before["nr_dirty_threshold"] * section.page_bytes, rel=0.05)


def test_it_counts_a_fault_that_this_process_causes() -> None:
    collector, host = VmCollector(), Host()
    before = collector.collect(host, NO_TARGET, None).pgfault_total
    touched = bytearray(64 << 20)
    after = collector.collect(host, NO_TARGET, None).pgfault_total
    collector.close()
    assert before is not None
    assert after is not None
    assert after - before > 0
    assert len(touched) == 64 << 20


def test_an_old_kernel_has_one_refault_counter_and_lacks_others(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/vmstat").write_text(
        "workingset_refault 7\nallocstall_dma 1\nallocstall_normal 2\ncompact_stall 3\n"
    )
    section = collected(Host(tmp_path))
    assert section.workingset_refault_file_total == 7
    assert section.workingset_refault_anon_total is None
    assert section.allocstall_total == 3
    assert section.compact_stall_total == 3
    assert section.zswpin_total is None
    assert section.dirty_limit_bytes is None


def test_without_the_file_it_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoData, match="vmstat"):
        collected(Host(tmp_path))


def test_names_and_figures() -> None:
    assert parse_vmstat(b"a 1\nb_2 30\n") == {b"a": b"1", b"b_2": b"30"}
