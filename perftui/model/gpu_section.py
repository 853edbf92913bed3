"""The host's graphics and compute cards, and what follows from two readings of them."""

from typing import Literal

import msgspec

from perftui.model.section import Section
from perftui.model.table import Table

Vendor = Literal["nvidia", "amd", "intel"]

THROTTLE_WORDS: dict[int, str] = {
    0x001: "idle",
    0x002: "application clocks",
    0x004: "power cap",
    0x008: "hardware slowdown",
    0x010: "sync boost",
    0x020: "software thermal",
    0x040: "hardware thermal",
    0x080: "power brake",
    0x100: "display clocks",
}
"""Bits of ``nvmlClocksEventReason…`` in nvml.h. The first says only that nothing runs."""

HARMFUL_THROTTLES = frozenset({"power cap", "hardware slowdown", "software thermal", "hardware thermal", "power brake"})
"""What keeps a busy card below the clocks that it was set to."""


class Gpu(msgspec.Struct, frozen=True, kw_only=True):
    """One card. What it, its driver or this user's rights do not tell is None.

    ``busy_ratio`` is the part of the driver's own last sampling period (1/6 to 1 s) in which a kernel ran,
    ``memory_busy_ratio`` that in which its memory was read or written. ``violation`` totals are nanoseconds below the
    wanted clocks. PCIe counters wrap. ``ecc`` errors count since the driver was loaded. ``throttles`` are words of
    ``THROTTLE_WORDS``. ``lost`` says why there are no figures of a card that was there.
    """

    index: int
    vendor: Vendor
    name: str
    uuid: str = ""
    busy_ratio: float | None = None
    memory_busy_ratio: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    power_watts: float | None = None
    power_limit_watts: float | None = None
    clock_mhz: int | None = None
    clock_max_mhz: int | None = None
    memory_clock_mhz: int | None = None
    memory_clock_max_mhz: int | None = None
    temperature_celsius: int | None = None
    slowdown_celsius: int | None = None
    throttles: tuple[str, ...] | None = None
    power_violation_ns_total: int | None = None
    thermal_violation_ns_total: int | None = None
    pcie_rx_bytes_total: int | None = None
    pcie_tx_bytes_total: int | None = None
    ecc_corrected_total: int | None = None
    ecc_uncorrected_total: int | None = None
    lost: str = ""


class GpuSection(Section, frozen=True, kw_only=True):
    """NVML, and ``/sys/class/drm`` for the cards of AMD and Intel.

    ``processes`` has a row per process and card: ``gpu`` (the card's index) ``pid memory_bytes sm_pct memory_pct
    engine_ns_total`` and the text column ``kind`` (``compute``, ``graphics``, or the engines used). NVML gives the
    percentages, of its last sampling period, and the PIDs of the host; the DRM drivers count the time on all engines.
    -1: not told.
    ``missing`` says why another vendor's cards that seem to be here are not listed.
    """

    gpus: tuple[Gpu, ...]
    processes: Table
    missing: str = ""


class GpuUse(msgspec.Struct, frozen=True, kw_only=True):
    """Rates of one card over an interval; None where the card does not count, or was reset in between."""

    index: int
    power_violation_ratio: float | None
    thermal_violation_ratio: float | None
    pcie_rx_bytes_per_s: float | None
    pcie_tx_bytes_per_s: float | None
    ecc_corrected_per_s: float | None
    ecc_uncorrected_per_s: float | None


class GpuProcessUse(msgspec.Struct, frozen=True, kw_only=True):
    """What one process does on one card: ``busy_ratio`` from NVML, or from engine time (may exceed 1: many engines)."""

    gpu: int
    pid: int
    kind: str
    memory_bytes: int | None
    busy_ratio: float | None


def throttle_words(bits: int) -> tuple[str, ...]:
    """The words of the bits that are set, unknown ones as ``bit 0x200``."""
    known = [word for bit, word in THROTTLE_WORDS.items() if bits & bit]
    rest = bits & ~sum(THROTTLE_WORDS)
    return (*known, *([f"bit {rest:#x}"] if rest else []))


def gpu_use(older: GpuSection, newer: GpuSection, seconds: float) -> tuple[GpuUse, ...]:
    """One for each card of both readings, told by its uuid and index."""
    before = {(gpu.index, gpu.uuid): gpu for gpu in older.gpus}
    pairs = [(before[gpu.index, gpu.uuid], gpu) for gpu in newer.gpus if (gpu.index, gpu.uuid) in before]
    return tuple(
        GpuUse(
            index=now.index,
            power_violation_ratio=_share(was.power_violation_ns_total, now.power_violation_ns_total, seconds),
            thermal_violation_ratio=_share(was.thermal_violation_ns_total, now.thermal_violation_ns_total, seconds),
            pcie_rx_bytes_per_s=_rate(was.pcie_rx_bytes_total, now.pcie_rx_bytes_total, seconds),
            pcie_tx_bytes_per_s=_rate(was.pcie_tx_bytes_total, now.pcie_tx_bytes_total, seconds),
            ecc_corrected_per_s=_rate(was.ecc_corrected_total, now.ecc_corrected_total, seconds),
            ecc_uncorrected_per_s=_rate(was.ecc_uncorrected_total, now.ecc_uncorrected_total, seconds),
        )
        for was, now in pairs
    )


def gpu_process_use(older: GpuSection | None, newer: GpuSection, seconds: float) -> tuple[GpuProcessUse, ...]:
    """The busiest first, then those with the most memory. Without ``older`` only NVML's own percentages are known."""
    engines = _engines(older) if older else {}
    uses = []
    for (gpu, pid, memory, sm, engine), kind in zip(
        newer.processes.rows("gpu", "pid", "memory_bytes", "sm_pct", "engine_ns_total"),
        newer.processes.text("kind"),
        strict=True,
    ):
        busy = sm / 100 if sm >= 0 else _share(engines.get((gpu, pid)), engine if engine >= 0 else None, seconds)
        uses.append(
            GpuProcessUse(gpu=gpu, pid=pid, kind=kind, memory_bytes=memory if memory >= 0 else None, busy_ratio=busy)
        )
    return tuple(sorted(uses, key=lambda use: (-(use.busy_ratio or 0), -(use.memory_bytes or 0), use.gpu, use.pid)))


def _engines(section: GpuSection) -> dict[tuple[int, int], int]:
    rows = section.processes.rows("gpu", "pid", "engine_ns_total")
    return {(gpu, pid): engine for gpu, pid, engine in rows if engine >= 0}


def _rate(was: int | None, now: int | None, seconds: float) -> float | None:
    if was is None or now is None or now < was:
        return None
    return (now - was) / seconds


def _share(was: int | None, now: int | None, seconds: float) -> float | None:
    """Nanoseconds per nanosecond."""
    rate = _rate(was, now, seconds)
    return None if rate is None else rate / 1e9
