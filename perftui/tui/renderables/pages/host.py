"""The host in depth: processors, memory, disks, file systems, network, sensors."""

from textual.strip import Strip

from perftui.model.host_rates import MemoryUse, VmUse
from perftui.model.interval import Interval
from perftui.model.rates import CoreUse, PressureUse
from perftui.model.sample import MemorySection
from perftui.model.units import bytes_text, count_text, rate_text, ratio_text
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import title_strip
from perftui.tui.renderables.pages.host_io import disk_lines, filesystem_lines, network_lines
from perftui.tui.renderables.pages.layout import (
    Column,
    Fact,
    Row,
    facts_grid,
    not_visible,
    pair_text,
    per_s_text,
    table,
    text_lines,
)

MAX_CORES = 32
MAX_LINES = 6
STEAL_RATIO, SQUEEZED_PER_S, STALL_RATIO = 0.05, 10.0, 0.02
"""From here on a figure is marked: netdata's alarms of steal and softnet, coroot's of memory stalls."""


def host_page(update: Update, width: int, palette: Palette) -> list[Strip]:
    """One part per resource; what is not visible says why and what would make it so."""
    parts = (
        ("Processors", _processors),
        ("Memory", _memory),
        ("Disks", disk_lines),
        ("File systems", filesystem_lines),
        ("Network", network_lines),
        ("Sensors", _sensors),
    )
    lines: list[Strip] = []
    for title, part in parts:
        lines.append(title_strip(title, "", width, palette))
        if update.interval is None:
            lines += text_lines("measuring", width, palette)
        else:
            lines += part(update.interval, width, palette)
        lines.append(Strip.blank(width, palette.text))
    return lines[:-1]


def _processors(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    sample, use = interval.newer, interval.cpu
    if use is None or sample.cpu is None:
        return not_visible(sample, "cpu", width, palette)
    total, pressure, frequency = use.total, interval.pressure, interval.frequency
    facts = [
        Fact("busy", f"{use.busy_cores:.2f} of {len(use.cores)} CPUs"),
        Fact("user / system", f"{ratio_text(total.user_ratio)} / {ratio_text(total.system_ratio)}"),
        Fact("waiting for I/O", ratio_text(total.iowait_ratio)),
        Fact("stolen by the hypervisor", ratio_text(total.steal_ratio), total.steal_ratio >= STEAL_RATIO),
        Fact("interrupt handling", ratio_text(total.softirq_ratio)),
        Fact("running / blocked", f"{sample.cpu.running} / {sample.cpu.blocked}"),
        Fact("load", f"{sample.cpu.load1:.2f} {sample.cpu.load5:.2f} {sample.cpu.load15:.2f}"),
        Fact("context switches", f"{count_text(use.context_switches_per_s)}/s"),
        Fact("interrupts / soft", pair_text(use.interrupts_per_s, use.softirqs_per_s)),
        Fact("new processes", f"{count_text(use.forks_per_s)}/s"),
        Fact("frequency", f"{frequency.mean_mhz:.0f} MHz" if frequency and frequency.mean_mhz else None),
        Fact("held back by heat or power", per_s_text(frequency.throttles_per_s if frequency else None)),
        _stall("some task waits for a CPU", pressure.cpu if pressure else None),
        Fact("lost to interrupts", _ratio(pressure.irq_full_ratio if pressure else None)),
    ]
    lines = facts_grid(facts, width, palette) + _cores(interval, use.cores, width, palette)
    lines += _interrupt_lines(interval, width, palette)
    if frequency is None:
        lines += not_visible(sample, "frequency", width, palette)
    return lines if pressure else lines + not_visible(sample, "pressure", width, palette)


def _cores(interval: Interval, cores: tuple[CoreUse, ...], width: int, palette: Palette) -> list[Strip]:
    """The busiest, in their order."""
    columns = (
        Column("cpu", 6), Column("busy", 7), Column("user", 7), Column("system", 8), Column("iowait", 8, 50),
        Column("irq", 7, 58), Column("steal", 7), Column("MHz", 7, 66), Column("irq/s", 8, 76),
        Column("packets/s", 11, 90), Column("squeezed/s", 12, 100), Column("dropped/s", 11, 110),
    )  # fmt: skip
    mhz = {each.cpu: f"{each.mhz:.0f}" for each in interval.frequency.cpus} if interval.frequency else {}
    irqs = {each.cpu: each.interrupts_per_s for each in interval.interrupts.cpus} if interval.interrupts else {}
    packets = {each.cpu: each for each in interval.softnet.cpus} if interval.softnet else {}
    busiest = sorted(cores, key=lambda core: -core.busy_ratio)[:MAX_CORES]
    rows = []
    for core in sorted(busiest, key=lambda core: core.cpu):
        net = packets.get(core.cpu)
        ratios = (
            core.busy_ratio, core.user_ratio, core.system_ratio, core.iowait_ratio, core.softirq_ratio,
            core.steal_ratio,
        )  # fmt: skip
        handled = (net.processed_per_s, net.squeezed_per_s, net.dropped_per_s) if net else (None, None, None)
        rates = (irqs.get(core.cpu), *handled)
        cells = [f"cpu{core.cpu}", *map(ratio_text, ratios), mhz.get(core.cpu, "?")]
        alarming = net is not None and max(net.squeezed_per_s, net.dropped_per_s) >= SQUEEZED_PER_S
        rows.append(Row([*cells, *("?" if rate is None else count_text(rate) for rate in rates)], alarming=alarming))
    more = len(cores) - len(rows)
    return table(columns, rows, width, palette) + (
        text_lines(f"and {more} CPUs that are less busy", width, palette) if more else []
    )


def _interrupt_lines(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    if interval.interrupts is None:
        return not_visible(interval.newer, "interrupts", width, palette)
    lines = [line for line in interval.interrupts.lines if line.per_s > 0][:MAX_LINES]
    columns = (Column("interrupt", 11), Column("per second", 12), Column("busiest", 9))
    rows = [
        Row(
            (line.name, count_text(line.per_s), "" if line.busiest_cpu is None else f"cpu{line.busiest_cpu}"),
            line.device,
        )
        for line in lines
    ]
    return table(columns, rows, width, palette) if rows else []


def _memory(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    section, use = interval.newer.memory, interval.memory
    if section is None or use is None:
        return not_visible(interval.newer, "memory", width, palette)
    lines = facts_grid(_holdings(interval, section), width, palette)
    lines += facts_grid(_paging(use), width, palette)
    if interval.vm is not None:
        lines += facts_grid(_reclaim(interval.vm), width, palette)
    else:
        lines += not_visible(interval.newer, "vm", width, palette)
    if interval.pressure is not None:
        stalls = interval.pressure.memory
        facts = [_stall("some task waits for memory", stalls), Fact("all tasks wait", ratio_text(stalls.full_ratio))]
        lines += facts_grid(facts, width, palette)
    return lines + _swap_areas(interval, width, palette) + _nodes(interval, width, palette)


def _holdings(interval: Interval, memory: MemorySection) -> list[Fact]:
    vm = interval.newer.vm
    limit = vm.dirty_limit_bytes if vm else None
    dirty = bytes_text(memory.dirty_bytes) + (f" of {bytes_text(limit)}" if limit else "")
    committed = memory.committed_bytes
    huge = None
    if memory.huge_pages is not None and memory.huge_page_bytes is not None:
        huge = f"{memory.huge_pages - (memory.huge_pages_free or 0)} of {memory.huge_pages} in use"
    return [
        Fact("available", f"{bytes_text(memory.available_bytes)} of {bytes_text(memory.total_bytes)}"),
        Fact("free", bytes_text(memory.free_bytes)),
        Fact("page cache", bytes_text(memory.cached_bytes)),
        Fact("buffers", bytes_text(memory.buffers_bytes)),
        Fact("anonymous", _bytes(memory.anon_bytes)),
        Fact("shared", _bytes(memory.shared_bytes)),
        Fact("kernel, reclaimable", _bytes(memory.slab_reclaimable_bytes)),
        Fact("kernel, not reclaimable", _bytes(memory.slab_unreclaimable_bytes)),
        Fact("page tables", _bytes(memory.page_table_bytes)),
        Fact("dirty", dirty, bool(limit and memory.dirty_bytes > 0.9 * limit)),
        Fact("being written back", bytes_text(memory.writeback_bytes)),
        Fact(
            "committed",
            f"{_bytes(committed)} of {_bytes(memory.commit_limit_bytes)}" if committed is not None else None,
        ),
        Fact("transparent huge pages", _bytes(memory.anon_huge_bytes)),
        Fact("huge pages", huge if memory.huge_pages else None),
        Fact(
            "compressed swap",
            f"{_bytes(memory.zswapped_bytes)} in {_bytes(memory.zswap_bytes)}" if memory.zswapped_bytes else None,
        ),
    ]


def _paging(use: MemoryUse) -> list[Fact]:
    return [
        Fact(
            "swapped in / out",
            f"{rate_text(use.swap_in_bytes_per_s)} / {rate_text(use.swap_out_bytes_per_s)}",
            use.swap_in_bytes_per_s > 0,
        ),
        Fact("major faults", f"{count_text(use.major_faults_per_s)}/s"),
        Fact("killed since boot", str(use.oom_kills), use.oom_kills > 0),
    ]


def _reclaim(use: VmUse) -> list[Fact]:
    return [
        Fact("page faults", per_s_text(use.faults_per_s)),
        Fact("pages scanned", per_s_text(use.scanned_pages_per_s)),
        Fact("scanned by tasks", per_s_text(use.direct_scanned_pages_per_s), bool(use.direct_scanned_pages_per_s)),
        Fact("of them freed", _ratio(use.reclaim_ratio)),
        Fact("file pages read again", per_s_text(use.file_refaults_per_s)),
        Fact("anon pages read again", per_s_text(use.anon_refaults_per_s)),
        Fact("allocations stalled", per_s_text(use.allocation_stalls_per_s), bool(use.allocation_stalls_per_s)),
        Fact("compactions / failed", pair_text(use.compaction_stalls_per_s, use.compaction_fails_per_s)),
        Fact("huge pages / fallbacks", pair_text(use.huge_page_faults_per_s, use.huge_page_fallbacks_per_s)),
        Fact("dirtied", None if use.dirtied_bytes_per_s is None else rate_text(use.dirtied_bytes_per_s)),
        Fact("written back", None if use.written_back_bytes_per_s is None else rate_text(use.written_back_bytes_per_s)),
    ]


def _swap_areas(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    swaps = interval.newer.swaps
    if swaps is None:
        return not_visible(interval.newer, "swaps", width, palette)
    packed = dict(zip(swaps.zram.text("name"), swaps.zram.rows("stored_bytes", "used_bytes"), strict=True))
    rows = []
    for name, (size, used) in zip(swaps.areas.text("name"), swaps.areas.rows("size_bytes", "used_bytes"), strict=True):
        stored, taken = packed.get(name.removeprefix("/dev/"), (0, 0))
        rest = f"{bytes_text(stored)} compressed to {bytes_text(taken)}" if taken else ""
        rows.append(Row((name, bytes_text(size), bytes_text(used), ratio_text(used / max(1, size))), rest))
    if not rows:
        return text_lines("no swap", width, palette)
    return table((Column("swap", 20), Column("size", 9), Column("used", 9), Column("", 8)), rows, width, palette)


def _nodes(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    """Only where there are several."""
    nodes = interval.numa or ()
    if len(nodes) < 2:
        return []
    columns = (Column("node", 8), Column("size", 9), Column("free", 9), Column("pages/s", 10, 50), Column("misses", 9))
    rows = [
        Row(
            (
                f"node{node.node}", bytes_text(node.total_bytes), bytes_text(node.free_bytes),
                per_s_text(node.hits_per_s) or "?", _ratio(node.miss_ratio) or "?",
            ),
            f"CPUs {node.cpus}",
        )
        for node in nodes
    ]  # fmt: skip
    return table(columns, rows, width, palette)


def _sensors(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    use, section = interval.sensors, interval.newer.sensors
    if use is None or section is None:
        return not_visible(interval.newer, "sensors", width, palette)
    degrees = "C" if palette.ascii_only else "°C"
    forms = {"temperature": f"{{:.1f}} {degrees}", "fan": "{:.0f} rpm", "power": "{:.1f} W"}
    rows = []
    for each in use.readings:
        limit = "" if each.limit is None else forms[each.kind].format(each.limit)
        near = each.alarm or (each.limit is not None and each.value >= each.limit)
        cells = (f"{each.chip} {each.label}", forms[each.kind].format(each.value), limit)
        rows.append(Row(cells, alarming=near))
    rows += [Row((power.zone, f"{power.watts:.1f} W", ""), "from its energy") for power in use.power]
    columns = (Column("sensor", max(12, min(40, width - 30))), Column("now", 12), Column("limit", 12))
    lines = table(columns, rows, width, palette)
    if section.energy_reason:
        why = f"{section.energy_reason}; {section.energy_remedy}"
        lines += text_lines(f"{palette.glyphs.unknown} power by energy: {why}", width, palette)
    return lines


def _stall(label: str, use: PressureUse | None) -> Fact:
    return Fact(label, ratio_text(use.some_ratio) if use else None, bool(use and use.some_ratio >= STALL_RATIO))


def _ratio(ratio: float | None) -> str | None:
    return None if ratio is None else ratio_text(ratio)


def _bytes(size: int | None) -> str | None:
    return None if size is None else bytes_text(size)
