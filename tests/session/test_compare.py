"""Two ranges side by side."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from perftui.errors import NotDeliverable
from perftui.report.diff import diff_text
from perftui.report.documents import DiffDocument
from perftui.session import SessionOptions
from perftui.session.compare import Side, compare
from perftui.store.recording import Recording
from tests.bench.stack_diff import costs, windows
from tests.session.tapes import START, host_sample, write
from tests.store.support import SECOND


def jittering(second: int) -> int:
    """Busy ticks of a CPU that is a quarter busy for 200 s, then nine tenths; each second differs a little."""
    return sum((25 if at < 200 else 90) + at * 7 % 5 for at in range(second))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    path: Path = tmp_path_factory.mktemp("compare") / "r"
    opened = write(path, range(400), lambda second: host_sample(second, jittering(second)))
    yield opened
    opened.close()


def side(recording: Recording, since: int, until: int) -> Side:
    return Side(f"r@{since}", recording, START + since * SECOND, START + until * SECOND, SessionOptions())


@pytest.fixture(scope="module")
def changed(recording: Recording) -> DiffDocument:
    return compare(side(recording, 20, 180), side(recording, 220, 380))


def test_what_has_changed_is_told_from_what_only_jitters(changed: DiffDocument) -> None:
    by_name = {metric.name: metric for metric in changed.metrics}
    cpu = by_name["cpu"]
    assert cpu.verdict == "higher"
    assert cpu.a is not None
    assert cpu.b is not None
    assert cpu.a.median == pytest.approx(0.27)
    assert cpu.b.median == pytest.approx(0.92)
    assert cpu.change_pct == pytest.approx(100 * (0.92 - 0.27) / 0.27, rel=0.01)
    assert by_name["memory"].verdict == "alike"
    assert (changed.a.samples, changed.b.samples) == (161, 161)


def test_two_ranges_of_the_same_kind_are_alike(recording: Recording) -> None:
    document = compare(side(recording, 20, 100), side(recording, 100, 180))
    assert {metric.verdict for metric in document.metrics} == {"alike"}
    assert all(finding.verdict == "alike" for finding in document.findings)
    assert diff_text(document).startswith("Nothing has changed beyond noise.\n")


def test_a_range_without_two_samples_is_said(recording: Recording) -> None:
    with pytest.raises(NotDeliverable, match="r@7"):
        compare(side(recording, 7, 7), side(recording, 100, 180))


def test_a_short_range_says_nothing_of_its_noise(recording: Recording) -> None:
    document = compare(side(recording, 20, 23), side(recording, 220, 380))
    assert {metric.verdict for metric in document.metrics} == {"unknown"}


def test_the_text_has_the_change_first_and_the_criterion_last(changed: DiffDocument) -> None:
    lines = diff_text(changed).splitlines()
    assert lines[0].startswith("Changed: ")
    row = next(line for line in lines if line.startswith("  +  cpu "))
    assert "27 %" in row
    assert "92 %" in row
    assert "spreads" in "".join(lines[-4:])
    assert all(len(line) <= 80 for line in lines)


@pytest.fixture(scope="module")
def slower(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    """A window of stacks a second; after a minute and a half one function does more."""
    chance = random.Random(4)
    path: Path = tmp_path_factory.mktemp("compare") / "slower"
    profiles = [*windows(chance, costs(), count=90), *windows(chance, costs(6), count=90, began_ns=100 * SECOND)]
    opened = write(path, range(180), profiles=lambda second: (profiles[second],))
    yield opened
    opened.close()


def test_the_function_that_takes_more_is_named(slower: Recording) -> None:
    document = compare(side(slower, 10, 70), side(slower, 110, 170))
    assert document.stacks is not None
    assert document.stacks.verdict == "worse", document.stacks.reason
    assert document.stacks.a.windows == 61
    first = document.functions[0]
    assert (first.function, first.own.verdict) == ("f6", "grew")
    assert first.own.low_ratio is not None
    assert first.own.low_ratio > 0
    lines = diff_text(document).splitlines()
    assert lines[0].endswith("1 function.")
    assert any(line.startswith("  worse: f6 grew") for line in lines)
    row = next(line for line in lines if line.startswith("  grew  f6 program.py"))
    assert f"{100 * first.own.change_ratio:+.1f}" in row
    assert all(len(line) <= 80 for line in lines)


def test_stacks_of_one_kind_are_alike(slower: Recording) -> None:
    document = compare(side(slower, 0, 44), side(slower, 45, 89))
    assert document.stacks is not None
    assert document.stacks.verdict == "unchanged", document.stacks.reason
    assert diff_text(document).startswith("Nothing has changed beyond noise.\n")


def test_without_stacks_nothing_is_said_of_them(changed: DiffDocument) -> None:
    assert (changed.stacks, changed.functions) == (None, ())
    assert "Stacks" not in diff_text(changed)
