"""NVIDIA cards, with a stub of the driver's library in place of the driver."""

import ctypes
from pathlib import Path
from typing import Any

import pytest

from perftui.errors import NoData
from perftui.host.nvml import LIBRARY, open_nvml
from perftui.host.procfs import Host
from tests.host.nvml_stub import compiled, run_with_stub

READ = """
from perftui.host.nvml import open_nvml
from perftui.host.procfs import Host
nvml = open_nvml(Host())
readings = [nvml.read() for _ in range(3)]
nvml.close()
tell(readings)
"""
REFUSED = """
from perftui.errors import NoData
from perftui.host.nvml import open_nvml
from perftui.host.procfs import Host
from pathlib import Path
try:
    open_nvml(Host(Path({root!r}))).read()
except NoData as error:
    tell([error.reason, error.remedy])
"""


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("nvml"))


def has_driver() -> bool:
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        return False
    return True


def refusal(stub: Path, how: str, root: Path) -> tuple[str, str]:
    reason, remedy = run_with_stub(stub, how, REFUSED.format(root=str(root)))
    return reason, remedy


def test_two_healthy_cards(stub: Path) -> None:
    (first, second), processes = run_with_stub(stub, "healthy", READ)[0]
    assert (first["index"], first["vendor"], first["name"], first["uuid"]) == (0, "nvidia", "Stub A", "GPU-1")
    assert second["name"] == "Stub ^[[31mB"
    assert (first["busy_ratio"], first["memory_busy_ratio"]) == (0.87, 0.4)
    assert (first["memory_used_bytes"], first["memory_total_bytes"]) == (1 << 33, 1 << 34)
    assert (first["power_watts"], first["power_limit_watts"]) == (250.5, 400.0)
    assert (first["clock_mhz"], first["clock_max_mhz"]) == (1980, 1980)
    assert (first["memory_clock_mhz"], first["memory_clock_max_mhz"]) == (1593, 1593)
    assert (first["temperature_celsius"], first["slowdown_celsius"]) == (61, 93)
    assert first["throttles"] == []
    assert (first["ecc_corrected_total"], first["ecc_uncorrected_total"]) == (7, 0)
    assert first["lost"] == ""
    assert processes == [[0, 4242, "compute", 1 << 32, 63, 21, -1], [0, 77, "graphics", -1, 0, 0, -1]]


def test_what_one_card_lacks_is_missing_there_alone(stub: Path) -> None:
    (first, second), _ = run_with_stub(stub, "healthy", READ)[1]
    assert (first["pcie_tx_bytes_total"], first["pcie_rx_bytes_total"]) == (2_000_000, 6_000_000)
    assert (second["pcie_tx_bytes_total"], second["pcie_rx_bytes_total"]) == (None, None)
    assert second["ecc_corrected_total"] is None
    assert second["busy_ratio"] == 0.87


def test_a_log_without_news_means_that_nothing_ran(stub: Path) -> None:
    readings = run_with_stub(stub, "healthy", READ)
    assert [reading[1][0][4] for reading in readings] == [63, 0, 0]


def test_a_throttled_card_says_why_in_words(stub: Path) -> None:
    readings = run_with_stub(stub, "throttled", READ)
    first = readings[0][0][0]
    assert first["throttles"] == ["power cap", "hardware thermal", "bit 0x200"]
    assert first["clock_mhz"] < first["clock_max_mhz"]
    assert [reading[0][0]["power_violation_ns_total"] for reading in readings] == [500e6, 1000e6, 1500e6]
    assert [reading[0][0]["thermal_violation_ns_total"] for reading in readings] == [1_000_000] * 3


def test_functions_that_are_not_supported_leave_their_fields_out(stub: Path) -> None:
    (first, second), processes = run_with_stub(stub, "bare", READ)[0]
    told = {"index", "vendor", "name", "uuid", "lost"}
    for card in (first, second):
        assert {name for name, figure in card.items() if figure is not None} == told
    assert processes == []


def test_a_lost_card_does_not_take_the_other_with_it(stub: Path) -> None:
    before, after, _ = run_with_stub(stub, "lost", READ)
    assert before[0][1]["lost"] == ""
    first, second = after[0]
    assert first["busy_ratio"] == 0.87
    assert (second["name"], second["uuid"], second["lost"]) == ("Stub ^[[31mB", "GPU-2", "GPU is lost")
    assert second["busy_ratio"] is None
    assert [row[0] for row in after[1]] == [0, 0]


def test_a_mismatch_names_both_ways_out(stub: Path, tmp_path: Path) -> None:
    (tmp_path / "proc/driver/nvidia").mkdir(parents=True)
    (tmp_path / "proc/driver/nvidia/version").write_text(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.54.03  Tue Jun  6 22:20:39 UTC 2023\nGCC version:\n"
    )
    reason, remedy = refusal(stub, "mismatch", tmp_path)
    assert reason == "the NVIDIA library is not of the version of the loaded driver (535.54.03)"
    assert "modprobe nvidia" in remedy
    assert "reboot" in remedy


@pytest.mark.parametrize(
    ("how", "reason", "remedy"),
    [
        ("unloaded", "not loaded", "modprobe nvidia"),
        ("forbidden", "no permission to use /dev/nvidiactl", "--gpus all"),
        ("wedged", "does not answer: Unknown Error", "dmesg"),
    ],
)
def test_a_driver_that_cannot_be_asked(stub: Path, tmp_path: Path, how: str, reason: str, remedy: str) -> None:
    said = refusal(stub, how, tmp_path)
    assert reason in said[0]
    assert remedy in said[1]


@pytest.mark.skipif(has_driver(), reason="an NVIDIA driver is installed here")
def test_no_driver_is_a_state_that_costs_no_module(stub: Path) -> None:
    assert open_nvml(Host()) is None
    code = "from perftui.host.nvml import open_nvml\nfrom perftui.host.procfs import Host\nopen_nvml(Host())\n"
    loaded: Any = run_with_stub(stub.parent, "healthy", f"{code}tell('pynvml' in sys.modules)")
    assert loaded is False


@pytest.mark.skipif(has_driver(), reason="an NVIDIA driver is installed here")
def test_a_driver_without_its_library_is_named(tmp_path: Path) -> None:
    (tmp_path / "proc/driver/nvidia").mkdir(parents=True)
    (tmp_path / "proc/driver/nvidia/version").write_text("NVRM version: x\n")
    with pytest.raises(NoData, match="its library libnvidia-ml"):
        open_nvml(Host(tmp_path))
