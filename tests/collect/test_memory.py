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


def test_a_kernel_without_a_field_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 1 kB\nMemFree: 1 kB\n")
    (tmp_path / "proc/vmstat").write_text("x 1\npgmajfault 3\n")
    with pytest.raises(NoData, match="MemAvailable"):
        MemoryCollector().collect(Host(tmp_path), NO_TARGET, None)


def test_vmstat_counters_are_found_by_their_whole_name() -> None:
    raw = b"nr_free_pages 1\nzswpin 5\npswpin 7\npswpout 8\npgmajfault 9\noom_kill 10"
    assert parse_vmstat(raw + b"\n") == {b"pswpin": 7, b"pswpout": 8, b"pgmajfault": 9, b"oom_kill": 10}
