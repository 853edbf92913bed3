"""Clocks of CPUs: cpufreq, cpuinfo, and virtual machines that know neither."""

from pathlib import Path

import pytest

from perftui.collect.frequency import FrequencyCollector, parse_cpuinfo
from perftui.errors import NoData
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET
from tests.collect.trees import real_machine, virtual_machine, write


def test_every_online_cpu(tmp_path: Path) -> None:
    real_machine(tmp_path)
    section = FrequencyCollector().collect(Host(tmp_path), NO_TARGET, None)
    assert section.source == "cpufreq"
    assert list(section.cpus.rows("cpu", "khz", "core_throttles_total", "package_throttles_total")) == [
        (0, 3_100_000, 0, 9),
        (1, 1_200_000, 1, 9),
        (3, 800_000, 3, 9),
    ]
    assert set(section.cpus.rows("min_khz", "max_khz", "limit_khz")) == {(800_000, 4_000_000, 3_500_000)}
    assert section.cpus.text("governor") == ("powersave",) * 3
    assert section.cpus.text("driver") == ("intel_pstate",) * 3


def test_in_a_virtual_machine_the_mhz_are_no_reading(tmp_path: Path) -> None:
    virtual_machine(tmp_path)
    with pytest.raises(NoData, match="virtual machine") as caught:
        FrequencyCollector().collect(Host(tmp_path), NO_TARGET, None)
    assert "host" in caught.value.remedy


def test_on_real_hardware_without_cpufreq_they_are(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "/sys/devices/system/cpu/online": "0-1\n",
            "/proc/cpuinfo": "processor\t: 0\ncpu MHz\t\t: 3100.500\n\nprocessor\t: 1\nflags : fpu\n",
        },
    )
    section = FrequencyCollector().collect(Host(tmp_path), NO_TARGET, None)
    assert section.source == "cpuinfo"
    assert list(section.cpus.rows("cpu", "khz", "max_khz", "core_throttles_total")) == [
        (0, 3_100_500, -1, -1),
        (1, -1, -1, -1),
    ]


def test_a_processor_that_says_nothing_is_no_data(tmp_path: Path) -> None:
    write(tmp_path, {"/sys/devices/system/cpu/online": "0\n", "/proc/cpuinfo": "processor\t: 0\nBogoMIPS\t: 50.00\n"})
    with pytest.raises(NoData, match="no cpufreq"):
        FrequencyCollector().collect(Host(tmp_path), NO_TARGET, None)


def test_this_machine_tells_or_says_why() -> None:
    virtual = " hypervisor" in Path("/proc/cpuinfo").read_text()
    if virtual and not any(Path("/sys/devices/system/cpu").glob("cpu*/cpufreq/scaling_cur_freq")):
        with pytest.raises(NoData, match="virtual machine"):
            FrequencyCollector().collect(Host(), NO_TARGET, None)
    elif not virtual:
        assert min(FrequencyCollector().collect(Host(), NO_TARGET, None).cpus.ints("khz")) > 100_000


def test_cpuinfo_by_cpu() -> None:
    raw = b"processor\t: 3\nmodel name\t: x\ncpu MHz\t\t: 2000\nprocessor\t: 5\ncpu MHz\t\t: 800.125\n"
    assert parse_cpuinfo(raw) == {3: 2_000_000, 5: 800_125}
