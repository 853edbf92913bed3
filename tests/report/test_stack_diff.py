"""The comparison of stacks as text."""

import random
from collections import Counter

from perftui.analyze.stack_diff import compare
from perftui.report.layout import Page
from perftui.report.stack_diff import CRITERION, function_documents, stacks_document, stacks_text
from tests.bench.stack_diff import SECOND, costs, window, windows


def told(before: list[Counter[int]], after: list[Counter[int]]) -> str:
    sides = [[window(at * SECOND, 100, seen) for at, seen in enumerate(side)] for side in (before, after)]
    diff = compare(*sides)
    stacks = stacks_document(diff)
    assert stacks is not None
    page = Page()
    stacks_text(page, stacks, function_documents(diff))
    assert all(len(line) <= page.width for line in page.text().splitlines())
    return page.text()


def test_what_has_vanished_is_listed() -> None:
    text = told([Counter({0: 40, 1: 20, 2: 30})] * 20, [Counter({0: 40, 2: 30})] * 20)
    assert "better" in text
    assert "vanished  f1 program.py" in text
    assert "Stacks of A that B does not have" in text
    assert "main (program.py);part1 (program.py);f1 (program.py)" in text


def test_counts_alone_are_said_to_be_so() -> None:
    text = told([Counter({0: 40, 1: 20})], [Counter({0: 40, 1: 20})])
    assert "one window on a side: the intervals rest on counts alone" in " ".join(text.split())


def test_what_cannot_be_told_is_named() -> None:
    text = told([Counter({0: 40, 1: 20})] * 3, [Counter({0: 40, 1: 50})] * 3)
    assert "inconclusive" in text
    assert "Too few samples to tell\n  f1, f0" in text or "Too few samples to tell\n  f0, f1" in text


def test_those_that_call_what_grew_stand_apart() -> None:
    text = told([Counter({0: 40, 1: 20, 2: 30})] * 20, [Counter({0: 40, 1: 20, 2: 60})] * 20)
    own, _, callers = text.partition("Functions that only call them")
    assert "grew  f2 program.py" in own
    assert "part2 program.py" in callers
    assert "main program.py" in callers


def test_no_stacks_no_document() -> None:
    assert stacks_document(compare([], [])) is None


def test_the_criterion_has_its_figures() -> None:
    chance = random.Random(1)
    stacks = stacks_document(compare(windows(chance, costs(), count=10), windows(chance, costs(), count=10)))
    assert stacks is not None
    assert stacks.criterion == CRITERION
    assert "1 point and 5%" in CRITERION
    assert "99.9%" in CRITERION
