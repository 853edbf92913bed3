"""Stacks that cannot be right: counted in invented ones, and found in real ones that are known to be bad."""

import sys
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.profile import Frame, Mode, StackProfile, StackRow
from perftui.profile.truth import MOST_THREADS, TruthMeter, exact_rate_hz
from tests.profile.children import python_child, pythons
from tests.profile.test_pyspy import collect, sampling

TINY_AND_DEEP = """
source = ""
for way in range(12):
    source += f"def end{way}(): return 1\\n"
    for step in range(12):
        source += f"def f{way}_{step}(): return {f'f{way}_{step + 1}' if step < 11 else f'end{way}'}()\\n"
exec(source)
ways = [globals()[f"f{way}_0"] for way in range(12)]
print("up", flush=True)
while True:
    for way in ways: way()
"""
REALISTIC = """
import hashlib, json, re, time
def encode(rows): return json.dumps(rows, indent=1, default=str)
def digest(text): return hashlib.sha256(text.encode() * 50).hexdigest()
def match(text): return len(re.findall(r"(\\w+)@(\\w+)", text))
def total(rows): return sum(sum(i * i for i in range(300)) for _ in rows)
def handle(rows):
    text = encode(rows)
    return digest(text), match(text), total(rows)
rows = [{"user": f"u{i}@host", "n": list(range(20))} for i in range(60)]
print("up", flush=True)
while True:
    handle(rows)
    time.sleep(0.002)
"""


def window(mode: Mode, *stacks: tuple[Sequence[str], int]) -> StackProfile:
    names = sorted({name for stack, _ in stacks for name in stack})
    return StackProfile(
        sampler="py-spy",
        rate_hz=100.0,
        started_ns=0,
        ended_ns=10**9,
        covered_ns=10**9,
        attempts=100,
        frames=tuple(Frame(function=name) for name in names),
        stacks=tuple(tuple(names.index(name) for name in stack) for stack, _ in stacks),
        rows=tuple(
            StackRow(pid=1, tid=1, stack=at, samples=samples, on_cpu=0.0) for at, (_, samples) in enumerate(stacks)
        ),
        mode=mode,
    )


def test_nothing_is_known_before_an_exact_look() -> None:
    meter = TruthMeter()
    assert not meter.due(1)
    meter.judge(window("nonblocking", ("ab", 10)))

    assert meter.suspect_ratio is None
    assert meter.due(1)


def test_calls_that_no_exact_look_has_are_suspect() -> None:
    meter = TruthMeter()
    meter.learn(window("exact", ("ab", 10), ("abc", 10)))
    meter.judge(window("nonblocking", ("abc", 60), ("ac", 30), ("b", 10)))

    assert meter.suspect_ratio == pytest.approx(0.4)


def test_what_exact_looks_have_not_seen_either_is_not_suspect() -> None:
    meter = TruthMeter()
    meter.learn(window("exact", ("ab", 18), ("ac", 1), ("ad", 1)))  # one look in ten is news
    meter.judge(window("nonblocking", ("ab", 90), ("ae", 10)))
    assert meter.suspect_ratio == 0.0

    meter.learn(window("exact", ("a", 1), *[(f"a{n}", 1) for n in range(9)]))
    meter.judge(window("nonblocking", ("ab", 90), ("ae", 10)))
    assert meter.suspect_ratio is None  # more than a quarter is


def by_the_book(windows: Sequence[StackProfile]) -> float:
    """The part of the looks with a call that no other look has."""
    looks: list[set[tuple[str, str]]] = []
    for found in windows:
        for row in found.rows:
            names = ["", *(found.frames[at].function for at in found.stacks[row.stack])]
            looks += [set(pairwise(names))] * row.samples
    seen = Counter(call for calls in looks for call in calls)
    return sum(any(seen[call] == 1 for call in calls) for calls in looks) / len(looks)


@given(
    st.lists(st.lists(st.tuples(st.text("abcdef", min_size=1, max_size=5), st.integers(1, 30)), min_size=1), min_size=1)
)
def test_news_are_counted_window_by_window(stacks: list[list[tuple[str, int]]]) -> None:
    windows = [window("exact", *some) for some in stacks]
    meter = TruthMeter()
    for found in windows:
        meter.learn(found)
    meter.judge(window("nonblocking", ("xyz", 1)))
    news = by_the_book(windows)
    assert meter.suspect_ratio == (None if news > 0.25 else pytest.approx(1.0))
    assert len(meter._news) == round(news * meter._looks)


def test_what_is_learned_is_bounded() -> None:
    meter = TruthMeter()
    for start in range(0, 12_000, 3_000):
        names = [f"{at}" for at in range(start, start + 3_000)]
        meter.learn(
            msgspec.structs.replace(
                window("exact", *((("main",), 1) for _ in names)),
                frames=tuple(Frame(function=name) for name in names),
                stacks=tuple((at,) for at in range(3_000)),
            )
        )
        assert len(meter._edges) == 2_000


def test_exact_looks_come_ever_more_seldom_while_stacks_look_suspect() -> None:
    meter = TruthMeter()
    meter.learn(window("exact", ("ab", 20)))
    meter.judge(window("nonblocking", ("ab", 50), ("b", 50)))
    begun = []
    for now in range(0, 4000 * 10**9, 10**9):
        if meter.due(now):
            meter.begun(now)
            begun.append(now // 10**9)
    assert begun[:4] == [0, 30, 90, 210]
    assert begun[-1] - begun[-2] == 600

    meter.learn(window("exact", ("ab", 10), ("b", 10)))
    meter.judge(window("nonblocking", ("ab", 50), ("b", 50)))
    assert meter.suspect_ratio == 0.0
    assert not meter.due(10**15)


def test_the_rate_of_an_exact_window_falls_with_the_threads() -> None:
    rates = [exact_rate_hz(threads) for threads in range(1, MOST_THREADS + 1)]

    assert rates[0] == 100
    assert rates[-1] == 20
    assert rates == sorted(rates, reverse=True)


def judged(python: str, program: str) -> tuple[float, list[StackProfile]]:
    """The suspect ratio of a real program after some exact windows, and the other windows that it is of."""
    meter = TruthMeter()
    with python_child(python, program) as process:
        with sampling(process.pid, mode="exact") as sampler:
            for found in collect(sampler, windows=2):  # two seconds each
                meter.learn(found)
        with sampling(process.pid) as sampler:
            windows = collect(sampler, windows=4)
    for found in windows:
        meter.judge(found)
    assert meter.suspect_ratio is not None
    return meter.suspect_ratio, windows


def impossible_ratio(windows: list[StackProfile]) -> float:
    """The part of the looks with a stack that ``TINY_AND_DEEP`` cannot have: it goes one way, step by step."""
    wrong = looks = 0
    for found in windows:
        for row in found.rows:
            names = [found.frames[at].function for at in found.stacks[row.stack]]
            way = names[1].partition("_")[0] if len(names) > 1 else "f0"
            steps = ["<module>", *(f"{way}_{step}" for step in range(12)), way.replace("f", "end")]
            wrong += row.samples if names != steps[: len(names)] else 0
            looks += row.samples
    return wrong / looks


@pytest.mark.parametrize("python", pythons())
def test_tiny_deep_calls_come_out_mixed_and_that_is_told(python: str) -> None:
    suspect_ratio, windows = judged(python, TINY_AND_DEEP)

    assert suspect_ratio == pytest.approx(impossible_ratio(windows), abs=0.2)


def test_a_realistic_mix_comes_out_nearly_right() -> None:
    suspect_ratio, _ = judged(sys.executable, REALISTIC)

    assert suspect_ratio < 0.15
