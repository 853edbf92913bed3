"""The views of the flame pane and its filters, by their keys."""

import subprocess
import sys
from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from perftui.config import Config
from perftui.errors import NoData
from perftui.model.profile import Frame, ProfileStatus, StackProfile, StackRow, ThreadName
from perftui.model.update import Update
from perftui.tui.app import PerftuiApp
from tests.tui.fixtures import TARGET_PID, build_update
from tests.tui.screening import checked
from tests.tui.seam import StillSession
from tests.tui.stacks import SECOND

VIEWS, DB, JSON = "/srv/app/views.py", "/srv/app/db.py", "/usr/lib/python3.11/json/encoder.py"
FRAMES = (
    Frame(function="main", file="/srv/app/main.py", line=3),
    Frame(function="handle", file=VIEWS, line=40),
    Frame(function="walk", file=VIEWS, line=52),
    Frame(function="dumps", file=JSON, line=9),
    Frame(function="query", file=DB, line=21),
    Frame(function="wait", file="/usr/lib/python3.11/threading.py", line=320),
)


def profile(started_ns: int = 70 * SECOND, dumps: int = 30) -> StackProfile:
    """Two processes; ``walk`` recurses, ``dumps`` is the standard library's, a thread waits."""
    rows = (
        StackRow(pid=TARGET_PID, tid=11, stack=0, samples=50, on_cpu=50),
        StackRow(pid=TARGET_PID, tid=11, stack=1, samples=dumps, on_cpu=dumps),
        StackRow(pid=TARGET_PID + 2, tid=22, stack=2, samples=20, on_cpu=20),
        StackRow(pid=TARGET_PID, tid=12, stack=3, samples=100, on_cpu=0),
    )
    return StackProfile(
        sampler="py-spy", rate_hz=100, started_ns=started_ns, ended_ns=started_ns + SECOND, covered_ns=SECOND,
        attempts=100, frames=FRAMES, stacks=((0, 1, 2, 2, 2), (0, 1, 3), (0, 4), (0, 5)), rows=rows,
        threads=(ThreadName(pid=TARGET_PID, tid=11, name="worker"), ThreadName(pid=TARGET_PID, tid=12, name="idler")),
    )  # fmt: skip


class Past:
    """A minute in which ``dumps`` took three times as much."""

    first_ns = 0

    def __init__(self) -> None:
        self.last_ns = 71 * SECOND
        self.asked: list[tuple[int, int]] = []

    def windows(self, since_ns: int, until_ns: int) -> Sequence[StackProfile]:
        return [profile(since_ns, 90)]

    def span(self, since_ns: int, until_ns: int) -> StackProfile | None:
        self.asked.append((since_ns, until_ns))
        return profile(since_ns, 90)

    def heat(self, since_ns: int, until_ns: int, columns: int) -> Sequence[float]:
        return [1.0] * columns


STATUS = ProfileStatus(state="ok", sampler="py-spy", rate_hz=100, pid=0)


def update_of(shown: StackProfile | None, **more: object) -> Update:
    return replace(build_update(), profile=shown, profile_status=STATUS, **more)


class Seen:
    """The pane in the whole app, in a terminal of this size."""

    def __init__(self, pilot: Pilot[None], app: PerftuiApp) -> None:
        self.pilot = pilot
        self.app = app

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.app.workers.wait_for_complete()
        await self.pilot.pause()

    @property
    def lines(self) -> list[str]:
        pane = self.app.main.flame
        lines = checked([pane.render_line(y) for y in range(pane.size.height)], pane.size.width)
        return [line.rstrip() for line in lines]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def footer(self) -> str:
        return self.app.main.footer.render_line(0).text


class Showing:
    """``async with Showing(update) as seen``."""

    def __init__(self, update: Update, size: tuple[int, int] = (80, 24), *, plain: bool = False) -> None:
        self.session = StillSession()
        self._update = update
        app = PerftuiApp(lambda: self.session, Config(), ascii_only=plain, no_color=plain)
        self._app = app
        self._test = app.run_test(size=size)

    async def __aenter__(self) -> Seen:
        pilot = await self._test.__aenter__()
        await pilot.pause()
        self.session.tick(self._update)
        seen = Seen(pilot, self._app)
        await seen.press("2")
        return seen

    async def __aexit__(self, *fault: object) -> None:
        await self._test.__aexit__(*fault)  # type: ignore[arg-type]  # the three are handed through as they came


async def test_the_flame_stands_on_its_root() -> None:
    async with Showing(update_of(profile())) as seen:
        first = next(line for line in seen.lines[2:] if line)
        assert "main" in first
        await seen.press("F")
        drawn = [line for line in seen.lines[2:-1] if line.startswith(("▏", "▶"))]
        assert "main" in drawn[-1]
        await seen.press("up")
        assert "handle" in seen.lines[-1] or "walk" in seen.lines[-1]
        await seen.press("down")
        assert "main" in seen.lines[-1]


async def test_a_click_in_the_flame_finds_its_box() -> None:
    async with Showing(update_of(profile())) as seen:
        await seen.press("F")
        at = max(y for y, line in enumerate(seen.lines[:-1]) if line.startswith(("▏", "▶")))
        await seen.pilot.click("#flame", offset=(10, at - 1))
        assert "(self" in seen.lines[-1]
        assert "main" not in seen.lines[-1]


async def test_wall_cpu_and_gil_by_one_key() -> None:
    gil = replace(profile(), attempts=400, rows=(StackRow(pid=TARGET_PID, tid=11, stack=0, samples=100, on_cpu=0),))
    async with Showing(update_of(profile(), gil_profile=gil)) as seen:
        await seen.press("w")
        assert "wall time" in seen.lines[0]
        await seen.press("w")
        assert "holding the GIL 25 %" in seen.lines[0]
        assert "walk" in seen.text
        await seen.press("w")
        assert "on CPU" in seen.lines[0]


async def test_without_looks_at_the_gil_the_pane_says_what_would_fill_it() -> None:
    async with Showing(update_of(profile())) as seen:
        await seen.press("w", "w")
        assert "who holds the GIL is not known" in seen.text
        assert "second, cheap sampler" in seen.text


async def test_filters_add_up_are_named_and_cleared() -> None:
    async with Showing(update_of(profile()), (120, 30)) as seen:
        await seen.press("w", "o", "r", "b")
        assert "own code, recursion folded, no idle" in seen.lines[0]
        assert "dumps" not in seen.text
        assert "wait" not in seen.text.partition("wall time")[2]
        await seen.press("e")
        assert seen.lines[3].split()[0] == "50%"
        await seen.press("f", *"query", "enter")
        assert "/query/" in seen.lines[0]
        assert "walk" not in seen.text
        await seen.press("escape")
        assert "own code" not in seen.lines[0]
        assert "wait" in seen.text


async def test_with_nothing_to_clear_escape_is_the_screens() -> None:
    async with Showing(update_of(profile())) as seen:
        await seen.press("z", "o", "escape")
        assert seen.app.main.zoomed
        await seen.press("escape")
        assert not seen.app.main.zoomed


async def test_a_key_of_another_view_does_nothing() -> None:
    async with Showing(update_of(profile())) as seen:
        await seen.press("s")
        before = seen.text
        await seen.press("F", "c")
        assert seen.text == before


async def test_a_bad_pattern_is_told_while_it_is_typed() -> None:
    async with Showing(update_of(profile()), (120, 30)) as seen:
        await seen.press("f", "(", "enter")
        assert "no regular expression" in seen.lines[-1]
        await seen.press("backspace", *"!walk", "enter")
        assert "not /walk/" in seen.lines[0]
        assert "query" in seen.text
        await seen.press("f", *"nowhere", "enter")
        assert "no stack passes the filters" in seen.text


async def test_by_process_thread_and_file() -> None:
    async with Showing(update_of(profile()), (120, 30)) as seen:
        await seen.press("P")
        assert f"PID {TARGET_PID}" in seen.lines[0]
        await seen.press("T")
        assert "thread 11 worker" in seen.lines[0]
        await seen.press("P")
        assert f"all threads, PID {TARGET_PID + 2}" in seen.lines[0]
        assert "query" in seen.text
        await seen.press("P", "e", "M")
        assert f"in {VIEWS}" in seen.lines[0]
        assert "query" not in seen.text
        await seen.press("M")
        assert "in /srv/app/" in seen.lines[0]
        assert "query" in seen.text
        await seen.press("M")
        assert "in /srv" not in seen.lines[0]


async def test_the_list_tells_what_grew_and_shrank() -> None:
    past = Past()
    async with Showing(update_of(profile(), stacks=past)) as seen:
        assert past.asked == []
        await seen.press("e")
        rows = {line.split()[3]: line.split()[:3] for line in seen.lines[3:6]}
        assert rows["dumps"] == ["30%", "↓26", "30%"]
        assert rows["walk"][1] == "↑19"
        assert past.asked == [(10 * SECOND, 70 * SECOND)]
        await seen.press("j", "k")
        assert len(past.asked) == 1
        assert "minute before" in seen.lines[-1]
        past.last_ns -= SECOND  # a step back in a replay
        await seen.press("j")
        assert len(past.asked) == 2


async def test_a_list_without_a_past_says_so() -> None:
    async with Showing(update_of(profile())) as seen:
        await seen.press("e")
        assert "no past" in seen.lines[2]


async def test_the_sandwich_goes_from_function_to_function() -> None:
    async with Showing(update_of(profile())) as seen:
        await seen.press("e", "s")
        assert [line.split()[0] for line in seen.lines[2:7]] == ["callers", "100.0%", "▶100.0%", "callees", "100.0%"]
        assert "walk" in seen.lines[4]
        assert "50 % of all is in walk" in seen.lines[-1]
        await seen.press("k", "enter")
        assert "80 % of all is in handle" in seen.lines[-1]
        await seen.press("j", "j", "enter")
        assert "30 % of all is in dumps" in seen.lines[-1]
        await seen.press("u", "u")
        assert "in walk" in seen.lines[-1]


async def test_the_source_opens_at_the_function() -> None:
    showing = Showing(update_of(profile()))
    async with showing as seen:
        await seen.press("e", "v")
        assert ("source", (TARGET_PID, VIEWS)) in showing.session.asked
        line = next(line for line in seen.lines if "line 52 of" in line)
        assert line.split()[:3] == ["50%", "50%", "52"]
        assert "line 40 of" not in seen.text or "80%" in seen.text
        await seen.press("j")
        assert seen.lines[-1].strip() == f"walk  {VIEWS}:53"
        await seen.press("enter")
        assert showing.session.asked.count(("source", (TARGET_PID, VIEWS))) == 2


async def test_a_source_that_cannot_be_read_says_why() -> None:
    showing = Showing(update_of(profile()))
    async with showing as seen:
        showing.session.fails = NoData("a recording has no source", "look elsewhere")
        await seen.press("v")
        assert "a recording has no source (look elsewhere)" in seen.text


async def test_the_footer_has_the_keys_of_the_view() -> None:
    async with Showing(update_of(profile())) as seen:
        assert "zoom" in seen.footer
        await seen.press("s")
        assert "go there" in seen.footer
        await seen.press("s")
        assert "zoom" in seen.footer


async def test_a_frozen_pane_answers_keys_and_loses_no_samples() -> None:
    showing = Showing(update_of(profile()))
    async with showing as seen:
        await seen.press("space")
        for tick in range(1, 4):
            showing.session.tick(update_of(profile((70 + tick) * SECOND, dumps=30 + 100 * tick)))
            await seen.pilot.pause()
        await seen.press("e")
        assert "100 of 200 on CPU" in seen.lines[1]
        assert seen.lines[3].split()[-2] == "walk"
        await seen.press("space")
        assert "400 of 500 on CPU" in seen.lines[1]
        assert seen.lines[3].split()[-2] == "dumps"


@pytest.mark.parametrize("key", ["i", "e", "s", "v"])
async def test_every_view_is_legible_without_colours_and_in_ascii(key: str) -> None:
    async with Showing(update_of(profile(), stacks=Past()), plain=True) as seen:
        await seen.press("down", "w", "o", key)
        assert seen.text.isascii()
        pane = seen.app.main.flame
        rows = [[part for part in pane.render_line(y) if part.text.strip()] for y in range(2, pane.size.height - 1)]
        # A box is bold where its neighbours are not; in a list the whole row is reversed and no other is.
        wanted = ("reverse", "bold") if key == "i" else ("reverse",)
        marked = [
            row for row in rows if any(all(getattr(part.style, name) for name in wanted) for part in row if part.style)
        ]
        assert len(marked) == 1


def test_a_view_is_loaded_when_it_is_first_shown() -> None:
    code = (
        "import sys; from perftui.tui.widgets.flame import Flame; pane = Flame(); pane.view\n"
        "print(*sorted(name for name in sys.modules if name.startswith('perftui.tui.flame.')))\n"
        "print(*(type(pane.views[entry.name]).__name__ for entry in VIEWS))"
    )
    code = f"from perftui.tui.flame.views import VIEWS; {code}"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.splitlines()
    assert "perftui.tui.flame.icicle" in ran[0]
    assert not any(name in ran[0] for name in ("hot", "diff", "heat", "workers"))
    assert len(set(ran[1].split())) == 7
