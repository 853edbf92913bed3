"""The parts of the flame pane that are drawn from figures alone."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.model.line_heat import LineHeat
from perftui.model.profile import ProfileStatus, StackProfile
from perftui.model.sandwich import ITSELF, Sandwich
from perftui.model.stack_filter import StackFilter
from perftui.tui.flame.view import WEIGHTS
from perftui.tui.palette import Palette
from perftui.tui.renderables.flame import HotRow
from perftui.tui.renderables.flame_head import head_text
from perftui.tui.renderables.hot import hot_strips, moved, trend_strips
from perftui.tui.renderables.sandwich import sandwich_strips
from perftui.tui.renderables.source import hottest, source_strips
from perftui.tui.renderables.truth import truth_strip
from tests.tui.screening import COLOURED, HOSTILE, PALETTES, PLAIN, WIDTHS, checked
from tests.tui.stacks import build_profile

STATUS = ProfileStatus(
    state="ok", sampler="py-spy", rate_hz=100, sampler_cpu_ratio=0.031, gap_ratio=0.027, slowdown_ratio=0.002,
    suspect_ratio=0.02,
)  # fmt: skip


def truth(status: ProfileStatus, width: int, profile: StackProfile | None = None, palette: Palette = COLOURED) -> str:
    (line,) = checked([truth_strip(profile or build_profile(1, 0), status, width, palette)], width)
    return line


def test_all_that_is_known_of_the_sampling_is_in_one_line() -> None:
    assert truth(STATUS, 160).rstrip() == (
        " 1000 of 9000 on CPU  in 10 s  nonblocking 100 Hz  covered 100 %  gap 2.7 % now  slowdown ~0.2 %"
        "  suspect 2.0 %  sampler 3.1 % CPU"
    )


def test_the_least_telling_figures_go_first() -> None:
    assert truth(STATUS, 80).rstrip() == (
        " 1000 of 9000 on CPU  in 10 s  covered 100 %  slowdown ~0.2 %  suspect 2.0 %"
    )
    assert truth(STATUS, 55).rstrip() == " 1000 of 9000 on CPU  slowdown ~0.2 %  suspect 2.0 %"
    exact = replace(build_profile(1, 0), mode="exact")
    assert "exact 100 Hz" in truth(replace(STATUS, mode="exact"), 80, exact)


def test_each_weight_tells_of_how_many_looks_its_shares_are() -> None:
    profile = build_profile(1, 0)
    shown = {weight: checked([truth_strip(profile, STATUS, 160, COLOURED, weight)], 160)[0] for weight in WEIGHTS}
    assert shown["wall"].startswith(" 9000 looks  in 10 s")
    assert shown["gil"].rstrip() == " held in 9000 of 1000 looks  in 10 s  nonblocking 100 Hz  covered 100 %"
    few = replace(profile, rows=tuple(replace(row, on_cpu=0.1) for row in profile.rows))
    assert truth(STATUS, 160, few).startswith(" ▲ ")


def test_what_is_not_known_is_a_question_mark() -> None:
    unknown = ProfileStatus(state="ok", rate_hz=100)
    assert "slowdown ? %  suspect ? %" in truth(unknown, 160)


def test_a_figure_to_mind_has_a_sign_without_colours_too() -> None:
    slowed = replace(STATUS, slowdown_ratio=0.57)
    assert "▲ slowdown ~57 %" in truth(slowed, 160)
    assert "! slowdown ~57 %" in truth(slowed, 160, palette=PLAIN)
    poor = replace(build_profile(1, 0), covered_ns=5 * 10**9)
    assert "▲ covered 50 %" in truth(STATUS, 160, poor)


@given(st.integers(1, 200), PALETTES, st.none() | st.floats(0, 30), st.none() | st.floats(0, 1), st.floats(0, 2))
def test_the_truth_fits(
    width: int, palette: Palette, slowed: float | None, suspect: float | None, sampler: float
) -> None:
    status = ProfileStatus(state="ok", slowdown_ratio=slowed, suspect_ratio=suspect, sampler_cpu_ratio=sampler)
    truth(status, width, palette=palette)


ROWS = [HotRow("parse", "/srv/app.py", 31, 60, 90), HotRow("encode", "/srv/app.py", 50, 30, 30)]


def test_a_trend_is_in_points() -> None:
    before = {("parse", "/srv/app.py"): 0.48, ("encode", "/srv/app.py"): 0.302}
    head, parse, encode = checked(trend_strips(ROWS, 100, before, 60, COLOURED), 60)
    assert head.split() == ["self", "trend", "total", "function"]
    assert parse.split() == ["60%", "↑12", "90%", "parse", "/srv/app.py:31"]
    assert encode.split() == ["30%", "=", "30%", "encode", "/srv/app.py:50"]
    assert checked(trend_strips(ROWS, 100, {}, 60, PLAIN), 60)[1].split()[1] == "+60"
    assert moved(0.1, 0.35) == "↓25"


def test_without_a_past_there_is_no_trend() -> None:
    head, parse, _ = checked(trend_strips(ROWS, 100, None, 60, COLOURED), 60)
    assert "no past" in head
    assert parse.split() == ["60%", "90%", "parse", "/srv/app.py:31"]


def test_columns_of_the_list_stand_under_their_heads() -> None:
    before = {("parse", "/srv/app.py"): 0.48}
    for strips in (hot_strips(ROWS, 100, 60, COLOURED), trend_strips(ROWS, 100, before, 60, COLOURED)):
        head, row, _ = checked(strips, 60)
        assert head.index("function") == row.index("parse")
        assert head.index("total") + len("total") == row.index("90%") + len("90%")


def test_callers_stand_above_and_the_biggest_next_to_the_function() -> None:
    parts = Sandwich(
        total=80,
        callers=((("serve", "/srv/app.py"), 60.0), (("retry", "/srv/app.py"), 20.0)),
        callees=((("split", "/srv/app.py"), 50.0), (ITSELF, 30.0)),
    )
    lines = checked(sandwich_strips(parts, ("parse", "/srv/app.py"), 60, COLOURED, 1), 60)
    assert [line.split()[0] for line in lines] == ["callers", "25.0%", "75.0%", "▶100.0%", "callees", "62.5%", "37.5%"]
    assert [name in line for name, line in zip(("retry", "serve", "parse"), lines[1:4], strict=True)] == [True] * 3


def test_lines_of_source_carry_their_shares() -> None:
    heat = {11: LineHeat(0.0, 90.0), 12: LineHeat(60.0, 60.0)}
    lines = checked(source_strips(["def f():", "    g()", "    x = 1"], heat, 100, 10, 60, COLOURED), 60)
    assert [line.split()[:3] for line in lines[1:]] == [
        ["10", "def", "f():"],
        ["90%", "11", "g()"],
        ["60%", "60%", "12"],
    ]
    assert hottest(heat, 1) == 12
    assert hottest({}, 7) == 7


@given(HOSTILE, WIDTHS, PALETTES)
def test_nothing_foreign_breaks_a_line(text: str, width: int, palette: Palette) -> None:
    step = (text, text)
    parts = Sandwich(total=1, callers=((step, 1.0),), callees=((step, 1.0),))
    checked(sandwich_strips(parts, step, width, palette, 0), width)
    checked(source_strips([text], {1: LineHeat(1, 1)}, 1, 1, width, palette), width)
    checked(trend_strips([HotRow(text, text, 1, 1, 1)], 1, {}, width, palette), width)


def test_the_head_names_what_is_left_out() -> None:
    whole = build_profile(4242, 0)
    wanted = StackFilter(
        pattern="!json", file_prefix="/srv/", tid=4242, pid=4242, own_only=True, fold_recursion=True, hide_idle=True
    )
    assert head_text("wall", wanted, whole) == (
        "wall time, thread 4242 worker-0, PID 4242, not /json/, in /srv/, own code, recursion folded, no idle"
    )
    gil = replace(whole, attempts=18_000)
    assert head_text("gil", StackFilter(), gil) == "holding the GIL 50 %, all threads"
    assert head_text("gil", StackFilter(), None) == "holding the GIL, all threads"
