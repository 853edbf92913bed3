"""Stacks by task, and the lag of a loop: on stacks made by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.model.async_view import BLOCKED_NS, EVENT_LOOP, by_task, loop_lag
from perftui.model.profile import SLOT_NS, Frame, StackProfile
from perftui.model.table import Table
from tests.model.timelines import IDLE, LIB, LOOP, PID, Stack, in_task, own, window, windows

PACKAGES = "/srv/venv/lib/python3.12/site-packages"
THREAD = (PID, 1)


def tops(profile: StackProfile) -> list[str]:
    """The outermost frame of each stack."""
    return [profile.frames[stack[0]].function for stack in profile.stacks]


def top_of(*below: Frame, loop: Stack = LOOP) -> str:
    return tops(by_task(window({1: [(*loop, *below)]})))[0]


def test_a_stack_of_the_loop_begins_with_its_task() -> None:
    shown = by_task(window({1: [in_task("slow", "fetch", "parse"), in_task("ticker"), IDLE], 2: [(own("work"),)]}))
    assert tops(shown) == ["task: slow", "task: ticker", "event loop", "work"]
    chain = [shown.frames[index].function for index in shown.stacks[0]]
    assert chain == ["task: slow", "slow", "fetch", "parse"]
    assert [shown.frames[index].function for index in shown.stacks[2]] == ["event loop", "select"]


def test_nothing_is_lost_by_it() -> None:
    seen = window({1: [in_task("slow"), IDLE, in_task("slow", "parse")]})
    assert by_task(seen).rows == seen.rows
    assert by_task(seen).slots == seen.slots


def test_a_profile_without_a_loop_stays_as_it_is() -> None:
    seen = window({1: [(own("main"), own("work"))]})
    assert by_task(seen) == seen


def test_a_task_of_a_library_names_the_users_function_too() -> None:
    handle = Frame(function="_run", file=f"{LIB}/asyncio/events.py", line=80)
    served = Frame(function="run_asgi", file=f"{PACKAGES}/uvicorn/protocols/http/h11_impl.py", line=403)
    assert top_of(handle, served, own("slow"), own("parse")) == "task: run_asgi › slow"
    assert top_of(handle, served) == "task: run_asgi"


@pytest.mark.parametrize(
    "between",
    [
        (Frame(function="wait_for", file=f"{LIB}/asyncio/tasks.py", line=1),),
        (Frame(function="_run_wrapped_task", file=f"{PACKAGES}/anyio/_backends/_asyncio.py", line=1),),
    ],
)
def test_what_a_library_of_loops_puts_between_is_no_task(between: Stack) -> None:
    assert top_of(*between, own("slow")) == "task: slow"


def test_uvloop_shows_nothing_of_itself_but_the_runner() -> None:
    runner = (own("main"), Frame(function="run", file=f"{PACKAGES}/uvloop/__init__.py", line=1))
    assert top_of(Frame(function="wrapper", file=f"{PACKAGES}/uvloop/__init__.py"), own("slow"), loop=runner) == (
        "task: slow"
    )
    assert top_of(loop=runner) == "event loop"


def test_trio_runs_its_tasks_itself() -> None:
    loop = (own("main"), Frame(function="unrolled_run", file=f"{PACKAGES}/trio/_core/_run.py", line=1))
    assert top_of(own("slow"), loop=loop) == "task: slow"
    assert top_of(Frame(function="get_events", file=f"{PACKAGES}/trio/_core/_io_epoll.py"), loop=loop) == "event loop"


def test_of_a_loop_in_a_loop_the_inner_one_counts() -> None:
    handle = Frame(function="_run", file=f"{LIB}/asyncio/events.py", line=80)
    assert top_of(handle, own("outer"), *LOOP[1:], handle, own("inner")) == "task: inner"


# ---- lag


def test_a_loop_that_rests_has_no_lag() -> None:
    lag = loop_lag(windows({1: [IDLE, in_task("short")] * 100}), THREAD)
    assert lag is not None
    assert (lag.longest_ns, lag.p99_ns, lag.blocked_ratio, lag.blame) == (0, 0, 0.0, None)
    assert lag.looked_ns == 2_000_000_000


def test_a_block_is_as_long_as_it_was_across_windows_and_names_the_function() -> None:
    looks = [IDLE] * 85 + [in_task("slow", "crunch")] * 30 + [IDLE] * 85
    lag = loop_lag(windows({1: looks}), THREAD)
    assert lag is not None
    assert lag.longest_ns == 300_000_000
    assert lag.p99_ns == 300_000_000
    assert lag.blocked_ratio == pytest.approx(0.15)
    assert lag.blame == own("crunch")


def test_another_task_means_that_the_loop_has_turned() -> None:
    looks = ([in_task("a")] * 5 + [in_task("b")] * 5) * 10
    lag = loop_lag(windows({1: looks}), THREAD)
    assert lag is not None
    assert lag.longest_ns == SLOT_NS < BLOCKED_NS
    assert lag.blocked_ratio == 0


def test_the_same_block_again_is_not_one_long_one() -> None:
    looks = ([in_task("slow")] * 20 + [IDLE] * 80) * 5
    lag = loop_lag(windows({1: looks}), THREAD)
    assert lag is not None
    assert lag.longest_ns == 200_000_000
    assert lag.blocked_ratio == pytest.approx(0.2)


def test_a_time_without_looks_is_no_block() -> None:
    one, two = window({1: [in_task("slow")] * 10}), window({1: [in_task("slow")] * 10}, started_ns=1_000_000_000)
    lag = loop_lag([one, two], THREAD)
    assert lag is not None
    assert lag.longest_ns == 100_000_000
    assert lag.looked_ns == 200_000_000


def test_without_slots_nothing_is_known() -> None:
    seen = window({1: [IDLE] * 100})
    assert loop_lag([seen], (PID, 2)) is None
    assert loop_lag([replace(seen, slots=Table())], THREAD) is None
    assert loop_lag([], THREAD) is None


@given(st.lists(st.sampled_from([IDLE, in_task("a"), in_task("b", "c")]), min_size=1, max_size=300))
def test_no_figure_is_beyond_what_was_looked_at(looks: list[Stack]) -> None:
    lag = loop_lag(windows({1: looks}), THREAD)
    assert lag is not None
    assert 0 <= lag.p99_ns <= lag.longest_ns <= lag.looked_ns
    assert 0 <= lag.blocked_ratio <= 1
    assert (lag.blame is None) == (lag.longest_ns == 0)


@given(st.lists(st.sampled_from([IDLE, in_task("a"), (own("x"),)]), min_size=1, max_size=50))
def test_every_look_stays_in_its_thread(looks: list[Stack]) -> None:
    seen = window({1: looks})
    shown = by_task(seen)
    assert shown.samples == seen.samples
    assert all(stack for stack in shown.stacks)
    assert (EVENT_LOOP in shown.frames) == (IDLE in looks)
