"""A flame graph as one SVG file that any browser opens, without anything from elsewhere.

Without scripts it is a picture with tooltips; with them it zooms, searches and can be walked by keys. The root is at
the top, as on perftui's screen. Every foreign text is escaped.
"""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import nlargest
from html import escape
from importlib.resources import files
from typing import NamedTuple

from perftui import __version__
from perftui.host.text import visible
from perftui.model.profile import StackProfile
from perftui.profile.formats.about import About, amount_text
from perftui.profile.tree import Node, build

NAME = "svg"
SUFFIX = ".svg"

WIDTH = 1200
LEAST_PX = 0.1
"""A frame that would be narrower is left out, with all that it calls."""
MOST_FRAMES = 50_000
"""Of more, the widest are drawn: a browser takes some seconds for these."""

_MARGIN, _HEADER, _ROW, _FOOTER = 12, 84, 18, 34
_CHAR_PX = 6.65
"""The width of a letter of 11 px in a monospaced font."""

_KINDS = {"own": (34, 92, 66), "library": (204, 62, 74), "native": (268, 45, 79), "all": (220, 12, 84)}
"""Hue, saturation and lightness: what one can change, what one calls, and what is not Python."""
_LIBRARY = ("site-packages/", "dist-packages/", "/lib/python", "<frozen ", "<string>")

_STYLE = """
svg { background: #fcfbf9; font: 12px ui-sans-serif, system-ui, sans-serif; fill: #23262d; }
.f text { font: 11px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; pointer-events: none; }
.f rect { stroke: #fcfbf9; stroke-width: .6; }
.f { cursor: pointer; }
.f:hover rect, .f:focus rect { stroke: #23262d; stroke-width: 1.4; }
.f:focus { outline: none; }
.passed rect { opacity: .45; }
.found rect { fill: #e0218a; }
.found text { fill: #fff; }
.title { font-size: 17px; font-weight: 600; }
.dim { fill: #6b7280; }
.detail { font: 12px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.button { cursor: pointer; fill: #2563a8; }
.button:focus { outline: 1px solid #2563a8; }
"""


class _Box(NamedTuple):
    """One frame on the drawing; ``parent`` is the index of another."""

    node: Node
    parent: int
    depth: int
    x: float
    width: float


def write(profile: StackProfile, about: About) -> bytes:
    root = build(profile, view=about.view)
    boxes = _kept(list(_boxes(root)))
    rows = 1 + max(box.depth for box in boxes)
    height = _HEADER + rows * _ROW + _FOOTER
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'role="figure" aria-label="{escape(visible(f"Flame graph: {about.title}"))}">\n<style>{_STYLE}</style>\n',
        *_header(profile, about, root),
        '<g id="frames">\n',
        *(_frame(box, root, about) for box in boxes),
        "</g>\n",
        f'<text id="detail" class="detail" x="{_MARGIN}" y="{height - 13}"> </text>\n',
        f"<script><![CDATA[\n{_script()}]]></script>\n</svg>\n",
    ]
    return "".join(parts).encode("utf-8", "replace")


def _script() -> str:
    return files(__package__).joinpath("flame.js").read_text("utf-8")


def _boxes(root: Node) -> Iterator[_Box]:
    """Parents before their children; no step recurses, whatever the depth."""
    scale = (WIDTH - 2 * _MARGIN) / root.total if root.total else 0.0
    waiting = [_Box(root, 0, 0, float(_MARGIN), float(WIDTH - 2 * _MARGIN))]
    number = 0
    while waiting:
        box = waiting.pop()
        yield box
        x = box.x
        children = []
        for child in box.node.children:
            width = child.total * scale
            if width >= LEAST_PX:
                children.append(_Box(child, number, box.depth + 1, x, width))
            x += width
        waiting.extend(reversed(children))
        number += 1


def _kept(boxes: list[_Box]) -> list[_Box]:
    """The widest of them. A caller is as wide as what it calls or wider, and stands before it: none loses its own."""
    if len(boxes) <= MOST_FRAMES:
        return boxes
    widest = sorted(nlargest(MOST_FRAMES, range(len(boxes)), key=lambda at: (boxes[at].width, -at)))
    place = {at: new for new, at in enumerate(widest)}
    return [boxes[at]._replace(parent=place[boxes[at].parent]) for at in widest]


def _header(profile: StackProfile, about: About, root: Node) -> Iterator[str]:
    right = WIDTH - _MARGIN
    yield f'<text class="title" x="{_MARGIN}" y="28">{_text(about.title or "Flame graph", 110)}</text>\n'
    yield f'<text class="dim" x="{_MARGIN}" y="48">{_text(_facts(profile, about, root), 170)}</text>\n'
    x = _MARGIN
    for kind, label in (("own", "your code"), ("library", "libraries"), ("native", "native or without a file")):
        yield f'<rect x="{x}" y="60" width="11" height="11" rx="2" fill="{_colour(kind, 0)}"/>'
        yield f'<text class="dim" x="{x + 16}" y="70">{label}</text>\n'
        x += 40 + 7 * len(label)
    yield f'<text id="matched" x="{right}" y="48" text-anchor="end"> </text>\n'
    yield (
        f'<text class="dim" x="{right}" y="28" text-anchor="end">perftui {escape(__version__)}</text>\n'
        f'<g id="buttons" visibility="hidden"><text id="search" class="button" role="button" tabindex="0" '
        f'x="{right - 60}" y="70" text-anchor="end">Search (/)</text><text id="reset" class="button" role="button" '
        f'tabindex="0" x="{right}" y="70" text-anchor="end">Reset</text></g>\n'
    )


def _facts(profile: StackProfile, about: About, root: Node) -> str:
    parts = ["time on a CPU" if about.view == "cpu" else "all time, waiting included"]
    if about.unit == "bytes":
        parts = ["bytes"]
    parts.append(amount_text(root.total, about.unit))
    if about.unit == "samples" and profile.covered_ns:
        parts.append(f"{profile.seconds:.1f} s at {profile.rate_hz:g} Hz")
        parts.append(f"{profile.coverage_ratio:.0%} covered")
    if about.wall_ns:
        parts.append(datetime.fromtimestamp(about.wall_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"))
    return " · ".join([*parts, profile.sampler])


def _frame(box: _Box, root: Node, about: About) -> str:
    node = box.node
    y = _HEADER + box.depth * _ROW
    whole = root.total or 1.0
    place = f"{node.file}:{node.line}" if node.file and node.line else node.file
    share = f"{node.total / whole:.2%}, {amount_text(node.total, about.unit)}; itself {node.self_value / whole:.2%}"
    title = "\n".join(escape(visible(line)) for line in (node.function, place, share) if line)
    kind = "all" if box.depth == 0 else _kind(node)
    return (
        f'<g class="f" data-p="{box.parent}"><title>{title}</title>'
        f'<rect x="{box.x:.2f}" y="{y}" width="{box.width:.2f}" height="{_ROW - 1}" rx="2" '
        f'fill="{_colour(kind, zlib.crc32(node.function.encode("utf-8", "replace")))}"/>'
        f'<text x="{box.x + 4:.2f}" y="{y + 12}">{_text(node.function, int((box.width - 8) / _CHAR_PX))}</text></g>\n'
    )


def _kind(node: Node) -> str:
    if not node.file or not node.file.endswith((".py", ".pyx", ">")):
        return "native"
    return "library" if any(part in node.file for part in _LIBRARY) else "own"


def _colour(kind: str, seed: int) -> str:
    """Functions side by side are told apart by a shade; each has its own on every drawing."""
    hue, saturation, lightness = _KINDS[kind]
    if kind == "all":
        return f"hsl({hue},{saturation}%,{lightness}%)"
    return f"hsl({hue + seed % 25 - 12},{saturation}%,{lightness + seed // 25 % 11 - 5}%)"


def _text(text: str, room: int) -> str:
    """As many letters as fit; nothing where that would be one or two."""
    if len(text) > room:
        text = f"{text[: room - 1]}…" if room >= 3 else ""
    return escape(visible(text))
