"""Temperatures, fans, power and energy."""

import os
import tempfile
from pathlib import Path

import pytest

from perftui.collect.sensors import SensorCollector
from perftui.errors import NoData
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET
from tests.collect.trees import real_machine, virtual_machine, write


def test_chips_in_their_order(tmp_path: Path) -> None:
    real_machine(tmp_path)
    section = SensorCollector().collect(Host(tmp_path), NO_TARGET, None)
    texts = zip(*(section.readings.text(name) for name in ("chip", "label", "kind")), strict=True)
    figures = section.readings.rows("value", "limit", "alarm")
    assert list(zip(texts, figures, strict=True)) == [
        (("coretemp", "fan1", "fan"), (1200, -1, 0)),
        (("coretemp", "power1", "power"), (45_000_000, -1, 0)),
        (("coretemp", "Package id 0", "temperature"), (61_000, 100_000, 1)),
        (("nvme", "temp1", "temperature"), (38_850, 84_850, 0)),
    ]
    assert section.energy.text("zone") == ("package-0", "package-0/dram")
    assert next(section.energy.rows("energy_uj_total", "range_uj")) == (5_000_000, 262_143_328_850)
    assert section.energy_reason == ""


def test_a_virtual_machine_has_none(tmp_path: Path) -> None:
    virtual_machine(tmp_path)
    with pytest.raises(NoData, match="no temperature, fan or power sensor") as caught:
        SensorCollector().collect(Host(tmp_path), NO_TARGET, None)
    assert "virtual machines have none" in caught.value.remedy


def test_a_board_with_thermal_zones_alone(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "/sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
            "/sys/class/thermal/thermal_zone0/temp": "-4500\n",
            "/sys/class/thermal/cooling_device0/type": "fan\n",
        },
    )
    section = SensorCollector().collect(Host(tmp_path), NO_TARGET, None)
    assert section.readings.text("label") == ("cpu-thermal",)
    assert list(section.readings.ints("value")) == [-4500]
    assert section.energy_reason == "no energy counter"


def test_an_average_is_read_where_there_is_no_present_value(tmp_path: Path) -> None:
    folder = "/sys/class/hwmon/hwmon0"
    write(
        tmp_path,
        {f"{folder}/power1_input": "7\n", f"{folder}/power1_average": "5\n", f"{folder}/power1_max": f"{10**15}\n"},
    )
    section = SensorCollector().collect(Host(tmp_path), NO_TARGET, None)
    assert section.readings.text("chip") == ("hwmon0",)
    assert list(section.readings.rows("value", "limit")) == [(7, -1)]


def test_a_hostile_label_is_made_visible(tmp_path: Path) -> None:
    folder = "/sys/class/hwmon/hwmon0"
    write(tmp_path, {f"{folder}/temp1_input": "1\n", f"{folder}/temp1_label": "\x1b]0;pwn\x07\n"})
    section = SensorCollector().collect(Host(tmp_path), NO_TARGET, None)
    assert section.readings.text("label") == ("^[]0;pwn^G",)


@pytest.mark.root
def test_energy_that_only_root_may_read_says_so() -> None:
    with tempfile.TemporaryDirectory() as name:  # tmp_path lies in folders that are closed to others
        root = Path(name)
        real_machine(root)
        (root / "sys/class/powercap/intel-rapl:0/energy_uj").chmod(0o400)
        root.chmod(0o711)
        os.seteuid(65534)
        try:
            section = SensorCollector().collect(Host(root), NO_TARGET, None)
        finally:
            os.seteuid(0)
    assert (len(section.energy), len(section.readings)) == (0, 4)
    assert "permission" in section.energy_reason
    assert "root" in section.energy_remedy


def test_this_machine_tells_or_says_why() -> None:
    if any(Path("/sys/class").glob("hwmon/hwmon*/temp*_input")):
        assert len(SensorCollector().collect(Host(), NO_TARGET, None).readings) > 0
    elif not any(Path("/sys/class").glob("thermal/*/temp")) and not any(
        Path("/sys/class").glob("powercap/*/energy_uj")
    ):
        with pytest.raises(NoData, match="no energy counter"):
            SensorCollector().collect(Host(), NO_TARGET, None)
