"""The target's control groups: whose it is, what it may use, what it uses."""

from collections.abc import Iterator

from textual.strip import Strip

from perftui.model.group_rates import GroupUse, cpu_limit, memory_limit
from perftui.model.group_sections import CgroupMemory, CgroupSection, GroupSection
from perftui.model.interval import Interval
from perftui.model.rates import PressureUse
from perftui.model.sample import Sample
from perftui.model.units import bytes_text, count_text, rate_text, ratio_text
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import title_strip
from perftui.tui.renderables.pages.layout import (
    Column,
    Fact,
    Row,
    facts_grid,
    not_visible,
    per_s_text,
    table,
    text_lines,
)

NEAR_RATIO = 0.9
"""A limit that is used so far is marked."""

STALLED_RATIO = 0.1
THROTTLED_RATIO = 0.25
"""Of the periods; the threshold of the rule cpu-quota."""

MAX_INNER_PIDS = 8
_LEVELS = (Column("level", 40), Column("CPUs", 8), Column("weight", 8), Column("memory", 9), Column("limit", 9))
_DEVICES = (Column("device", 14), Column("read", 11), Column("written", 11), Column("of its limit", 14))


def group_page(update: Update, width: int, palette: Palette) -> list[Strip]:
    """One part after the other; what is not visible says why and what would make it so."""
    sample, interval = update.sample, update.interval
    if sample.target.kind == "host":
        return text_lines("No process is watched: choose one in the list, or give a target.", width, palette)
    lines = _owner(sample, width, palette)
    if sample.cgroup is None:
        return lines + not_visible(sample, "cgroup", width, palette)
    use = interval.cgroup if interval else None
    for title, part in (
        ("Limits by level", _levels(sample.cgroup, width, palette)),
        ("CPU", facts_grid(list(_cpu(use, interval)), width, palette)),
        ("Memory", facts_grid(list(_memory(sample.cgroup.memory, use)), width, palette)),
        ("Stalled", facts_grid(list(_pressure(use)), width, palette)),
        ("I/O", _devices(use, width, palette)),
        ("Processes and CPUs", facts_grid(list(_counts(sample.cgroup)), width, palette)),
    ):
        lines += [Strip.blank(width, palette.text), title_strip(title, "", width, palette)]
        why = _why_not(title, sample.cgroup, use is not None)
        lines += part or text_lines(f"{palette.glyphs.unknown} {why}", width, palette, palette.warning)
    return lines


def _why_not(title: str, section: CgroupSection, measured: bool) -> str:
    """Why a part has no figures, and what would give it some."""
    if not measured:
        return "measuring"
    if title == "I/O" and section.io is not None:
        return "nothing read or written by this group so far"
    if title == "Stalled" and section.version == 1:
        return (
            "not visible: control groups of version 1 have no pressure of their own; boot with version 2 "
            "(cgroup_no_v1=all); the pressure of the whole host is on the page Host"
        )
    root = "it is the root, whose figures are those of the whole host (page Host)"
    if section.version == 1:
        return (
            f"not visible: the controller {_CONTROLLERS_V1[title]} is not mounted, or the target is in no group of it: "
            f"then {root}; start the target in a group of its own (systemd-run --scope CMD)"
        )
    return (
        f"not visible: the controller {_CONTROLLERS_V2[title]} is off for this group, or {root}; write "
        f"+{_CONTROLLERS_V2[title]} to cgroup.subtree_control of the group above (systemd does: systemctl set-property)"
    )


_CONTROLLERS_V1 = {
    "Limits by level": "cpu", "CPU": "cpuacct", "Memory": "memory", "I/O": "blkio", "Processes and CPUs": "pids",
}  # fmt: skip
_CONTROLLERS_V2 = {
    "Limits by level": "cpu", "CPU": "cpu", "Memory": "memory", "I/O": "io", "Processes and CPUs": "pids",
    "Stalled": "cpu",
}  # fmt: skip


def _owner(sample: Sample, width: int, palette: Palette) -> list[Strip]:
    lines: list[Strip] = [title_strip("Group", "", width, palette)]
    if sample.group is not None:
        for said in _whose(sample.group):
            lines += text_lines(said, width, palette, palette.text)
    cpus, memory = cpu_limit(sample), memory_limit(sample)
    may = []
    if cpus is not None:
        may.append(f"{cpus.cores:.3g} CPUs ({cpus.by})")
    if memory is not None:
        may.append(f"{bytes_text(memory.bytes)} of memory ({memory.by})")
    return lines + (text_lines(f"may use {' and '.join(may)}", width, palette, palette.text) if may else [])


def _whose(group: GroupSection) -> Iterator[str]:
    yield group.path
    container = group.container
    if container is not None:
        yield f"{container.label}{f', image {container.image}' if container.image else ''}, id {container.id}"
    units = [unit for unit in (group.unit, group.user_unit, group.slice) if unit]
    if units:
        yield f"systemd: {', '.join(units)}"
    inner = [(pid, inside) for pid, inside in group.processes.rows("pid", "inner_pid") if inside > 0]
    if inner:
        shown = ", ".join(f"{pid} is {inside}" for pid, inside in inner[:MAX_INNER_PIDS])
        more = f", and {len(inner) - MAX_INNER_PIDS} more" if len(inner) > MAX_INNER_PIDS else ""
        yield f"PIDs inside: {shown}{more}"


def _levels(section: CgroupSection, width: int, palette: Palette) -> list[Strip]:
    """Own level first. The two controllers may have levels of their own in version 1."""
    cpu = {level.path: level for level in section.cpu}
    memory = {level.path: level for level in section.memory_levels}
    rows = []
    for path in dict.fromkeys((*cpu, *memory)):
        level, held = cpu.get(path), memory.get(path)
        limits = [limit for limit in (held.limit_bytes, held.high_bytes) if limit is not None] if held else []
        weight = (level.weight or level.shares) if level else None
        quota = level.quota_us / level.period_us if level and level.quota_us is not None else None
        cells = (
            _tail(path, palette),
            f"{quota:.3g}" if quota is not None else "max" if level else "-",
            str(weight) if weight is not None else "-",
            bytes_text(held.current_bytes) if held else "-",
            bytes_text(min(limits)) if limits else "max" if held else "-",
        )
        near = bool(held and limits and held.current_bytes >= NEAR_RATIO * min(limits))
        rows.append(Row(cells, alarming=near))
    return table(_LEVELS, rows, width, palette) if rows else []


def _tail(path: str, palette: Palette) -> str:
    """The end of a path, which tells levels apart."""
    room = _LEVELS[0].width
    return path if len(path) <= room else f"{palette.glyphs.ellipsis}{path[len(palette.glyphs.ellipsis) - room :]}"


def _cpu(use: GroupUse | None, interval: Interval | None) -> Iterator[Fact]:
    if use is not None and use.cpu_cores is not None:
        yield Fact("used", f"{use.cpu_cores:.2f} cores")
        yield Fact("in programs", f"{use.user_cores:.2f} cores" if use.user_cores is not None else None)
        yield Fact("in the kernel", f"{use.system_cores:.2f} cores" if use.system_cores is not None else None)
    quota = interval.quota if interval else None
    if quota is not None:
        throttled = quota.throttled_periods_ratio
        yield Fact("quota", f"{quota.quota_cores:.3g} cores")
        yield Fact("throttled periods", ratio_text(throttled), alarming=throttled > THROTTLED_RATIO)
        yield Fact("stood still", f"{quota.throttled_seconds_per_s:.2f} s/s")


def _memory(memory: CgroupMemory | None, use: GroupUse | None) -> Iterator[Fact]:
    if memory is None:
        return
    stat = memory.stat
    ratio = use.memory_ratio if use else None
    near = ratio is not None and ratio >= NEAR_RATIO
    yield Fact("held", bytes_text(memory.current_bytes))
    yield Fact("of the tightest limit", ratio_text(ratio) if ratio is not None else None, alarming=near)
    for label, size in (
        ("at most so far", memory.peak_bytes),
        ("memory.high", memory.high_bytes),
        ("protected (low)", memory.low_bytes or None),
        ("soft limit", memory.soft_limit_bytes),
        ("swapped out", memory.swap_bytes),
        ("anonymous", stat.anon_bytes),
        ("page cache", stat.file_bytes),
        ("shared memory", stat.shmem_bytes),
        ("kernel", stat.kernel_bytes),
        ("slab", stat.slab_bytes),
        ("sockets", stat.socket_bytes),
        ("waits to be written", stat.dirty_bytes),
    ):
        yield Fact(label, bytes_text(size) if size is not None else None)
    hits = use.limit_hits_per_s if use else None
    yield Fact("met its limit", per_s_text(hits), alarming=bool(hits))
    yield Fact("pages read again", per_s_text(use.refaults_per_s if use else None))
    yield Fact("killed for memory", count_text(memory.oom_kills_total), alarming=memory.oom_kills_total > 0)


def _pressure(use: GroupUse | None) -> Iterator[Fact]:
    if use is None or use.pressure is None:
        return
    for label, pressure in (("CPU", use.pressure.cpu), ("memory", use.pressure.memory), ("I/O", use.pressure.io)):
        yield _stalled(label, pressure)


def _stalled(label: str, pressure: PressureUse) -> Fact:
    figure = f"{ratio_text(pressure.some_ratio)}, all of it {ratio_text(pressure.full_ratio)}"
    return Fact(label, figure, alarming=pressure.some_ratio > STALLED_RATIO)


def _devices(use: GroupUse | None, width: int, palette: Palette) -> list[Strip]:
    rows = [
        Row(
            (
                device.name,
                rate_text(device.read_bytes_per_s),
                rate_text(device.write_bytes_per_s),
                ratio_text(device.limit_ratio) if device.limit_ratio is not None else "-",
            ),
            alarming=device.limit_ratio is not None and device.limit_ratio >= NEAR_RATIO,
        )
        for device in (use.devices if use else ())
    ]
    return table(_DEVICES, rows, width, palette) if rows else []


def _counts(section: CgroupSection) -> Iterator[Fact]:
    pids = section.pids
    if pids is not None:
        limit = count_text(pids.limit) if pids.limit is not None else "max"
        near = pids.limit is not None and pids.current >= NEAR_RATIO * pids.limit
        yield Fact("tasks", f"{count_text(pids.current)} of {limit}", alarming=near)
        yield Fact("forks refused", count_text(pids.limit_hits_total) if pids.limit_hits_total is not None else None)
    if section.cpuset is not None:
        yield Fact("CPUs", section.cpuset.cpus)
        yield Fact("memory nodes", section.cpuset.nodes or None)
