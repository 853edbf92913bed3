"""Stacks of two sides compared, as documents and as plain text."""

import posixpath

from perftui.analyze.stack_diff import StackDiff
from perftui.analyze.stack_judge import LEAST_PART, LEAST_RATIO, TAIL, Change
from perftui.report.layout import Page, clipped, tail_of
from perftui.report.stack_documents import (
    ChangeDoc,
    DiffFunctionDoc,
    DiffStacksDoc,
    StackSideDoc,
    VanishedStackDoc,
)

CRITERION = (
    f"a function has changed when its time differs by more than {100 * LEAST_RATIO:g} point and {LEAST_PART:.0%} from "
    "what the change of all others would make it, and by more than a bootstrap over blocks of windows explains "
    f"({1 - TAIL:.1%}, all functions together)"
)
MOST_SHOWN = 20
_STYLES = {"worse": "warning", "better": "good", "unchanged": "good", "inconclusive": "heading"}


def stacks_document(diff: StackDiff) -> DiffStacksDoc | None:
    """None when no stacks were sampled on either side."""
    if not diff.before.windows and not diff.after.windows:
        return None
    before, after = (
        StackSideDoc(windows=side.windows, seconds=side.seconds, looks=side.looks, cores=side.cores)
        for side in (diff.before, diff.after)
    )
    return DiffStacksDoc(
        verdict=diff.verdict,
        reason=diff.reason,
        view=diff.view,
        basis=diff.basis,
        common_ratio=diff.common_ratio,
        a=before,
        b=after,
        criterion=CRITERION,
        vanished=tuple(
            VanishedStackDoc(
                stack=";".join(_frame(function, file) for function, file in stack.path),
                before_cores=stack.before_cores,
                before_ratio=stack.before_ratio,
            )
            for stack in diff.vanished
        ),
    )


def function_documents(diff: StackDiff) -> tuple[DiffFunctionDoc, ...]:
    """Those that have changed first."""
    return tuple(
        DiffFunctionDoc(
            function=function.function, file=function.file, own=_change(function.own), total=_change(function.total)
        )
        for function in diff.functions
    )


def changed(change: ChangeDoc) -> bool:
    """Beyond noise."""
    return change.verdict not in ("alike", "too few samples")


def stacks_text(page: Page, stacks: DiffStacksDoc, functions: tuple[DiffFunctionDoc, ...]) -> None:
    """The verdict and why, then functions and stacks."""
    page.heading("Stacks")
    page.paragraph(f"{stacks.verdict}: {stacks.reason}", style=_STYLES[stacks.verdict])
    unit = "cores" if stacks.view == "cpu" else "threads"
    page.paragraph(
        f"{stacks.a.cores:.2f} {unit} in A ({_sampled(stacks.a)}), {stacks.b.cores:.2f} in B ({_sampled(stacks.b)})"
        + ("; one window on a side: the intervals rest on counts alone" if stacks.basis == "counts" else "")
    )
    own = [function for function in functions if changed(function.own)]
    callers = [function for function in functions if changed(function.total) and not changed(function.own)]
    unsure = [function for function in functions if function.own.verdict == "too few samples"]
    if own:
        page.heading(f"Functions that changed ({unit} in A, B; % in A, B; points beyond the rest)")
        page.columns([_row(one, one.own) for one in own[:MOST_SHOWN]], right=frozenset(range(2, 7)))
    if callers:
        page.heading("Functions that only call them (with all that they call)")
        page.columns([_row(one, one.total) for one in callers[:MOST_SHOWN]], right=frozenset(range(2, 7)))
    if unsure:
        page.heading("Too few samples to tell")
        page.paragraph(", ".join(one.function for one in unsure))
    if stacks.vanished:
        page.heading("Stacks of A that B does not have")
        for stack in stacks.vanished:
            page.line(f"  {stack.before_ratio:6.1%}  {tail_of(stack.stack, page.width - 10)}")


def _sampled(side: StackSideDoc) -> str:
    return f"{side.looks:.0f} looks in {side.seconds:.0f} s"


def _row(function: DiffFunctionDoc, change: ChangeDoc) -> tuple[str, ...]:
    interval = ""
    if change.low_ratio is not None and change.high_ratio is not None:
        interval = f"({100 * change.low_ratio:+.1f}…{100 * change.high_ratio:+.1f})"
    return (
        change.verdict,
        clipped(f"{function.function} {posixpath.basename(function.file)}".rstrip(), 22),
        f"{change.before_cores:.2f}",
        f"{change.after_cores:.2f}",
        f"{100 * change.before_ratio:.1f}",
        f"{100 * change.after_ratio:.1f}",
        f"{100 * change.change_ratio:+.1f}",
        interval,
    )


def _change(change: Change) -> ChangeDoc:
    return ChangeDoc(**{name: getattr(change, name) for name in change.__struct_fields__})


def _frame(function: str, file: str) -> str:
    return f"{function} ({file})" if file else function
