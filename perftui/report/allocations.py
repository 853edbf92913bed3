"""Who allocates, as a document and as text."""

from collections.abc import Iterator

from perftui.model.allocations import Allocations, AllocationView, allocators, as_profile, folded
from perftui.model.target import Target
from perftui.model.units import bytes_text, count_text, duration_text, ratio_text
from perftui.profile.tree import Node, build
from perftui.report.build import target_document
from perftui.report.documents import AllocationsDocument, AllocationStackDoc, AllocationViewDoc, AllocatorDoc
from perftui.report.layout import Page, clipped, tail_of

FUNCTIONS_SHOWN = 10
LINES_SHOWN = 30
LEAST_SHARE = 0.001
"""A function that asked for less than this part of all bytes is left out."""
LEAST_RATIO = 0.02
"""So is a branch of the flame."""
DEEPEST_INDENT = 24


def allocations_document(found: Allocations, target: Target) -> AllocationsDocument:
    return AllocationsDocument(
        target=target_document(target),
        tool=found.tool,
        seconds=found.seconds,
        held=_view(found.held),
        peak=_view(found.peak),
    )


def allocations_text(found: Allocations, target: Target, *, color: bool = False) -> str:
    """The answer for what is still held, and for the peak where that is something else; ends in a newline."""
    page = Page(color=color)
    page.line(f"{bytes_text(found.held.size_bytes)} taken and not given back, {_in(found)}", "heading")
    page.line(f"process {found.pid}: {target.command}")
    _section(page, "Still held at the end", found.held)
    _section(page, "Live at the peak", found.peak)
    page.line()
    page.paragraph(
        "Only what was asked for while memray looked on. Objects of up to 512 bytes share larger blocks, which count "
        "where a new one was needed. `--collapsed held` prints all stacks for a flame graph.",
        indent=0,
        style="dim",
    )
    return page.text()


def _in(found: Allocations) -> str:
    return f"{bytes_text(found.peak.size_bytes)} at the peak, in {duration_text(found.seconds)} ({found.tool})"


def _section(page: Page, title: str, view: AllocationView) -> None:
    if not view.stacks:
        page.heading(f"{title}: nothing")
        return
    page.heading(f"{title}: {bytes_text(view.size_bytes)} in {count_text(view.allocations)} allocations")
    functions = [one for one in allocators(view) if one.self_bytes >= view.size_bytes * LEAST_SHARE][:FUNCTIONS_SHOWN]
    page.columns(
        [
            (
                ratio_text(one.self_bytes / view.size_bytes),
                bytes_text(one.self_bytes),
                f"{count_text(one.allocations)} ×",
                clipped(one.function, 32),
                tail_of(f"{one.file}:{one.line}", 30) if one.file else "",
            )
            for one in functions
        ],
        right=frozenset({0, 1, 2}),
    )
    page.line()
    root = build(as_profile(view), view="wall")
    lines = [line for child in root.children for line in _flame(child, max(root.total, 1), 0)]
    for line in lines[:LINES_SHOWN]:
        page.line(line)
    if len(lines) > LINES_SHOWN:
        page.line(f"  … {len(lines) - LINES_SHOWN} more lines", "dim")


def _flame(node: Node, whole: float, depth: int) -> Iterator[str]:
    """The branch from here on, in the order of its bytes."""
    if node.total / whole < LEAST_RATIO:
        return
    place = f" ({tail_of(f'{node.file}:{node.line}', 36)})" if node.file else ""
    indent = " " * min(depth, DEEPEST_INDENT)
    yield f"  {ratio_text(node.total / whole):>6} {bytes_text(node.total):>6} {indent}{node.function}{place}"
    for child in node.children:
        yield from _flame(child, whole, depth + 1)


def _view(view: AllocationView) -> AllocationViewDoc:
    return AllocationViewDoc(
        size_bytes=view.size_bytes,
        allocations=view.allocations,
        functions=tuple(
            AllocatorDoc(
                function=one.function,
                file=one.file,
                line=one.line,
                self_bytes=one.self_bytes,
                total_bytes=one.total_bytes,
                allocations=one.allocations,
            )
            for one in allocators(view)
        ),
        stacks=tuple(
            AllocationStackDoc(size_bytes=stack.size_bytes, allocations=stack.allocations, stack=folded(stack))
            for stack in view.stacks
        ),
    )
