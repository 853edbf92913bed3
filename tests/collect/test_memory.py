"""Memory against psutil, and what an old kernel lacks."""

from pathlib import Path

import psutil
import pytest

from perftui.collect.memory import MemoryCollector, parse_vmstat
from perftui.errors import NoData
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET


def test_it_agrees_with_psutil() -> None:
    section = MemoryCollector().collect(Host(), NO_TARGET, None)
    oracle = psutil.virtual_memory()
    assert section.total_bytes == oracle.total
    assert section.available_bytes == pytest.approx(oracle.available, rel=0.2)
    assert section.swap_total_bytes == psutil.swap_memory().total
    assert section.major_faults_total > 0
    assert section.shared_bytes == pytest.approx(oracle.shared, abs=16 << 20)
    assert section.slab_reclaimable_bytes is not None
    assert section.slab_unreclaimable_bytes is not None
    assert section.slab_reclaimable_bytes + section.slab_unreclaimable_bytes == pytest.approx(oracle.slab, rel=0.1)


def test_huge_pages_and_compressed_swap_where_the_kernel_tells(tmp_path: Path) -> None:
    needed = ("MemTotal", "MemAvailable", "MemFree", "Buffers", "Cached", "Dirty", "Writeback", "SwapTotal", "SwapFree")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/vmstat").write_text("x 1\npgmajfault 3\n")
    (tmp_path / "proc/meminfo").write_text(
        "".join(f"{name}: 1 kB\n" for name in needed)
        + "HugePages_Total:      12\nHugePages_Free:       5\nHugepagesize:       2048 kB\n"
        + "Zswapped: 9 kB\nCommitted_AS: 7 kB\n"
    )
    section = MemoryCollector().collect(Host(tmp_path), NO_TARGET, None)
    assert (section.huge_pages, section.huge_pages_free, section.huge_page_bytes) == (12, 5, 2 << 20)
    assert (section.zswapped_bytes, section.committed_bytes) == (9 << 10, 7 << 10)
    assert section.zswap_bytes is None
    assert section.anon_huge_bytes is None


def test_a_kernel_without_a_field_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 1 kB\nMemFree: 1 kB\n")
    (tmp_path / "proc/vmstat").write_text("x 1\npgmajfault 3\n")
    with pytest.raises(NoData, match="MemAvailable"):
        MemoryCollector().collect(Host(tmp_path), NO_TARGET, None)


def test_vmstat_counters_are_found_by_their_whole_name() -> None:
    raw = b"nr_free_pages 1\nzswpin 5\npswpin 7\npswpout 8\npgmajfault 9\noom_kill 10"
    assert parse_vmstat(raw + b"\n") == {b"pswpin": 7, b"pswpout": 8, b"pgmajfault": 9, b"oom_kill": 10}
