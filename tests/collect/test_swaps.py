"""Where pages are swapped to."""

from pathlib import Path

import psutil
import pytest

from perftui.collect.swaps import SwapCollector
from perftui.errors import NoData
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET
from tests.collect.trees import real_machine


def test_areas_add_up_to_psutil_s_total() -> None:
    areas = SwapCollector().collect(Host(), NO_TARGET, None).areas
    assert sum(areas.ints("size_bytes")) == psutil.swap_memory().total


def test_areas_and_compressed_memory(tmp_path: Path) -> None:
    real_machine(tmp_path)
    section = SwapCollector().collect(Host(tmp_path), NO_TARGET, None)
    assert section.areas.text("name") == ("/dev/zram0", "/swap file")
    assert section.areas.text("type") == ("partition", "file")
    assert list(section.areas.rows("size_bytes", "used_bytes", "priority")) == [
        (1 << 20, 512 << 10, 100),
        (2 << 20, 0, -2),
    ]
    assert section.zram.text("name") == ("zram0",)
    columns = ("disk_bytes", "stored_bytes", "compressed_bytes", "used_bytes", "limit_bytes")
    assert list(section.zram.rows(*columns)) == [(1 << 20, 400_000, 100_000, 120_000, 0)]


def test_without_the_file_it_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoData):
        SwapCollector().collect(Host(tmp_path), NO_TARGET, None)
