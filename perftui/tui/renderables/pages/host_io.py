"""Disks, file systems and network of the host's page."""

from collections.abc import Sequence

from textual.strip import Strip

from perftui.model.device_rates import FilesystemUse, LinkUse
from perftui.model.host_rates import NetUse
from perftui.model.host_sections import NetCounters
from perftui.model.interval import Interval
from perftui.model.rates import DiskUse, NetworkUse
from perftui.model.units import bytes_text, count_text, rate_text, ratio_text
from perftui.tui.palette import Palette
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

BUSY_RATIO, FULL_RATIO, NIC_RATIO, LOSS_RATIO, CONNTRACK_RATIO = 0.98, 0.9, 0.9, 0.015, 0.75
"""From here on a figure is marked: netdata's and node-exporter's alarms, bpftune's for retransmits."""

MAX_PARTITIONS = 12
MAX_POINTS = 3
MAX_ROWS = 24
"""A node of containers has hundreds of mounts and of interfaces."""


def disk_lines(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    """Whole disks, and partitions that are in use."""
    disks = interval.disks
    if disks is None:
        return not_visible(interval.newer, "disk", width, palette)
    columns = (
        Column("device", 12), Column("busy", 7), Column("read/s", 9), Column("write/s", 9), Column("r/s", 7, 60),
        Column("w/s", 7, 60), Column("r ms", 7, 74), Column("w ms", 7, 74), Column("queue", 7),
        Column("flush/s", 9, 92), Column("flush ms", 10, 92), Column("discard/s", 11, 112),
    )  # fmt: skip
    mounts = _mounts(interval.filesystems or ())
    busy = [use for use in interval.partitions or () if use.reads_per_s + use.writes_per_s > 0][:MAX_PARTITIONS]
    rows = [_disk_row(use, mounts) for use in (*disks, *busy)]
    lines = (
        table(columns, rows, width, palette, "on")
        if rows
        else text_lines("no disk has done anything yet", width, palette)
    )
    if interval.pressure is not None:
        stalls = interval.pressure.io
        some, full = ratio_text(stalls.some_ratio), ratio_text(stalls.full_ratio)
        lines += facts_grid([Fact("some task waits for I/O", some), Fact("all tasks wait", full)], width, palette)
    return lines


def _disk_row(use: DiskUse, mounts: dict[str, list[str]]) -> Row:
    cells = (
        use.name, ratio_text(use.busy_ratio), bytes_text(use.read_bytes_per_s), bytes_text(use.write_bytes_per_s),
        count_text(use.reads_per_s), count_text(use.writes_per_s), _ms(use.read_await_ms), _ms(use.write_await_ms),
        f"{use.queue:.1f}", "?" if use.flushes_per_s is None else count_text(use.flushes_per_s), _ms(use.flush_ms),
        "?" if use.discards_per_s is None else count_text(use.discards_per_s),
    )  # fmt: skip
    points = mounts.get(use.name, [])
    more = f" and {len(points) - MAX_POINTS} more" if len(points) > MAX_POINTS else ""
    return Row(cells, " ".join(points[:MAX_POINTS]) + more, use.busy_ratio >= BUSY_RATIO)


def _mounts(filesystems: Sequence[FilesystemUse]) -> dict[str, list[str]]:
    """Disk or partition → where it is mounted."""
    found: dict[str, list[str]] = {}
    for use in filesystems:
        for name in {use.disk, use.partition} - {""}:
            found.setdefault(name, []).append(use.point)
    return found


def _ms(time_ms: float | None) -> str:
    return "-" if time_ms is None else f"{time_ms:.1f}"


def filesystem_lines(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    uses = interval.filesystems
    if uses is None:
        return not_visible(interval.newer, "filesystems", width, palette)
    point = max(12, min(40, width - 53))
    columns = (
        Column("mounted at", point), Column("type", 8, 70), Column("size", 8), Column("available", 11),
        Column("used", 7), Column("inodes", 8, 50),
    )  # fmt: skip
    fullest = sorted(uses, key=_fullness, reverse=True)[:MAX_ROWS]
    rows = [_filesystem_row(use) for use in uses if use in fullest]
    if not rows:
        return text_lines("no file system is mounted", width, palette)
    return table(columns, rows, width, palette) + _others(len(uses) - len(rows), "less full", width, palette)


def _fullness(use: FilesystemUse) -> float:
    """Those with a problem come before all others."""
    return 2.0 if use.problem else max(use.used_ratio or 0.0, use.inodes_ratio or 0.0)


def _others(count: int, why: str, width: int, palette: Palette) -> list[Strip]:
    return text_lines(f"and {count} that are {why}", width, palette) if count else []


def _filesystem_row(use: FilesystemUse) -> Row:
    sizes = ("?" if size is None else bytes_text(size) for size in (use.total_bytes, use.available_bytes))
    ratios = ("-" if ratio is None else ratio_text(ratio) for ratio in (use.used_ratio, use.inodes_ratio))
    full = _fullness(use) >= FULL_RATIO
    rest = use.problem or ("read-only" if use.read_only else "")
    return Row((use.point, use.type, *sizes, *ratios), rest, bool(use.problem) or (full and not use.read_only))


def network_lines(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    lines = _interfaces(interval.networks, interval.links or (), interval, width, palette)
    lines += _protocols(interval, width, palette)
    softnet = interval.softnet
    if softnet is not None:
        facts = [
            Fact("packets taken from queues", f"{count_text(softnet.processed_per_s)}/s"),
            Fact("dropped by a full backlog", f"{count_text(softnet.dropped_per_s)}/s", softnet.dropped_per_s > 0),
            Fact("polls cut short", f"{count_text(softnet.squeezed_per_s)}/s"),
        ]
        return lines + facts_grid(facts, width, palette)
    return lines + not_visible(interval.newer, "softnet", width, palette)


def _interfaces(
    networks: Sequence[NetworkUse] | None, links: Sequence[LinkUse], interval: Interval, width: int, palette: Palette
) -> list[Strip]:
    if networks is None:
        return not_visible(interval.newer, "network", width, palette)
    known = {link.name: link for link in links}
    columns = (
        Column("interface", 15), Column("received", 10), Column("sent", 10), Column("drops/s", 9),
        Column("errors/s", 10, 60), Column("speed", 10, 70), Column("used", 7, 70),
    )  # fmt: skip
    busiest = sorted(networks, key=lambda use: use.rx_bytes_per_s + use.tx_bytes_per_s, reverse=True)[:MAX_ROWS]
    rows = [_interface_row(use, known.get(use.name)) for use in networks if use in busiest]
    lines = table(columns, rows, width, palette)
    if any(row.cells[SPEED_AT] == "?" for row in rows):
        why = "loopback, virtual cards and links that are down have none; a hypervisor may hide that of the host's card"
        lines += text_lines(f"{palette.glyphs.unknown} speed not visible: {why}", width, palette)
    return lines + _others(len(networks) - len(rows), "less busy", width, palette)


SPEED_AT = 5
"""Which cell of an interface's row it is."""


def _interface_row(use: NetworkUse, link: LinkUse | None) -> Row:
    speed = link.speed_bytes_per_s if link else None
    ratios = [ratio for ratio in (link.rx_ratio, link.tx_ratio) if ratio is not None] if link else []
    duplex = " half duplex" if link and link.full_duplex is False else ""
    state = "down" if link and link.state == "down" else ""
    cells = (
        use.name, rate_text(use.rx_bytes_per_s), rate_text(use.tx_bytes_per_s), count_text(use.drops_per_s),
        count_text(use.errors_per_s), "?" if speed is None else f"{count_text(speed * 8)}b/s",
        ratio_text(max(ratios)) if ratios else "?",
    )  # fmt: skip
    return Row(cells, f"{state}{duplex}".strip(), bool(ratios and max(ratios) >= NIC_RATIO) or use.errors_per_s > 0)


def _protocols(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    use, section = interval.protocols, interval.newer.protocols
    if use is None or section is None:
        return not_visible(interval.newer, "protocols", width, palette)
    facts = [*_tcp(use.host, section.host), *_udp(use.host, section.host)]
    if use.conntrack_ratio is not None:
        tracked = f"{section.conntrack_count} of {section.conntrack_max}"
        facts.append(Fact("tracked connections", tracked, use.conntrack_ratio >= CONNTRACK_RATIO))
    lines = facts_grid(facts, width, palette)
    if use.target is not None and section.target is not None:
        lines += text_lines("in the target's network namespace:", width, palette)
        lines += _interfaces(interval.target_networks, (), interval, width, palette)
        lines += facts_grid([*_tcp(use.target, section.target), *_udp(use.target, section.target)], width, palette)
    elif section.target_reason:
        why = f"{section.target_reason}; {section.target_remedy}" if section.target_remedy else section.target_reason
        lines += text_lines(f"{palette.glyphs.unknown} the target's network namespace: {why}", width, palette)
    return lines


def _tcp(use: NetUse, levels: NetCounters) -> list[Fact]:
    lost = use.retransmit_ratio
    overflows = use.tcp_listen_overflows_per_s
    return [
        Fact("TCP connections", _level(levels.tcp_established)),
        Fact("in TIME_WAIT", _level(levels.tcp_time_wait_sockets)),
        Fact("opened / accepted", pair_text(use.tcp_active_opens_per_s, use.tcp_passive_opens_per_s)),
        Fact("segments in / out", pair_text(use.tcp_in_segments_per_s, use.tcp_out_segments_per_s)),
        Fact("retransmitted", None if lost is None else ratio_text(lost), bool(lost and lost >= LOSS_RATIO)),
        Fact("time-outs", per_s_text(use.tcp_timeouts_per_s)),
        Fact("resets in / out", pair_text(use.tcp_resets_per_s, use.tcp_resets_sent_per_s)),
        Fact("accept queue overflows", per_s_text(overflows), bool(overflows)),
        Fact(
            "request queue drops",
            per_s_text(use.tcp_request_queue_drops_per_s),
            bool(use.tcp_request_queue_drops_per_s),
        ),
        Fact("zero windows", per_s_text(use.tcp_zero_windows_per_s)),
    ]


def _udp(use: NetUse, levels: NetCounters) -> list[Fact]:
    errors = use.udp_receive_buffer_errors_per_s
    return [
        Fact("UDP sockets", _level(levels.udp_sockets)),
        Fact("datagrams in / out", pair_text(use.udp_in_datagrams_per_s, use.udp_out_datagrams_per_s)),
        Fact("receive buffer full", per_s_text(errors), bool(errors)),
        Fact("no such port", per_s_text(use.udp_no_ports_per_s)),
    ]


def _level(level: int | None) -> str | None:
    return None if level is None else count_text(level)
