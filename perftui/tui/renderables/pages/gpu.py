"""Graphics and compute cards: what they do, what holds them back, and who uses them."""

from collections.abc import Iterator

from textual.strip import Strip

from perftui.model.gpu_section import HARMFUL_THROTTLES, Gpu, GpuProcessUse, GpuUse
from perftui.model.sample import Sample
from perftui.model.units import bytes_text, rate_text, ratio_text
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import title_strip
from perftui.tui.renderables.pages.layout import Column, Fact, Row, facts_grid, not_visible, table, text_lines

FULL_RATIO = 0.95
"""The threshold of the rule gpu-memory."""

BUSY_RATIO = 0.05
"""A card that does less is not slowed down: it rests."""

_PROCESSES = (
    Column("PID", 9),
    Column("GPU", 5),
    Column("busy", 8),
    Column("memory", 9),
    Column("kind", 18, 60),
)


def gpu_page(update: Update, width: int, palette: Palette) -> list[Strip]:
    """A part per card, then the processes on all of them."""
    sample, interval = update.sample, update.interval
    section = sample.gpus
    if section is None:
        return not_visible(sample, "gpu", width, palette)
    uses = {use.index: use for use in (interval.gpus if interval else None) or ()}
    lines: list[Strip] = []
    for gpu in section.gpus:
        lines += [title_strip(f"GPU {gpu.index}  {gpu.name}", gpu.uuid, width, palette)]
        lines += _card(gpu, uses.get(gpu.index), width, palette)
        lines.append(Strip.blank(width, palette.text))
    if section.missing:
        lines += text_lines(f"{palette.glyphs.unknown} {section.missing}", width, palette, palette.warning)
    lines.append(title_strip("Processes on a GPU", "", width, palette))
    return lines + _processes(sample, interval.gpu_processes if interval else (), width, palette)


def _card(gpu: Gpu, use: GpuUse | None, width: int, palette: Palette) -> list[Strip]:
    if gpu.lost:
        said = f"{palette.glyphs.critical} no answer from this card: {gpu.lost}; see dmesg, then reset it or reboot"
        return text_lines(said, width, palette, palette.critical)
    lines = facts_grid(list(_facts(gpu, use)), width, palette)
    if gpu.throttles:
        slowed = _slowed(gpu)
        said = f"{'slowed by' if slowed else 'clocks set by'}: {', '.join(gpu.throttles)}"
        mark = f"{palette.glyphs.warning} " if slowed else ""
        lines += text_lines(f"{mark}{said}", width, palette, palette.warning if slowed else palette.muted)
    return lines


def _slowed(gpu: Gpu) -> bool:
    return not HARMFUL_THROTTLES.isdisjoint(gpu.throttles or ()) and (gpu.busy_ratio or 0) >= BUSY_RATIO


def _facts(gpu: Gpu, use: GpuUse | None) -> Iterator[Fact]:
    yield Fact("busy", _ratio(gpu.busy_ratio))
    yield Fact("memory bus busy", _ratio(gpu.memory_busy_ratio))
    used, total = gpu.memory_used_bytes, gpu.memory_total_bytes
    if used is not None and total:
        yield Fact("memory", f"{bytes_text(used)} of {bytes_text(total)}", used > FULL_RATIO * total)
    yield Fact("power", _pair(gpu.power_watts, gpu.power_limit_watts, "W"))
    yield Fact("clock", _pair(gpu.clock_mhz, gpu.clock_max_mhz, "MHz"))
    yield Fact("memory clock", _pair(gpu.memory_clock_mhz, gpu.memory_clock_max_mhz, "MHz"))
    hot = gpu.temperature_celsius is not None and gpu.temperature_celsius >= (gpu.slowdown_celsius or 1000)
    yield Fact("temperature", _pair(gpu.temperature_celsius, gpu.slowdown_celsius, "°C"), hot)
    yield Fact("uncorrected memory errors", _count(gpu.ecc_uncorrected_total), bool(gpu.ecc_uncorrected_total))
    yield Fact("corrected memory errors", _count(gpu.ecc_corrected_total))
    if use is not None:
        yield _held_back("held back by power", use.power_violation_ratio)
        yield _held_back("held back by heat", use.thermal_violation_ratio)
        yield Fact("received over PCIe", _rate(use.pcie_rx_bytes_per_s))
        yield Fact("sent over PCIe", _rate(use.pcie_tx_bytes_per_s))


def _held_back(label: str, ratio: float | None) -> Fact:
    return Fact(label, None if ratio is None else f"{ratio_text(ratio)} of the time", bool(ratio))


def _processes(sample: Sample, uses: tuple[GpuProcessUse, ...], width: int, palette: Palette) -> list[Strip]:
    if not uses:
        return text_lines("none", width, palette)
    commands: dict[int, str] = {}
    if sample.processes is not None:
        listed = sample.processes.processes
        commands = dict(zip(listed.ints("pid"), listed.text("command"), strict=True))
    own = set(sample.tree.processes.ints("pid")) if sample.tree else set()
    rows = [
        Row(
            (
                f"{palette.glyphs.target if use.pid in own else ' '}{use.pid}",
                str(use.gpu),
                _ratio(use.busy_ratio) or "?",
                "?" if use.memory_bytes is None else bytes_text(use.memory_bytes),
                use.kind,
            ),
            commands.get(use.pid, "(not among the processes seen here)"),
        )
        for use in uses
    ]
    return table(_PROCESSES, rows, width, palette)


def _ratio(ratio: float | None) -> str | None:
    return None if ratio is None else ratio_text(ratio)


def _rate(rate: float | None) -> str | None:
    return None if rate is None else rate_text(rate)


def _count(count: int | None) -> str | None:
    return None if count is None else str(count)


def _pair(now: float | None, most: float | None, unit: str) -> str | None:
    """``250 of 400 W``; None where even the first is not told."""
    if now is None:
        return None
    return f"{now:.0f} of {most:.0f} {unit}" if most else f"{now:.0f} {unit}"
