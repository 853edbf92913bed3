"""The icicle: where boxes stand, that they stay there, and what the keys do."""

import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from textual.app import App

from perftui.config import Config
from perftui.model.origin import LIBRARY, NATIVE, OWN, STANDARD, origin
from perftui.model.profile import Frame, ProfileStatus, SampledProcess, StackProfile, StackRow, ThreadName
from perftui.model.update import Update
from perftui.profile.tree import Node, build
from perftui.profile.trie import Trie
from perftui.tui.app import PerftuiApp
from perftui.tui.flame.icicle import IcicleView
from perftui.tui.palette import Palette
from perftui.tui.renderables.flame import (
    EMPTY,
    Box,
    Icicle,
    found_total,
    hot_rows,
    label,
    lay_out,
    place,
    row_strip,
)
from perftui.tui.widgets.flame import Flame
from tests.tui.fixtures import build_update
from tests.tui.screening import Stage
from tests.tui.seam import StillSession

PALETTE = Palette.from_theme({}, colors="truecolor", ascii_only=False)
SECOND = 1_000_000_000


def node(name: str, total: float, *children: Node, file: str = "/srv/app.py") -> Node:
    own = total - sum(child.total for child in children)
    return Node(function=name, file=file, line=1, self_value=own, total=total, children=children)


def trees() -> st.SearchStrategy[Node]:
    leaf = st.builds(lambda name, total: node(name, total), st.sampled_from("abcdefgh"), st.floats(0.01, 50))

    def grow(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        return st.builds(
            lambda name, own, below: node(name, own + sum(child.total for child in below), *below),
            st.sampled_from("abcdefgh"),
            st.floats(0, 20),
            st.lists(children, min_size=1, max_size=6, unique_by=lambda child: child.function),
        )

    return st.recursive(leaf, grow, max_leaves=30)


def overlaps(row: tuple[Box, ...]) -> Iterator[int]:
    for left, right in pairwise(row):
        yield right.x - (left.x + left.width)


@given(trees(), trees(), st.integers(1, 200), st.booleans())
def test_boxes_never_overlap_and_stay_within_their_caller(first: Node, second: Node, width: int, fold: bool) -> None:
    old = lay_out(first, width, max_rows=50, fold=fold)
    for icicle in (old, lay_out(second, width, max_rows=50, fold=fold, old=old)):
        assert icicle.rows[0][0].width == width
        for row in icicle.rows:
            assert all(gap >= 0 for gap in overlaps(row))
            assert all(box.width >= 1 and box.x >= 0 and box.x + box.width <= width for box in row)
        for above, below in icicle.children.items():
            caller = icicle.find(above)
            assert caller is not None
            assert all(caller.x <= box.x and box.x + box.width <= caller.x + caller.width for box in below)


@given(trees(), st.integers(1, 200))
def test_every_row_is_as_wide_as_the_pane(tree: Node, width: int) -> None:
    for row in lay_out(tree, width, max_rows=50, fold=True).rows:
        assert row_strip(row, width, PALETTE, None, None).cell_length == width


def test_widths_are_shares_in_order() -> None:
    tree = node("all", 100, node("log", 10), node("parse", 60), node("encode", 30))
    icicle = lay_out(tree, 100, max_rows=10, fold=True)
    assert [(box.path[-1][0], box.x, box.width) for box in icicle.rows[1]] == [
        ("parse", 0, 60),
        ("encode", 60, 30),
        ("log", 90, 10),
    ]


def test_a_jitter_of_a_cell_moves_nothing() -> None:
    old = lay_out(node("all", 100, node("a", 60), node("b", 38)), 100, max_rows=10, fold=True)
    new = lay_out(node("all", 100, node("a", 59.2), node("b", 38.7)), 100, max_rows=10, fold=True, old=old)
    assert new.rows == old.rows or [(b.x, b.width) for b in new.rows[1]] == [(b.x, b.width) for b in old.rows[1]]
    moved = lay_out(node("all", 100, node("a", 50), node("b", 38)), 100, max_rows=10, fold=True, old=old)
    assert [box.width for box in moved.rows[1]] == [50, 38]


def test_neighbours_change_places_only_when_one_clearly_outgrows_the_other() -> None:
    def names(icicle: Icicle) -> list[str]:
        return [box.path[-1][0] for box in icicle.rows[1]]

    old = lay_out(node("all", 100, node("a", 50), node("b", 48)), 100, max_rows=10, fold=True)
    close = lay_out(node("all", 100, node("a", 45), node("b", 53)), 100, max_rows=10, fold=True, old=old)
    assert names(close) == ["a", "b"]
    apart = lay_out(node("all", 100, node("a", 30), node("b", 68)), 100, max_rows=10, fold=True, old=close)
    assert names(apart) == ["b", "a"]


def test_a_chain_of_calls_is_one_box_and_names_the_innermost() -> None:
    tree = node("all", 100, node("main", 100, node("serve", 99, node("a", 50), node("b", 45))))
    (top,) = lay_out(tree, 60, max_rows=10, fold=True).rows[0]
    assert [folded.function for folded in top.chain] == ["all", "main", "serve"]
    assert label(top, 40, PALETTE) == "all › main › serve 100%"
    assert label(top, 16, PALETTE) == "… › main › serve"
    assert label(top, 9, PALETTE) == "… › serve"
    assert label(top, 6, PALETTE) == "serve"
    assert len(lay_out(tree, 60, max_rows=10, fold=False).rows) == 4


def test_callees_below_a_cell_are_put_together() -> None:
    small = [node(f"f{at}", 0.3) for at in range(20)]
    row = lay_out(node("all", 100, node("a", 90), *small), 100, max_rows=10, fold=True).rows[1]
    assert [(box.chain != (), box.width) for box in row] == [(True, 90), (False, 6)]


def test_a_selection_that_has_gone_falls_back_to_its_caller() -> None:
    tree = node("all", 100, node("a", 60, node("x", 30), node("y", 20)), node("b", 40))
    icicle = lay_out(tree, 100, max_rows=10, fold=True)
    path = (("all", "/srv/app.py"), ("a", "/srv/app.py"), ("gone", "/srv/app.py"))
    found = icicle.find(path)
    assert found is not None
    assert found.path == path[:2]
    assert EMPTY.find(path) is None


def test_hits_below_each_other_count_once() -> None:
    tree = node("all", 100, node("parse", 60, node("parse_line", 40)), node("b", 30, node("reparse", 10)))
    assert found_total(tree, "parse") == 70


def test_the_list_counts_recursion_once() -> None:
    tree = node("all", 100, node("walk", 100, node("walk", 70, node("leaf", 20))))
    assert [(row.function, row.self_value, row.total) for row in hot_rows(tree)] == [
        ("walk", 80, 100),
        ("leaf", 20, 20),
    ]


@pytest.mark.parametrize(
    ("file", "whose"),
    [
        ("/srv/app/views.py", OWN),
        ("<string>", OWN),
        ("/srv/venv/lib/python3.12/site-packages/flask/app.py", LIBRARY),
        ("/usr/lib/python3/dist-packages/yaml/reader.py", LIBRARY),
        ("/usr/lib/python3.11/json/encoder.py", STANDARD),
        ("<frozen importlib._bootstrap>", STANDARD),
        ("", NATIVE),
        ("/usr/lib/libz.so.1", NATIVE),
    ],
)
def test_hue_says_whose_code_it_is(file: str, whose: int) -> None:
    assert origin(file) == whose


def test_of_a_long_file_name_the_end_is_kept() -> None:
    assert place("/srv/app/views.py", 31, 20, PALETTE) == "/srv/app/views.py:31"
    assert place("/srv/app/views.py", 31, 12, PALETTE) == "…views.py:31"
    assert place("/srv/app/views.py", 31, 0, PALETTE) == ""
    assert place("/srv/app.py", 0, 20, PALETTE) == "/srv/app.py"
    assert place("", 0, 20, PALETTE) == ""


# ---- the pane


def profile(*, waiting: int = 50) -> StackProfile:
    """Two threads: one computes in ``parse`` and ``encode``, the other waits."""
    frames = tuple(
        Frame(function=name, file="/srv/app.py", line=line)
        for line, name in enumerate(("main", "parse", "encode", "idle"), 1)
    )
    stacks = ((0, 1), (0, 2), (0, 3))
    rows = (
        StackRow(pid=1, tid=11, stack=0, samples=60, on_cpu=60),
        StackRow(pid=1, tid=11, stack=1, samples=40, on_cpu=40),
        StackRow(pid=1, tid=12, stack=2, samples=waiting, on_cpu=0),
    )
    names = (ThreadName(pid=1, tid=11, name="worker"), ThreadName(pid=1, tid=12, name="waiter"))
    return StackProfile(
        sampler="py-spy",
        rate_hz=100,
        started_ns=0,
        ended_ns=SECOND,
        covered_ns=SECOND,
        attempts=100,
        frames=frames,
        stacks=stacks,
        rows=rows,
        threads=names,
    )


def flame_update(shown: StackProfile | None, status: ProfileStatus | None = None) -> Update:
    update = build_update()
    return Update(
        sample=update.sample,
        interval=update.interval,
        diagnosis=update.diagnosis,
        profile=shown,
        profile_status=status or update.profile_status,
        proposals=(),
        journal=(),
        history={},
        own_cost=update.own_cost,
    )


def text_of(app: App[None]) -> list[str]:
    assert isinstance(app, PerftuiApp)
    flame = app.main.flame
    return [flame.render_line(y).text.rstrip() for y in range(flame.size.height)]


async def test_keys_of_the_flame() -> None:
    session = StillSession()
    app = PerftuiApp(lambda: session, Config())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        session.tick(flame_update(profile()))
        await pilot.press("2")
        flame = app.main.flame
        assert "on CPU, all threads" in text_of(app)[0]
        await pilot.press("down")
        assert "60 % (self 60 %)  parse  /srv/app.py:2" in text_of(app)[-1]
        await pilot.press("right")
        assert "encode" in text_of(app)[-1]
        await pilot.press("enter")
        assert text_of(app)[2].endswith("encode 40%")
        assert "zoomed" in text_of(app)[0]
        await pilot.press("u")
        assert "all" in text_of(app)[2]
        await pilot.press("slash", *"PARS", "enter")
        assert "60.0 % of all" in text_of(app)[-1]
        await pilot.press("escape", "w")
        assert "wall time" in text_of(app)[0]
        assert any("idle" in line for line in text_of(app))
        await pilot.press("T")
        assert "thread 11 worker" in text_of(app)[0]
        await pilot.press("T", "w", "w")
        assert "no thread was on a CPU" in text_of(app)[3]
        await pilot.press("T", "e")
        assert text_of(app)[3].split()[:3] == ["60%", "60%", "parse"]
        await pilot.press("down", "enter")
        assert flame.shown.needle == "encode"


async def test_letters_of_a_search_are_not_commands() -> None:
    session = StillSession()
    app = PerftuiApp(lambda: session, Config())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        session.tick(flame_update(profile()))
        await pilot.press("2", "slash", *"q1w p")
        assert app.main.flame.shown.needle == "q1w p"
        assert app.main.pane == "flame"
        assert app.is_running
        assert not app.paused


async def test_an_empty_flame_says_why_and_what_would_fill_it() -> None:
    session = StillSession()
    app = PerftuiApp(lambda: session, Config())
    status = ProfileStatus(state="unavailable", reason="the process is not Python", remedy="use perf")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        session.tick(flame_update(None, status))
        await pilot.pause()
        assert [line.strip() for line in text_of(app)[3:5]] == ["the process is not Python", "use perf"]


async def test_the_same_profile_again_repaints_nothing() -> None:
    session = StillSession()
    app = PerftuiApp(lambda: session, Config())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        session.tick(flame_update(profile()))
        await pilot.pause()
        flame: Flame = app.main.flame
        before = [flame.render_line(y) for y in range(flame.size.height)]
        session.tick(flame_update(profile(waiting=51)))  # the waiting thread is not in this view
        await pilot.pause()
        after = [flame.render_line(y) for y in range(flame.size.height)]
        assert before[2:] == after[2:]


def test_tree_and_icicle_agree() -> None:
    tree = build(profile(), view="wall")
    icicle = lay_out(tree, 150, max_rows=10, fold=False)
    assert sum(box.width for box in icicle.rows[2]) == 150


async def test_the_title_says_whose_stacks_these_are() -> None:
    app = Stage(Flame())
    async with app.run_test(size=(100, 12)):
        update = build_update()
        app.show(update)
        assert "PID" not in app.texts()[0]
        status = replace(update.profile_status, pid=4244)
        app.show(replace(update, profile_status=status))
        assert "all threads, PID 4244 only " in app.texts()[0]
        app.show(replace(update, profile_status=replace(status, cpu_share_ratio=0.52)))
        assert "PID 4244 only, 52 % of the target's CPU" in app.texts()[0]
        several = tuple(SampledProcess(pid=pid, rate_hz=20.0) for pid in (4244, 4245, 4246))
        app.show(replace(update, profile_status=replace(status, cpu_share_ratio=0.97, sampled=several)))
        assert "3 processes, 97 % of the target's CPU" in app.texts()[0]


async def test_the_way_out_leads_through_every_zoom() -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=(120, 20)) as pilot:
        app.show(build_update())
        await pilot.press("c", "down", "enter", "down", "enter", "enter")
        icicle = flame.view
        assert isinstance(icicle, IcicleView)
        depths = [len(icicle.zoomed)]
        for _ in range(3):
            await pilot.press("u")
            depths.append(len(icicle.zoomed))
        assert depths == [3, 2, 0, 0]


async def test_a_profile_is_made_a_tree_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []

    def counting(profile: StackProfile, *, view: Literal["wall", "cpu"], trie: Trie | None) -> Node:
        built.append(view)
        return build(profile, view=view, trie=trie)

    monkeypatch.setattr("perftui.tui.flame.view.build", counting)
    app = Stage(Flame())
    async with app.run_test(size=(100, 20)) as pilot:
        update = build_update()
        for _ in range(3):
            app.show(update)
        await pilot.press("down", "e", "j", "e", "w", "w", "w", "c")
        assert built == ["cpu", "wall"]
        app.show(build_update(2))
        assert built == ["cpu", "wall", "cpu"]


async def test_a_big_tree_is_made_beside_and_the_one_before_it_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perftui.tui.flame.view.MANY_STACKS", 1)
    may_build = threading.Event()

    def waiting(profile: StackProfile, *, view: Literal["wall", "cpu"], trie: Trie | None) -> Node:
        assert may_build.wait(30)
        return build(profile, view=view, trie=trie)

    monkeypatch.setattr("perftui.tui.flame.view.build", waiting)
    app = Stage(Flame())
    async with app.run_test(size=(100, 20)) as pilot:
        app.show(build_update())
        assert "being put together" in app.texts()[3]
        may_build.set()
        await app.workers.wait_for_complete()
        await pilot.pause()
        first = app.texts()[3:-1]
        assert "all" in app.texts()[2]
        may_build.clear()
        app.show(build_update(2))
        assert app.texts()[3:-1] == first
        may_build.set()
        await app.workers.wait_for_complete()


def test_the_list_of_a_deep_tree_is_one_walk() -> None:
    leaf = Node(function="f0", file="", line=1, self_value=1.0, total=1.0)
    for depth in range(1, 2_000):
        leaf = Node(function=f"f{depth % 7}", file="", line=1, self_value=0.0, total=1.0, children=(leaf,))
    root = Node(function="all", file="", line=0, self_value=0.0, total=1.0, children=(leaf,))
    assert {row.function: row.total for row in hot_rows(root)} == {f"f{at}": 1.0 for at in range(7)}
