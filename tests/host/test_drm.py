"""Cards of AMD and Intel, from captured trees."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.host.drm import Client, drm_files, find_cards, parse_clocks, parse_fdinfo, read_card, read_process
from perftui.host.procfs import Host

AMD = {
    "vendor": "0x1002",
    "device": "0x73bf",
    "unique_id": "5f0c9a7e1d2b3c4d",
    "product_name": "",
    "gpu_busy_percent": "64",
    "mem_busy_percent": "12",
    "mem_info_vram_used": "4294967296",
    "mem_info_vram_total": "17163091968",
    "pp_dpm_sclk": "0: 500Mhz\n1: 1825Mhz *\n2: 2475Mhz",
    "pp_dpm_mclk": "0: 96Mhz\n1: 1000Mhz *",
    "hwmon/hwmon3/power1_average": "187000000",
    "hwmon/hwmon3/power1_cap": "255000000",
    "hwmon/hwmon3/temp1_input": "71000",
    "hwmon/hwmon3/temp1_crit": "100000",
    "ras/umc_err_count": "ue: 0\nce: 3",
}
INTEL = {"vendor": "0x8086", "device": "0x9a49"}
MATROX = {"vendor": "0x102b", "device": "0x0536"}

FDINFO = b"""pos:\t0
flags:\t02100002
mnt_id:\t26
ino:\t593
drm-driver:\tamdgpu
drm-client-id:\t17
drm-pdev:\t0000:03:00.0
pasid:\t32779
drm-memory-vram:\t123 KiB
drm-memory-gtt: \t2200 KiB
drm-resident-vram:\t128 KiB
drm-engine-gfx:\t1000000 ns
drm-engine-compute:\t5 ns
drm-engine-capacity-gfx:\t2
"""


def card(root: Path, number: int, address: str, driver: str, files: dict[str, str]) -> None:
    device = root / f"sys/devices/{address}"
    for name, text in files.items():
        (device / name).parent.mkdir(parents=True, exist_ok=True)
        (device / name).write_text(f"{text}\n")
    (device / "driver").symlink_to(f"../../bus/pci/drivers/{driver}")
    home = root / f"sys/class/drm/card{number}"
    home.mkdir(parents=True)
    (home / "device").symlink_to(f"../../../devices/{address}")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    card(tmp_path, 1, "0000:03:00.0", "amdgpu", AMD)
    card(tmp_path, 0, "0000:00:02.0", "i915", INTEL)
    card(tmp_path, 10, "0000:07:00.0", "mgag200", MATROX)
    (tmp_path / "sys/class/drm/card1-DP-1").mkdir()
    (tmp_path / "sys/class/drm/card0/gt_act_freq_mhz").write_text("350\n")
    (tmp_path / "sys/class/drm/card0/gt_RP0_freq_mhz").write_text("1300\n")
    return Host(tmp_path)


def test_cards_whose_driver_tells_something(host: Host) -> None:
    cards = find_cards(host)
    assert [(card.vendor, card.address, card.name) for card in cards] == [
        ("intel", "0000:00:02.0", "Intel GPU 0x9a49"),
        ("amd", "0000:03:00.0", "AMD GPU 0x73bf"),
    ]


def test_everything_that_amdgpu_tells(host: Host) -> None:
    gpu = read_card(host, find_cards(host)[1], 4)
    assert (gpu.index, gpu.uuid) == (4, "5f0c9a7e1d2b3c4d")
    assert (gpu.busy_ratio, gpu.memory_busy_ratio) == (0.64, 0.12)
    assert (gpu.memory_used_bytes, gpu.memory_total_bytes) == (4 << 30, 17_163_091_968)
    assert (gpu.power_watts, gpu.power_limit_watts) == (187.0, 255.0)
    assert (gpu.clock_mhz, gpu.clock_max_mhz) == (1825, 2475)
    assert (gpu.memory_clock_mhz, gpu.memory_clock_max_mhz) == (1000, 1000)
    assert (gpu.temperature_celsius, gpu.slowdown_celsius) == (71, 100)
    assert (gpu.ecc_corrected_total, gpu.ecc_uncorrected_total) == (3, 0)
    assert gpu.throttles is None


def test_an_integrated_card_tells_its_clock_alone(host: Host) -> None:
    gpu = read_card(host, find_cards(host)[0], 0)
    assert (gpu.clock_mhz, gpu.clock_max_mhz) == (350, 1300)
    assert (gpu.busy_ratio, gpu.memory_total_bytes, gpu.power_watts, gpu.ecc_corrected_total) == (None,) * 4


def test_no_cards_at_all(tmp_path: Path) -> None:
    assert find_cards(Host(tmp_path)) == []


def test_who_uses_a_card(host: Host, tmp_path: Path) -> None:
    for fd, target, info in (
        ("3", "/dev/dri/renderD128", FDINFO),
        ("4", "/dev/dri/renderD128", FDINFO),  # a duplicate: the same client
        ("5", "/dev/dri/card1", FDINFO.replace(b"id:\t17", b"id:\t18")),
        ("6", "/dev/null", b"pos:\t0\n"),
    ):
        (tmp_path / "proc/9/fd").mkdir(parents=True, exist_ok=True)
        (tmp_path / "proc/9/fdinfo").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"proc/9/fd/{fd}").symlink_to(target)
        (tmp_path / f"proc/9/fdinfo/{fd}").write_bytes(info)
    files = drm_files(host, 9)
    assert sorted(files) == ["3", "4", "5"]
    (row,) = read_process(host, 9, files, {"0000:03:00.0": 1})
    assert (row.gpu, row.pid, row.kind) == (1, 9, "gfx+compute")
    assert (row.memory_bytes, row.engine_ns_total, row.sm_pct) == (2 * 128 * 1024, 2 * 1_000_005, -1)
    assert list(read_process(host, 9, ["3", "99"], {"0000:ff:00.0": 0})) == []
    assert drm_files(host, 12345) == ()


def test_the_keys_of_fdinfo() -> None:
    assert parse_fdinfo(FDINFO) == Client("17", "0000:03:00.0", {"gfx": 1_000_000, "compute": 5}, 128 * 1024)
    assert parse_fdinfo(b"pos:\t0\n") is None
    bare = parse_fdinfo(b"drm-client-id: 1\ndrm-engine-render: 7 cycles\ndrm-total-local0: 5 MiB\n")
    assert bare == Client("1", "", {}, -1)


@given(st.binary(max_size=300))
def test_any_fdinfo_is_read_without_a_fault(noise: bytes) -> None:
    client = parse_fdinfo(b"drm-client-id: 1\ndrm-engine-x: " + noise)
    assert client is not None
    assert all(0 <= spent < 10**18 for spent in client.engines.values())


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=12, unique=True), st.data())
def test_clock_levels(levels: list[int], data: st.DataObject) -> None:
    used = data.draw(st.sampled_from(levels))
    text = "\n".join(f"{at}: {mhz}Mhz{' *' if mhz == used else ''}" for at, mhz in enumerate(levels))
    assert parse_clocks(text) == (used, max(levels))


def test_no_clock_levels() -> None:
    assert parse_clocks("") == (None, None)
    assert parse_clocks("0: 500Mhz\nS: 19Mhz *") == (19, 500)
