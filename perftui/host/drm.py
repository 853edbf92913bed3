"""Cards of AMD and Intel, and who uses them, from ``/sys/class/drm`` and ``/proc/PID/fdinfo``."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from perftui.errors import NoData
from perftui.host import sysfs
from perftui.host.nvml import GpuProcess
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.gpu_section import Gpu, Vendor

_CARD = re.compile(r"card\d+")
_VENDORS: dict[str, Vendor] = {"0x1002": "amd", "0x8086": "intel"}
_DRIVERS = frozenset({"amdgpu", "radeon", "i915", "xe"})
_CLOCK_LEVEL = re.compile(r"^\S+:\s*(\d+)\s*mhz\s*(\*?)", re.IGNORECASE)
_ERRORS = re.compile(r"\b(ue|ce):\s*(\d+)")
_UNITS = {b"": 1, b"B": 1, b"KiB": 1 << 10, b"MiB": 1 << 20, b"GiB": 1 << 30}
_FDINFO_BYTES = 8192
_LONGEST_NUMBER = 18
"""Digits: what fits into 63 bits, also when a few are added up."""


class Card(NamedTuple):
    """``path`` is its directory in ``/sys/class/drm``, ``address`` the PCI address that fdinfo calls it by."""

    path: str
    address: str
    vendor: Vendor
    name: str
    uuid: str


class Client(NamedTuple):
    """One open file of a DRM driver: ``engines`` in nanoseconds, ``memory_bytes`` -1 where not told."""

    client: str
    address: str
    engines: dict[str, int]
    memory_bytes: int


def find_cards(host: Host) -> list[Card]:
    """Those whose driver tells something, in the order of their numbers."""
    names = (name for name in sysfs.entries(host, "/sys/class/drm") if _CARD.fullmatch(name))
    found = (_card(host, f"/sys/class/drm/{name}") for name in names)
    return [card for card in found if card is not None]


def read_card(host: Host, card: Card, index: int) -> Gpu:
    """What the driver tells now; None for each file that is not there."""
    device = f"{card.path}/device"
    sensors = _hwmon(host, device)
    clock, clock_max = _clocks(host, card, "sclk")
    memory_clock, memory_clock_max = _clocks(host, card, "mclk") if card.vendor == "amd" else (None, None)
    corrected, uncorrected = _ecc(host, device)
    power = _scaled(host, f"{sensors}/power1_average", 1e6)
    if power is None:
        power = _scaled(host, f"{sensors}/power1_input", 1e6)
    limit = _scaled(host, f"{sensors}/power1_cap" if card.vendor == "amd" else f"{sensors}/power1_max", 1e6)
    return Gpu(
        index=index,
        vendor=card.vendor,
        name=card.name,
        uuid=card.uuid or card.address,
        busy_ratio=_scaled(host, f"{device}/gpu_busy_percent", 100),
        memory_busy_ratio=_scaled(host, f"{device}/mem_busy_percent", 100),
        memory_used_bytes=sysfs.number(host, f"{device}/mem_info_vram_used"),
        memory_total_bytes=sysfs.number(host, f"{device}/mem_info_vram_total"),
        power_watts=power,
        power_limit_watts=limit,
        clock_mhz=clock,
        clock_max_mhz=clock_max,
        memory_clock_mhz=memory_clock,
        memory_clock_max_mhz=memory_clock_max,
        temperature_celsius=_degrees(host, f"{sensors}/temp1_input"),
        slowdown_celsius=_degrees(host, f"{sensors}/temp1_crit"),
        ecc_corrected_total=corrected,
        ecc_uncorrected_total=uncorrected,
    )


def drm_files(host: Host, pid: int) -> tuple[str, ...]:
    """The numbers of a process's descriptors that are open files of a card; none where they may not be seen."""
    try:
        return tuple(fd for fd in host.names(f"/proc/{pid}/fd") if _is_drm(host, f"/proc/{pid}/fd/{fd}"))
    except NoData:
        return ()


def read_process(host: Host, pid: int, files: Iterable[str], indices: dict[str, int]) -> Iterator[GpuProcess]:
    """A row per card that the process uses; ``indices`` are the cards' by their PCI address."""
    clients: dict[tuple[str, str], Client] = {}
    for fd in files:
        try:
            client = parse_fdinfo(host.read_start(f"/proc/{pid}/fdinfo/{fd}", _FDINFO_BYTES))
        except NoData:
            continue
        if client and client.address in indices:
            clients[client.address, client.client] = client  # a duplicate of a descriptor is the same client
    for address in dict.fromkeys(address for address, _ in clients):
        yield _row(indices[address], pid, [client for client in clients.values() if client.address == address])


def parse_fdinfo(raw: bytes) -> Client | None:
    """The ``drm-`` keys (kernel: Documentation/gpu/drm-usage-stats); None for any other file."""
    keys = {}
    for line in raw.splitlines():
        key, colon, rest = line.partition(b":")
        if colon and key.startswith(b"drm-"):
            keys[key[4:]] = rest.strip()
    if b"client-id" not in keys:
        return None
    engines = {
        key[7:].decode("ascii", "replace"): amount
        for key, rest in keys.items()
        if key.startswith(b"engine-") and (amount := _nanoseconds(rest)) >= 0
    }
    memory = [_memory(keys, form) for form in (b"resident-", b"memory-")]
    return Client(
        client=visible(keys[b"client-id"], 32),
        address=visible(keys.get(b"pdev", b""), 32),
        engines=engines,
        memory_bytes=next((found for found in memory if found >= 0), -1),
    )


def parse_clocks(text: str) -> tuple[int | None, int | None]:
    """``0: 500Mhz`` … ``2: 1800Mhz *`` → the level in use and the highest."""
    levels = [match for line in text.splitlines() if (match := _CLOCK_LEVEL.match(line.strip()))]
    used = [int(level[1]) for level in levels if level[2]]
    return (used[0] if used else None, max((int(level[1]) for level in levels), default=None))


def _card(host: Host, path: str) -> Card | None:
    vendor = _VENDORS.get(sysfs.text(host, f"{path}/device/vendor"))
    driver = sysfs.link(host, f"{path}/device/driver").rpartition("/")[2]
    if vendor is None or driver not in _DRIVERS:
        return None
    name = sysfs.text(host, f"{path}/device/product_name")
    model = sysfs.text(host, f"{path}/device/device")
    maker = "AMD" if vendor == "amd" else "Intel"
    return Card(
        path=path,
        address=sysfs.link(host, f"{path}/device").rpartition("/")[2],
        vendor=vendor,
        name=visible(name or f"{maker} GPU {model}".strip(), 64),
        uuid=visible(sysfs.text(host, f"{path}/device/unique_id"), 64),
    )


def _row(gpu: int, pid: int, clients: list[Client]) -> GpuProcess:
    engines: dict[str, int] = {}
    for client in clients:
        for engine, spent in client.engines.items():
            engines[engine] = engines.get(engine, 0) + spent
    memory = [client.memory_bytes for client in clients if client.memory_bytes >= 0]
    return GpuProcess(
        gpu=gpu,
        pid=pid,
        kind=visible("+".join(engine for engine, spent in engines.items() if spent), 32),
        memory_bytes=sum(memory) if memory else -1,
        engine_ns_total=sum(engines.values()) if engines else -1,
    )


def _is_drm(host: Host, path: str) -> bool:
    try:
        return host.link(path).startswith("/dev/dri/")
    except NoData:  # closed meanwhile
        return False


def _memory(keys: dict[bytes, bytes], form: bytes) -> int:
    """Bytes on the card itself; -1 where no region of it is named."""
    regions = [_size(rest) for key, rest in keys.items() if key.startswith((form + b"vram", form + b"local"))]
    return sum(size for size in regions if size >= 0) if regions else -1


def _nanoseconds(rest: bytes) -> int:
    """``7 ns`` → 7; -1 for another unit (``drm-engine-capacity-…`` has none)."""
    number, _, unit = rest.partition(b" ")
    return int(number) if unit == b"ns" and _is_number(number) else -1


def _size(rest: bytes) -> int:
    """``12 KiB`` → 12288; -1 for what is no size."""
    number, _, unit = rest.partition(b" ")
    return int(number) * _UNITS[unit] if unit in _UNITS and _is_number(number) else -1


def _is_number(text: bytes) -> bool:
    return text.isdigit() and len(text) < _LONGEST_NUMBER


def _clocks(host: Host, card: Card, kind: str) -> tuple[int | None, int | None]:
    if card.vendor == "amd":
        return parse_clocks(sysfs.text(host, f"{card.path}/device/pp_dpm_{kind}"))
    now = sysfs.number(host, f"{card.path}/gt_act_freq_mhz")
    if now is not None:
        return now, sysfs.number(host, f"{card.path}/gt_RP0_freq_mhz")
    frequency = f"{card.path}/device/tile0/gt0/freq0"  # the driver xe
    return sysfs.number(host, f"{frequency}/act_freq"), sysfs.number(host, f"{frequency}/rp0_freq")


def _hwmon(host: Host, device: str) -> str:
    names = sysfs.entries(host, f"{device}/hwmon")
    return f"{device}/hwmon/{names[0] if names else 'none'}"


def _ecc(host: Host, device: str) -> tuple[int | None, int | None]:
    """``ue: 0`` and ``ce: 3``: uncorrected and corrected errors of the memory controller."""
    counts = {kind: int(count) for kind, count in _ERRORS.findall(sysfs.text(host, f"{device}/ras/umc_err_count"))}
    return counts.get("ce"), counts.get("ue")


def _degrees(host: Host, path: str) -> int | None:
    thousandths = sysfs.number(host, path)
    return None if thousandths is None else round(thousandths / 1000)


def _scaled(host: Host, path: str, divisor: float) -> float | None:
    number = sysfs.number(host, path)
    return None if number is None else number / divisor
