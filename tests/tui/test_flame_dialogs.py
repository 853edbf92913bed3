"""Another way of sampling, and stacks into a file: asked for in the flame pane, behind a dialog."""

import msgspec
import pytest

from perftui.model.profile import ProfileStatus
from perftui.tui.screens.sheet import Page
from tests.tui.fixtures import TARGET_PID, build_update
from tests.tui.whole import quiet, rows, sheet_text, started


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_a_way_of_sampling_shows_its_cost_and_is_chosen_from_cancel(size: tuple[int, int]) -> None:
    session, app = started()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        status = ProfileStatus(state="ok", sampler="py-spy", pid=TARGET_PID, rate_hz=100)
        session.tick(msgspec.structs.replace(quiet(build_update(threads=9)), profile_status=status))
        await pilot.pause()
        await pilot.press("2", "y")
        await pilot.pause()
        text = sheet_text(app)
        assert f"process {TARGET_PID} of 9 threads" in text
        assert "57.0 % longer" in text.replace("\n", " ")
        assert "heavy load on the target" in " ".join(text.split())
        assert app.screen.query_one(Page).chosen == 0
        await pilot.press("enter")
        assert session.asked == []
        await pilot.press("y", "right", "right", "enter")
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert session.asked == [("mode", ("exact", TARGET_PID))]
        assert f"stacks of process {TARGET_PID} are sampled exact" in rows(app.main.banner)[0]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (ProfileStatus(state="unavailable", sampler="py-spy", reason="no rights"), "no process is sampled"),
        (ProfileStatus(state="ok", sampler="perf", pid=7), "perf looks in one way only"),
    ],
)
async def test_where_there_is_one_way_only_it_says_so(status: ProfileStatus, said: str) -> None:
    session, app = started()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        session.tick(msgspec.structs.replace(quiet(build_update()), profile_status=status))
        await pilot.pause()
        await pilot.press("2", "y")
        await pilot.pause()
        assert said in rows(app.main.banner)[0]
        assert session.asked == []


async def test_the_stacks_of_the_view_are_written_in_the_chosen_format() -> None:
    session, app = started()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        session.tick(quiet(build_update()))
        await pilot.pause()
        await pilot.press("2", "w", "E")
        await pilot.pause()
        assert "[ svg ]" in sheet_text(app)
        await pilot.press("right", "right", "enter")
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert session.asked == [("flame", ("speedscope", "wall"))]
        assert "saved somewhere" in rows(app.main.banner)[0]
