"""Which functions changed, told from noise."""

import random
from collections import Counter
from collections.abc import Sequence
from statistics import stdev

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.analyze.stack_diff import StackDiff, changed, compare
from perftui.analyze.stack_judge import LEAST_RATIO, TAIL, Change
from perftui.analyze.stack_paths import PathChange, changes_by_path
from perftui.analyze.stack_side import BLOCKS, Known
from perftui.model.profile import Frame, StackProfile, StackRow, merge
from perftui.stats.student import two_sided
from tests.bench.stack_diff import FUNCTIONS, alike, costs, moved, moved_in_total, planted, window, windows

SECOND = 1_000_000_000


def own(diff: StackDiff) -> dict[str, Change]:
    return {function.function: function.own for function in diff.functions}


def steady(seen: dict[int, int], count: int = 20, attempts: int = 100) -> list[StackProfile]:
    """Windows that are all the same but for their time."""
    return [window(at * SECOND * attempts // 100, attempts, Counter(seen)) for at in range(count)]


def scaled(profiles: Sequence[StackProfile], factor: int) -> list[StackProfile]:
    """Looked at ``factor`` times as often."""
    return [
        msgspec.structs.replace(
            profile,
            attempts=profile.attempts * factor,
            rate_hz=profile.rate_hz * factor,
            rows=tuple(
                msgspec.structs.replace(row, samples=row.samples * factor, on_cpu=row.on_cpu * factor)
                for row in profile.rows
            ),
        )
        for profile in profiles
    ]


LOOKS = st.dictionaries(st.integers(0, 7), st.integers(1, 60), max_size=8)
SIDES = st.lists(LOOKS, max_size=15)


def made(side: list[dict[int, int]]) -> list[StackProfile]:
    return [window(at * SECOND, 100, Counter(seen)) for at, seen in enumerate(side)]


@given(SIDES)
def test_a_side_is_like_itself(side: list[dict[int, int]]) -> None:
    diff = compare(made(side), made(side))
    assert {change.verdict for function in diff.functions for change in (function.own, function.total)} <= {"alike"}
    assert diff.verdict in ("unchanged", "inconclusive")
    assert diff.vanished == ()


@given(SIDES, SIDES)
def test_shares_are_shares(before: list[dict[int, int]], after: list[dict[int, int]]) -> None:
    diff = compare(made(before), made(after))
    assert sum(function.own.before_ratio for function in diff.functions) <= 1 + 1e-9
    assert sum(function.own.after_ratio for function in diff.functions) <= 1 + 1e-9
    for function in diff.functions:
        assert function.own.before_ratio <= function.total.before_ratio + 1e-9 <= 1 + 2e-9
        for change in (function.own, function.total):
            if change.low_ratio is not None and change.high_ratio is not None:
                assert change.low_ratio <= change.change_ratio <= change.high_ratio
            if changed(change):
                assert (change.low_ratio or 0) * (change.high_ratio or 0) > 0


@given(SIDES, SIDES, st.integers(2, 5))
def test_more_looks_do_not_turn_a_verdict_round(
    before: list[dict[int, int]], after: list[dict[int, int]], factor: int
) -> None:
    few = own(compare(made(before), made(after)))
    many = own(compare(scaled(made(before), factor), scaled(made(after), factor)))
    for name in few.keys() & many.keys():
        if changed(few[name]) and changed(many[name]):
            assert few[name].verdict == many[name].verdict


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=30), st.integers(-5, 5))
def test_what_a_forged_file_says_breaks_nothing(values: list[float], attempts: int) -> None:
    forged = [
        StackProfile(
            sampler="",
            rate_hz=value,
            started_ns=at % 3,
            ended_ns=0,
            covered_ns=-1,
            attempts=attempts,
            stacks=((),),
            rows=(StackRow(pid=0, tid=0, stack=0, samples=1, on_cpu=value),),
        )
        for at, value in enumerate(values)
    ]
    compare(forged, steady({1: 60}))
    compare(steady({1: 60}), forged)
    changes_by_path(forged, forged)


def test_the_planted_one_is_found_and_the_others_are_not_blamed_for_shrinking() -> None:
    chance = random.Random(5)
    slower = costs(6)
    diff = compare(windows(chance, costs(), load=1.0, load_spread=0), windows(chance, slower, load=1.0, load_spread=0))
    assert moved(diff) == {"f6"}
    assert diff.functions[0].function == "f6"
    assert diff.verdict == "worse"
    assert diff.reason.startswith("f6 grew")
    change = diff.functions[0].own
    assert change.low_ratio is not None
    assert change.high_ratio is not None
    assert change.low_ratio < 0.0909 < change.high_ratio
    assert diff.common_ratio == pytest.approx(1 / 1.1, rel=0.04)
    assert moved_in_total(diff) >= {"f6"}


def test_more_load_is_no_change_of_a_function() -> None:
    diff = compare(steady({0: 20, 1: 10, 2: 10}), steady({0: 40, 1: 20, 2: 20}))
    assert {change.verdict for change in own(diff).values()} == {"alike"}
    assert diff.common_ratio == pytest.approx(2)
    assert diff.verdict == "inconclusive"
    assert "2.00 times" in diff.reason


def test_a_dominating_function_that_grows_is_the_one_that_is_named() -> None:
    before = {0: 60} | dict.fromkeys(range(1, 21), 2)
    after = {0: 80} | dict.fromkeys(range(1, 21), 1)
    assert moved(compare(steady(before, 40), steady(after, 40))) == {"f0"}


def test_what_is_new_and_what_has_vanished() -> None:
    diff = compare(steady({0: 40, 1: 20, 2: 30}), steady({0: 40, 2: 30, 3: 20}))
    verdicts = {name: change.verdict for name, change in own(diff).items()}
    assert (verdicts["f1"], verdicts["f3"]) == ("vanished", "new")
    assert verdicts["f0"] == verdicts["f2"] == "alike"
    assert [stack.path[-1] for stack in diff.vanished] == [("f1", "program.py")]
    assert diff.verdict == "unchanged"
    assert "together" in diff.reason


def test_less_is_better() -> None:
    diff = compare(steady({0: 40, 1: 30, 2: 20}), steady({0: 40, 1: 30, 2: 5}))
    assert (diff.verdict, moved(diff)) == ("better", {"f2"})


def test_one_window_on_a_side_rests_on_counts() -> None:
    before = merge(steady({0: 40, 1: 20, 2: 30}))
    after = merge(steady({0: 40, 1: 20, 2: 60}))
    assert before is not None
    assert after is not None
    diff = compare([before], [after])
    assert diff.basis == "counts"
    assert moved(diff) == {"f2"}
    little = compare(steady({0: 2, 1: 1, 2: 1}, 1), steady({0: 2, 1: 1, 2: 2}, 1))
    assert moved(little) == set()
    assert little.verdict == "inconclusive"


def test_a_few_windows_say_nothing() -> None:
    diff = compare(steady({0: 40, 1: 40}), steady({0: 40, 1: 80}, 3))
    assert moved(diff) == set()
    assert (diff.verdict, diff.reason) == ("inconclusive", "too few windows of stacks to tell a change from noise")


def test_nothing_seen_is_said() -> None:
    assert "no stacks were sampled before" in compare([], steady({0: 5})).reason
    idle = compare(steady({0: 5}), steady({}))
    assert (idle.verdict, idle.functions) == ("inconclusive", ())
    assert "no time was seen in any stack after" in idle.reason


def test_other_ways_of_sampling_are_not_compared() -> None:
    native = [msgspec.structs.replace(profile, mode="native") for profile in steady({0: 40})]
    diff = compare(steady({0: 40}), native)
    assert (diff.verdict, diff.functions) == ("inconclusive", ())
    assert "stacks of Python frames before, of native frames after" in diff.reason
    exact = [msgspec.structs.replace(profile, mode="exact") for profile in steady({0: 40})]
    assert compare(steady({0: 40}), exact).functions != ()


def test_times_instead_of_looks_are_not_taken_for_so_many_looks() -> None:
    """Austin writes microseconds: a tenth of a second may be one look."""

    def side(more: int) -> list[StackProfile]:
        rows = [(0, 300_000_000), (1, 200_000_000 + more), (2, 100_000_000)]
        return [
            StackProfile(
                sampler="austin",
                rate_hz=1e9,
                started_ns=0,
                ended_ns=600_000_000 + more,
                covered_ns=600_000_000 + more,
                attempts=600_000_000 + more,
                frames=tuple(Frame(function=f"f{at}") for at in range(3)),
                stacks=((0,), (1,), (2,)),
                rows=tuple(StackRow(pid=1, tid=1, stack=at, samples=ns, on_cpu=0.0) for at, ns in rows),
            )
        ]

    diff = compare(side(0), side(200_000_000), view="wall")
    assert diff.before.looks == pytest.approx(6)
    assert (moved(diff), diff.verdict) == (set(), "inconclusive")


def test_the_wall_view_counts_those_that_wait() -> None:
    waiting = [
        msgspec.structs.replace(profile, rows=(*profile.rows, StackRow(pid=1, tid=2, stack=0, samples=100, on_cpu=0.0)))
        for profile in steady({0: 30, 1: 30, 2: 30})
    ]
    assert compare(waiting, waiting, view="cpu").after.cores == pytest.approx(0.9)
    assert compare(waiting, waiting, view="wall").after.cores == pytest.approx(1.9)


def test_processes_at_the_same_time_add_up_to_cores() -> None:
    both = [
        msgspec.structs.replace(
            profile,
            started_ns=profile.started_ns + shift,
            ended_ns=profile.ended_ns + shift,
            rows=tuple(msgspec.structs.replace(row, pid=pid) for row in profile.rows),
        )
        for pid, shift in ((1, 0), (2, 300_000_000))
        for profile in steady({0: 30, 1: 30})
    ]
    diff = compare(both, both)
    assert diff.before.cores == pytest.approx(1.2, rel=0.02)
    assert diff.before.seconds == pytest.approx(20.3)


def test_the_interval_is_that_of_a_drawn_bootstrap() -> None:
    """Blocks are drawn, the change against the common functions (here all) is worked out anew: its spread is ours."""
    chance = random.Random(11)
    sides = [list(windows(chance, costs(), mix_spread=0.4)) for _ in range(2)]
    diff = compare(*sides)
    assert moved(diff) == set()
    change = own(diff)["f1"]
    known = Known()
    seen = [known.side(side, "cpu") for side in sides]
    stack = next(at for at, path in enumerate(known.stacks) if known.functions[path[-1]][0] == "f1")
    drawn = []
    for _ in range(3000):
        shares = []
        for side in seen:
            picked = chance.choices(range(len(side.total)), k=len(side.total))
            shares.append(sum(side.stacks[stack][at] for at in picked) / sum(side.total[at] for at in picked))
        drawn.append(shares[1] - shares[0])
    tests = sum(max(one.own.before_ratio, one.own.after_ratio) >= LEAST_RATIO for one in diff.functions)
    tests += len(diff.functions)
    assert change.high_ratio is not None
    widths = [two_sided(TAIL / tests, freedom) for freedom in (2 * (BLOCKS - 1), BLOCKS - 1)]
    half = change.high_ratio - change.change_ratio
    # For few blocks the variance is n / (n - 1) times what drawing gives.
    spread = stdev(drawn) * (BLOCKS / (BLOCKS - 1)) ** 0.5
    assert 0.9 * widths[0] * spread < half < 1.1 * widths[1] * spread


def test_what_is_known_from_before_changes_nothing() -> None:
    chance = random.Random(3)
    before, after = list(windows(chance, costs())), list(windows(chance, costs(2)))
    known = Known()
    compare(before, after[:30], known=known)
    assert compare(before, after, known=known) == compare(before, after)


def found(tree: PathChange, *path: str) -> PathChange:
    for name in path:
        tree = tree.children[name, "program.py"]
    return tree


def test_the_places_of_a_flame_have_their_change() -> None:
    tree = changes_by_path(steady({0: 40, 1: 20, 2: 30, 4: 5}), steady({0: 40, 1: 20, 2: 60, 4: 5}))
    assert tree is not None
    assert found(tree, "main", "part2", "f2").change.verdict == "grew"
    assert found(tree, "main", "part2").change.verdict == "grew"
    assert found(tree, "main", "part1", "f1").change.verdict == "alike"
    both = found(tree, "main", "part0")
    assert both.change.after_ratio == pytest.approx(sum(child.change.after_ratio for child in both.children.values()))
    assert found(tree, "main").change.after_ratio == pytest.approx(1)


def test_places_with_less_than_a_point_are_left_out() -> None:
    tree = changes_by_path(steady({0: 90, 1: 1}, 40, 200), steady({0: 190, 1: 1}, 40, 200))
    assert tree is not None
    assert "part1" in {name for name, _ in found(tree, "main").children}
    tree = changes_by_path(steady({0: 190, 1: 1}, 40, 200), steady({0: 190, 1: 1}, 40, 200))
    assert tree is not None
    assert {name for name, _ in found(tree, "main").children} == {"part0"}


def test_no_side_no_places() -> None:
    assert changes_by_path([], steady({0: 1})) is None


def test_a_round_of_the_simulation() -> None:
    """The whole of it is tests/bench/stack_diff.py; its figures stand in the docstring of the module."""
    accused, _ = alike(20)
    assert accused == 0
    located, only, worse = planted(FUNCTIONS)
    assert (located, worse) == (FUNCTIONS, FUNCTIONS)
    assert only >= 0.9 * FUNCTIONS


def test_frames_of_the_same_name_in_other_files_are_others() -> None:
    before = StackProfile(
        sampler="py-spy",
        rate_hz=100,
        started_ns=0,
        ended_ns=SECOND,
        covered_ns=SECOND,
        attempts=100,
        frames=tuple(
            Frame(function="f", file=file, line=line) for file, line in (("a.py", 1), ("a.py", 2), ("b.py", 3))
        ),
        stacks=((0,), (1,), (2,)),
        rows=tuple(StackRow(pid=1, tid=1, stack=at, samples=30, on_cpu=30.0) for at in range(3)),
    )
    shares = {(one.function, one.file): one.own.before_ratio for one in compare([before], [before]).functions}
    assert shares == {("f", "a.py"): pytest.approx(2 / 3), ("f", "b.py"): pytest.approx(1 / 3)}
