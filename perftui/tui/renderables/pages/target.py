"""The target in depth: memory, limits, sockets, delays, descriptors, I/O per thread."""

from collections.abc import Iterator, Sequence

from rich.style import Style
from textual.strip import Strip

from perftui.model.group_rates import cpu_limit, memory_limit
from perftui.model.interval import Interval
from perftui.model.process_rates import LimitUse, SocketUse
from perftui.model.process_sections import OpenFileSection, SocketSection
from perftui.model.sample import Sample
from perftui.model.units import bytes_text, count_text, duration_text, rate_text, ratio_text
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part, elided, fit, spelled, strip_of, title_strip, wrap

INDENT = "  "
LABEL_WIDTH = 14
FIGURE_WIDTH = 10
MAX_SOCKETS = 20
MAX_DELETED = 8
MAX_THREADS = 8
NEAR_RATIO = 0.8
"""A limit that is used so far is marked."""

DELAY_WORDS = {
    "cpu": "a CPU",
    "blkio": "the disk",
    "swapin": "swap",
    "reclaim": "memory to be freed",
    "thrashing": "pages just dropped",
    "compact": "huge pages",
    "wpcopy": "copies on write",
}


def target_page(update: Update, width: int, palette: Palette) -> list[Strip]:
    """One part after the other; what is not visible says why and what would make it so."""
    if update.sample.target.kind == "host":
        return _text("No process is watched: choose one in the list, or give a PID.", width, palette)
    parts = (
        ("Memory", "smaps", _memory),
        ("Limits", "limits", _limits),
        ("Sockets", "sockets", _sockets),
        ("Waited for", "delays", _delays),
        ("Open files", "open-files", _open_files),
        ("I/O by thread", "thread-io", _thread_io),
    )
    lines: list[Strip] = []
    for title, collector, part in parts:
        lines.append(title_strip(title, "", width, palette))
        drawn = part(update.interval, width, palette) if update.interval else []
        lines += drawn or _missing(update.sample, collector, width, palette)
        lines.append(Strip.blank(width, palette.text))
    return lines[:-1]


def _missing(sample: Sample, collector: str, width: int, palette: Palette) -> list[Strip]:
    status = sample.status(collector)
    if status is None or status.state == "ok":
        return _text("measuring…", width, palette)
    why = f"{status.reason}; {status.remedy}" if status.remedy else status.reason
    style = palette.critical if status.state == "failed" else palette.warning
    return _text(f"{palette.glyphs.unknown} not visible: {why}", width, palette, style=style)


def _memory(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    parts, section = interval.smaps, interval.newer.smaps
    if parts is None or section is None:
        return []
    facts = [
        ("resident", parts.rss_bytes, "RSS: shared pages count in each process"),
        ("its share", parts.pss_bytes, "PSS: a page that n processes share counts 1/n"),
        ("private", parts.private_bytes, "USS: what ending it would free"),
        ("anonymous", parts.anonymous_bytes, "heap, stacks and the like (share)"),
        ("files", parts.file_bytes, "mapped files (share)"),
        ("shared memory", parts.shmem_bytes, "tmpfs, memfd and shared mappings (share)"),
        ("huge pages", parts.huge_bytes, "of it in huge pages"),
        ("swapped out", parts.swap_bytes, ""),
        ("locked", parts.locked_bytes, ""),
    ]
    lines = [_row((label, bytes_text(size)), note, width, palette) for label, size, note in facts]
    return lines + _skipped(section.skipped, width, palette)


def _limits(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    uses, section = interval.limits, interval.newer.limits
    if uses is None or section is None:
        return []
    lines = []
    cpus, memory = cpu_limit(interval.newer), memory_limit(interval.newer)
    if cpus is not None:
        lines.append(_row(("CPUs", f"{cpus.cores:g}"), _set_by(cpus.by, cpus.where), width, palette))
    if memory is not None:
        lines.append(_row(("memory", bytes_text(memory.bytes)), _set_by(memory.by, memory.where), width, palette))
    score = f"score {section.oom_score}, adjusted by {section.oom_score_adj}"
    lines += _text(f"OOM killer: {score}", width, palette)
    known = [use for use in uses if use.used is not None and use.soft is not None]
    lines += [_limit_row(use, width, palette) for use in known]
    rest = [f"{use.name} {_limit_text(use, use.soft)}" for use in uses if use not in known and use.soft is not None]
    return lines + (_text(f"others: {', '.join(rest)}", width, palette) if rest else [])


def _set_by(by: str, where: str) -> str:
    return "all that the host has" if by == "host" else f"by its {by} ({where})"


def _limit_row(use: LimitUse, width: int, palette: Palette) -> Strip:
    ratio = use.ratio or 0.0
    note = f"{_limit_text(use, use.used)} of {_limit_text(use, use.soft)} {'' if use.unit == 'bytes' else use.unit}"
    near = f"{palette.glyphs.warning} " if ratio >= NEAR_RATIO else ""
    style = palette.warning if ratio >= NEAR_RATIO else palette.text
    return _row((use.name, ratio_text(ratio)), f"{near}{note.rstrip()}", width, palette, note_style=style)


def _limit_text(use: LimitUse, figure: int | None) -> str:
    if figure is None:
        return "unlimited"
    return bytes_text(figure) if use.unit == "bytes" else count_text(figure)


def _sockets(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    use, section = interval.sockets, interval.newer.sockets
    if use is None or section is None:
        return []
    lines = _text(", ".join(_socket_counts(section)), width, palette)
    if use.received_bytes_per_s is not None and use.acked_bytes_per_s is not None:
        traffic = f"TCP in {rate_text(use.received_bytes_per_s)}, out {rate_text(use.acked_bytes_per_s)}"
        traffic += ", but for connections that open and close between two looks"
        lines += _text(traffic, width, palette)
    for socket in use.sockets[:MAX_SOCKETS]:
        lines += _socket_lines(socket, width, palette)
    if use.total > MAX_SOCKETS:
        lines += _text(f"and {use.total - MAX_SOCKETS} more without worse trouble", width, palette)
    if section.hidden:
        why = f"{section.hidden} processes are not visible: {section.hidden_reason}; {section.hidden_remedy}"
        lines += _text(f"{palette.glyphs.unknown} {why}", width, palette, style=palette.warning)
    return lines + _skipped(section.skipped, width, palette)


def _socket_counts(section: SocketSection) -> Iterator[str]:
    yield f"{section.total} TCP and UDP"
    if section.unix is not None:
        texts = zip(section.unix.text("kind"), section.unix.text("state"), strict=True)
        for (kind, state), count in zip(texts, section.unix.ints("count"), strict=True):
            yield f"{count} unix {kind} {state}"


def _socket_lines(socket: SocketUse, width: int, palette: Palette) -> list[Strip]:
    degree, trouble = socket.trouble
    troubled = degree >= 1
    where = socket.local if socket.state == "listen" else f"{socket.local} {palette.glyphs.arrow} {socket.remote}"
    mark = f"{palette.glyphs.warning} {trouble}: " if troubled else ""
    state = "" if socket.state == "established" else f" {socket.state}"
    text = f"{mark}{socket.protocol} {where}{state}: {', '.join(_socket_facts(socket))}"
    return _text(text, width, palette, style=palette.warning if troubled else palette.text)


def _socket_facts(socket: SocketUse) -> Iterator[str]:
    if socket.state == "listen":
        yield f"{socket.receive_queue} of {socket.send_queue} wait to be accepted"
        return
    yield f"queued {bytes_text(socket.receive_queue)} in {bytes_text(socket.send_queue)} out"
    if socket.rtt_ms is not None:
        yield f"rtt {socket.rtt_ms:.2g} ms"
    for ratio, what in (
        (socket.rwnd_limited_ratio, "held by the receiver"),
        (socket.sndbuf_limited_ratio, "by its send buffer"),
        (socket.retransmits_ratio, "retransmitted"),
    ):
        if ratio:
            yield f"{ratio_text(ratio)} {what}"
    if socket.received_bytes_per_s or socket.acked_bytes_per_s:
        yield f"in {rate_text(socket.received_bytes_per_s or 0)} out {rate_text(socket.acked_bytes_per_s or 0)}"
    if socket.drops_per_s:
        yield f"drops {count_text(socket.drops_per_s)}/s"


def _delays(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    lines = []
    for use in interval.delays or ():
        times = "" if use.times_per_s is None else f"{count_text(use.times_per_s)} times a second"
        figure = f"{duration_text(use.seconds_per_s)}/s"
        lines.append(_row((DELAY_WORDS[use.reason], figure), times, width, palette, label_width=20))
    return lines


def _open_files(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    section = interval.newer.open_files
    if section is None:
        return []
    kinds = zip(section.kinds.text("kind"), section.kinds.ints("count"), strict=True)
    lines = _text(", ".join(f"{count} {kind}" for kind, count in kinds) or "none", width, palette)
    counts = list(section.processes.rows("open_files", "looked_at"))
    opened, looked_at = (sum(max(0, count[at]) for count in counts) for at in (0, 1))
    if looked_at < opened:
        lines += _text(f"of {opened} descriptors {looked_at} were looked at", width, palette)
    lines += _deleted(section, width, palette)
    return lines + _skipped(section.skipped, width, palette)


def _deleted(section: OpenFileSection, width: int, palette: Palette) -> list[Strip]:
    if not section.deleted_count:
        return []
    size = bytes_text(section.deleted_bytes)
    lines = _text(f"deleted files still open: {section.deleted_count}, {size} on disk", width, palette)
    rows = zip(section.deleted.rows("pid", "size_bytes"), section.deleted.text("path"), strict=True)
    for (pid, size_bytes), path in list(rows)[:MAX_DELETED]:
        lines.append(_row((f"pid {pid}", bytes_text(size_bytes)), path, width, palette))
    return lines


def _thread_io(interval: Interval, width: int, palette: Palette) -> list[Strip]:
    uses, section = interval.thread_io, interval.newer.thread_io
    if uses is None or section is None:
        return []
    busy = [use for use in uses if use.read_bytes_per_s or use.write_bytes_per_s][:MAX_THREADS]
    lines = [
        _row(
            (f"tid {use.tid}", rate_text(use.read_bytes_per_s + use.write_bytes_per_s)),
            f"read {rate_text(use.read_bytes_per_s)}, written {rate_text(use.write_bytes_per_s)}",
            width,
            palette,
        )
        for use in busy
    ]
    return (lines or _text("no thread moves anything to or from storage", width, palette)) + _skipped(
        section.skipped, width, palette, "threads"
    )


def _row(
    figures: Sequence[str],
    note: str,
    width: int,
    palette: Palette,
    *,
    label_width: int = LABEL_WIDTH,
    note_style: Style | None = None,
) -> Strip:
    label, figure = figures
    parts: list[Part] = [
        (INDENT + fit(label, label_width, ellipsis=palette.glyphs.ellipsis), palette.muted),
        (fit(figure, FIGURE_WIDTH, align="right"), palette.text),
        (
            elided(f"  {note}", max(0, width - len(INDENT) - label_width - FIGURE_WIDTH), palette),
            note_style or palette.text,
        ),
    ]
    return strip_of(parts, width, palette)


def _text(text: str, width: int, palette: Palette, *, style: Style | None = None) -> list[Strip]:
    """Wrapped; every line after the first stands further in."""
    lines = wrap(spelled(text, palette), max(1, width - 2 * len(INDENT)))
    return [
        strip_of([(INDENT * (2 if at else 1) + line, style or palette.text)], width, palette)
        for at, line in enumerate(lines)
    ]


def _skipped(count: int, width: int, palette: Palette, what: str = "processes") -> list[Strip]:
    return _text(f"{count} more {what} were not looked at", width, palette, style=palette.muted) if count else []
