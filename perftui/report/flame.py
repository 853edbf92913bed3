"""Where the time goes by function and by call, as a document and as text."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from perftui.model.profile import StackProfile
from perftui.model.profile_views import hot_functions
from perftui.model.units import ratio_text
from perftui.profile.formats.about import About, amount_text
from perftui.profile.formats.weigh import NO_THREAD, ThreadId, in_view, thread_names
from perftui.profile.tree import Node, build
from perftui.report.flame_documents import (
    FlameDocument,
    FlameFrameDoc,
    FlameFunctionDoc,
    FlameStackDoc,
    FlameThreadDoc,
)
from perftui.report.layout import Page, clipped, tail_of

FUNCTIONS = 20
FUNCTIONS_SHOWN = 12
LEAST_SHARE = 0.001
LINES_SHOWN = 40
LEAST_RATIO = 0.02
"""A branch of the tree with less than this part of all is left out."""
DEEPEST_INDENT = 30


class Flame(msgspec.Struct, frozen=True, kw_only=True):
    """Stacks to be shown. ``source`` is live, recording, or the format of a foreign file.

    ``left_out`` counts windows that were looked at in a way that does not fit these.
    """

    profile: StackProfile
    about: About
    source: str
    knows_cpu: bool = True
    left_out: int = 0


def flame_document(flame: Flame) -> FlameDocument:
    profile, about = flame.profile, flame.about
    timed = profile.ended_ns > profile.started_ns
    return FlameDocument(
        source=flame.source,
        target=about.title,
        view=about.view,
        unit=about.unit,
        sampler=profile.sampler,
        mode=profile.mode,
        rate_hz=profile.rate_hz,
        since=_utc(about.wall_ns) if about.wall_ns else None,
        seconds=profile.seconds if timed else None,
        coverage_ratio=profile.coverage_ratio if timed else None,
        windows_left_out=flame.left_out,
        samples=profile.samples,
        on_cpu=profile.on_cpu if flame.knows_cpu else None,
        threads=_threads(flame),
        functions=_functions(flame, FUNCTIONS),
        frames=tuple(
            FlameFrameDoc(function=frame.function, file=frame.file, line=frame.line) for frame in profile.frames
        ),
        stacks=tuple(
            FlameStackDoc(
                pid=row.pid,
                tid=row.tid,
                frames=profile.stacks[row.stack],
                samples=row.samples,
                on_cpu=row.on_cpu if flame.knows_cpu else None,
            )
            for row in profile.rows
        ),
    )


def _threads(flame: Flame) -> tuple[FlameThreadDoc, ...]:
    """The one with most samples first."""
    samples: dict[ThreadId, int] = defaultdict(int)
    on_cpu: dict[ThreadId, float] = defaultdict(float)
    for row in flame.profile.rows:
        samples[row.pid, row.tid] += row.samples
        on_cpu[row.pid, row.tid] += row.on_cpu
    names = thread_names(flame.profile)
    return tuple(
        FlameThreadDoc(
            pid=thread[0],
            tid=thread[1],
            name=names[thread],
            samples=samples[thread],
            on_cpu=on_cpu[thread] if flame.knows_cpu else None,
        )
        for thread in sorted(samples, key=lambda thread: -samples[thread])
    )


def _functions(flame: Flame, limit: int) -> tuple[FlameFunctionDoc, ...]:
    hot = hot_functions(in_view(flame.profile, flame.about.view), limit)
    return tuple(msgspec.convert(function, FlameFunctionDoc, from_attributes=True) for function in hot)


def flame_text(flame: Flame, *, color: bool = False) -> str:
    """The functions with most by themselves, and the tree of calls below; ends in a newline."""
    page = Page(color=color)
    root = build(flame.profile, view=flame.about.view)
    page.line(flame.about.title or flame.source, "heading")
    page.paragraph(_facts(flame, root), indent=0)
    page.heading("Functions (alone, with callees)")
    page.columns(
        [
            (
                ratio_text(function.self_ratio),
                ratio_text(function.total_ratio),
                clipped(function.function, 34),
                tail_of(_place(function.file, function.line), 30),
            )
            for function in _functions(flame, FUNCTIONS_SHOWN)
            if function.total_ratio >= LEAST_SHARE
        ],
        right=frozenset({0, 1}),
    )
    page.heading("Calls (with callees, alone)")
    lines = [_line(node, depth, root) for node, depth in _hot_path(root)]
    for line in lines[:LINES_SHOWN]:
        page.line(line)
    if len(lines) > LINES_SHOWN:
        page.line(f"  … {len(lines) - LINES_SHOWN} more lines of {ratio_text(LEAST_RATIO)} or more", "dim")
    return page.text()


def _facts(flame: Flame, root: Node) -> str:
    about, profile = flame.about, flame.profile
    what = "" if about.unit == "bytes" else "on a CPU" if about.view == "cpu" else "waiting included"
    parts = [f"{amount_text(root.total, about.unit)} {what}".rstrip()]
    threads = len(thread_names(profile).keys() - {NO_THREAD})
    if threads:
        parts.append(f"{threads} thread{'' if threads == 1 else 's'}")
    if about.unit == "samples" and profile.covered_ns:
        parts.append(f"{profile.seconds:.1f} s at {profile.rate_hz:g} Hz, {profile.coverage_ratio:.0%} covered")
    if flame.left_out:
        parts.append(f"{flame.left_out} window{'' if flame.left_out == 1 else 's'} of another mode left out")
    return " · ".join([*parts, profile.sampler])


def _hot_path(root: Node) -> Iterator[tuple[Node, int]]:
    """Every node that is worth a line, callers first and the heaviest branch first. No step recurses."""
    waiting = [(root, -1)]
    while waiting:
        node, depth = waiting.pop()
        if depth >= 0:
            yield node, depth
        worth = [(child, depth + 1) for child in node.children if child.total >= LEAST_RATIO * root.total]
        waiting.extend(reversed(worth))


def _line(node: Node, depth: int, root: Node) -> str:
    place = _place(node.file, node.line)
    alone = ratio_text(node.self_value / root.total) if node.self_value else ""
    indent = " " * min(depth, DEEPEST_INDENT)
    return f"  {ratio_text(node.total / root.total):>6} {alone:>6} {indent}{node.function}" + (
        f" ({tail_of(place, 36)})" if place else ""
    )


def _place(file: str, line: int) -> str:
    return f"{file}:{line}" if file and line else file


def _utc(wall_ns: int) -> str:
    return datetime.fromtimestamp(wall_ns / 1e9, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
