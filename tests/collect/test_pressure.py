"""Pressure lines, and kernels that have none."""

from pathlib import Path

import pytest

from perftui.collect.pressure import PressureCollector, parse_pressure
from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.model.sample import PressureLine
from tests.collect.held import NO_TARGET


def test_both_lines() -> None:
    raw = b"some avg10=1.50 avg60=0 avg300=0 total=42\nfull avg10=0.25 avg60=0 avg300=0 total=7\n"
    assert parse_pressure(raw) == PressureLine(some_avg10=1.5, some_total_us=42, full_avg10=0.25, full_total_us=7)


def test_cpu_of_older_kernels_has_no_full_line() -> None:
    line = parse_pressure(b"some avg10=0.00 avg60=0.00 avg300=0.00 total=42\n")
    assert (line.some_total_us, line.full_total_us) == (42, 0)


def test_a_kernel_without_it_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(NoData, match="psi=1"):
        PressureCollector().collect(Host(tmp_path), NO_TARGET, None)


def test_three_resources(tmp_path: Path) -> None:
    (tmp_path / "proc/pressure").mkdir(parents=True)
    for total, name in enumerate(("cpu", "memory", "io")):
        (tmp_path / "proc/pressure" / name).write_text(f"some avg10=0.00 avg60=0.00 avg300=0.00 total={total}\n")
    section = PressureCollector().collect(Host(tmp_path), NO_TARGET, None)
    assert [line.some_total_us for line in (section.cpu, section.memory, section.io)] == [0, 1, 2]
    assert section.irq_full_total_us is None
    (tmp_path / "proc/pressure/irq").write_text("full avg10=0.00 avg60=0.00 avg300=0.00 total=9\n")
    assert PressureCollector().collect(Host(tmp_path), NO_TARGET, None).irq_full_total_us == 9
