from random import Random

import pytest
from msgspec.structs import replace
from textual.events import MouseScrollDown, MouseScrollUp

from perftui.model.interval import Interval
from perftui.model.sample import CollectorStatus
from perftui.tui.messages import TargetPicked
from perftui.tui.renderables.ordering import ProcessTable
from perftui.tui.renderables.processes import Columns, process_text
from perftui.tui.widgets.processes import ProcessList, wanted
from tests.tui.fixtures import TARGET_PID, build_update
from tests.tui.screening import Stage


def picked(app: Stage) -> list[int | None]:
    return [message.pid for message in app.heard if isinstance(message, TargetPicked)]


def shown_pids(app: Stage) -> list[int]:
    """The PIDs of the rows on screen, from the top."""
    return [int(line[1:].split()[0]) for line in app.texts()[2:] if line.strip()]


def cpu_column(app: Stage) -> list[float]:
    return [float(line[1:].split()[2].lstrip("<")) for line in app.texts()[2:] if line.strip()]


def cpu_of_others(app: Stage) -> list[float]:
    """Of all but the first row, which is the target's."""
    assert shown_pids(app)[0] == TARGET_PID
    return cpu_column(app)[1:]


async def test_the_busy_ones_come_first_and_the_target_is_marked() -> None:
    app = Stage(ProcessList())
    async with app.run_test(size=(100, 42)):
        app.show(build_update())
        assert "Processes 350" in app.texts()[0]
        assert "by cpu" in app.texts()[0]
        assert cpu_of_others(app) == sorted(cpu_of_others(app), reverse=True)
        assert app.line_with(f"{TARGET_PID} ").startswith("▶")
        assert sum(line.startswith("▶") for line in app.texts()[1:]) == 2


async def test_rows_are_seen_to_be_in_order_however_the_figures_move() -> None:
    app = Stage(ProcessList())
    chance = Random(4)
    async with app.run_test(size=(100, 60)) as pilot:
        for tick in range(1, 12):
            update = build_update(tick)
            cores = [chance.choice((0.0, 0.0002, 0.001, 0.006, 0.3)) * chance.random() for _ in range(350)]
            assert update.interval is not None
            interval = Interval.between(update.interval.older, update.interval.newer)
            vars(interval)["process_cores"] = tuple(cores)
            app.show(replace(update, interval=interval))
            assert cpu_of_others(app) == sorted(cpu_of_others(app), reverse=True)
        await pilot.press("N")
        assert cpu_column(app) == [round(100 * figure, 1) for figure in cores[:58]]


async def test_an_idle_target_is_in_view_while_it_is_not_filtered_out() -> None:
    app = Stage(ProcessList())
    async with app.run_test(size=(80, 12)) as pilot:
        update = build_update()
        assert update.interval is not None
        interval = Interval.between(update.interval.older, update.interval.newer)
        vars(interval)["process_cores"] = (0.0,) * 350
        app.show(replace(update, interval=interval))
        assert shown_pids(app)[:3] == [TARGET_PID, 1, 8]
        await pilot.press("slash", *"kworker", "enter")
        assert TARGET_PID not in shown_pids(app)


async def test_enter_attaches_and_h_goes_back_to_the_host() -> None:
    app = Stage(ProcessList())
    async with app.run_test(size=(80, 12)) as pilot:
        app.show(build_update())
        await pilot.press("j", "j", "enter", "h")
        assert picked(app) == [shown_pids(app)[2], None]


async def test_the_cursor_stays_with_its_process() -> None:
    pane = ProcessList()
    app = Stage(pane)
    async with app.run_test(size=(80, 12)) as pilot:
        app.show(build_update())
        await pilot.press("j", "j", "j")
        pid = pane.selected
        await pilot.press("P", "M")
        for tick in range(2, 5):
            app.show(build_update(tick))
        assert pane.selected == pid
        assert pid in shown_pids(app)


@pytest.mark.parametrize("key", ["s", "f6"])
async def test_sorting_goes_round(key: str) -> None:
    app = Stage(ProcessList())
    async with app.run_test(size=(80, 12)) as pilot:
        app.show(build_update())
        for order in ("memory", "pid", "name", "cpu"):
            await pilot.press(key)
            assert f"by {order}" in app.texts()[0]


async def test_sorting_by_pid_and_paging() -> None:
    app = Stage(ProcessList())
    async with app.run_test(size=(80, 12)) as pilot:
        app.show(build_update())
        await pilot.press("N", "g")
        assert shown_pids(app) == [1 + 7 * row for row in range(10)]
        await pilot.press("pagedown", "pagedown")
        assert shown_pids(app)[-1] == 1 + 7 * 20
        await pilot.press("G")
        assert shown_pids(app)[-1] == TARGET_PID + 4


async def test_a_filter_is_typed_in_place() -> None:
    app = Stage(ProcessList())
    async with app.run_test(size=(80, 12)) as pilot:
        app.show(build_update())
        await pilot.press("slash", *"ap[p]", "x", "backspace")
        assert "/ap[p]_" in app.texts()[0]
        await pilot.press("enter")
        assert "4 of 350 /ap[p]/" in app.texts()[0]
        assert all("app.py" in line for line in app.texts()[2:6])
        await pilot.press("f4", "ctrl+u", *"q(")
        assert "0 of 350" in app.texts()[0]
        assert app.line_with("no process matches")
        await pilot.press("escape")
        assert "Processes 350" in app.texts()[0]
        assert picked(app) == []


async def test_arrows_still_move_while_a_filter_is_typed() -> None:
    pane = ProcessList()
    app = Stage(pane)
    async with app.run_test(size=(80, 12)) as pilot:
        app.show(build_update())
        await pilot.press("slash", *"sshd", "down", "down")
        assert pane.selected == shown_pids(app)[2]
        assert "/sshd_" in app.texts()[0]
        app.set_focus(None)
        await pilot.pause()
        assert "/sshd/" in app.texts()[0]


async def test_the_wheel_moves_the_cursor() -> None:
    pane = ProcessList()
    app = Stage(pane)
    async with app.run_test(size=(80, 12)) as pilot:
        app.show(build_update())
        pane.post_message(MouseScrollDown(pane, 3, 3, 0, 1, 0, False, False, False))
        await pilot.pause()
        assert pane.selected == shown_pids(app)[3]
        pane.post_message(MouseScrollUp(pane, 3, 3, 0, -1, 0, False, False, False))
        await pilot.pause()
        assert pane.selected == shown_pids(app)[0]
        await pilot.press("home")
        assert pane.selected is None


async def test_an_untouched_cursor_stays_on_the_first_row() -> None:
    app = Stage(ProcessList())
    async with app.run_test(size=(80, 12)) as pilot:
        app.show(build_update(1, first=True))
        assert shown_pids(app)[:2] == [TARGET_PID, 1]
        app.show(build_update(2))
        assert max(cpu_of_others(app)) == cpu_of_others(app)[0] > 0
        await pilot.press("enter")
        assert picked(app) == [TARGET_PID]


def test_a_half_typed_expression_is_taken_as_letters() -> None:
    half, whole = wanted("app("), wanted("^APP$")
    assert half is not None
    assert half.search("my app(1)")
    assert whole is not None
    assert whole.search("app")
    assert wanted("") is None


@pytest.mark.parametrize("key", ["t", "f5"])
async def test_the_tree_shows_children_under_parents(key: str) -> None:
    app = Stage(ProcessList())
    async with app.run_test(size=(100, 12)) as pilot:
        app.show(build_update())
        await pilot.press(key, "slash", *"app.py", "enter", "G")
        children = [line for line in app.texts() if "└─ /usr/bin/app.py" in line or "├─ /usr/bin/app.py" in line]
        assert len(children) == 4
        assert "tree" in app.texts()[0]


async def test_a_click_selects() -> None:
    pane = ProcessList()
    app = Stage(pane)
    async with app.run_test(size=(80, 12)) as pilot:
        app.show(build_update())
        await pilot.click(ProcessList, offset=(5, 4))
        assert pane.selected == shown_pids(app)[2]
        await pilot.click(ProcessList, offset=(5, 1))
        assert pane.selected == shown_pids(app)[2]


async def test_only_visible_rows_are_formatted(monkeypatch: pytest.MonkeyPatch) -> None:
    formatted: list[int] = []

    def counting(table: ProcessTable, row: int, columns: Columns, mark: str, branch: str, cpu: str) -> str:
        formatted.append(row)
        return process_text(table, row, columns, mark, branch, cpu)

    monkeypatch.setattr("perftui.tui.widgets.processes.process_text", counting)
    app = Stage(ProcessList())
    async with app.run_test(size=(80, 12)):
        app.show(build_update(processes=5000))
        assert "Processes 5000" in app.texts()[0]
        assert len(formatted) == len(shown_pids(app)) == 10


async def test_narrow_and_low() -> None:
    app = Stage(ProcessList())
    async with app.run_test(size=(40, 3)):
        app.show(build_update())
        assert len(shown_pids(app)) == 1


async def test_without_a_process_list_it_says_why() -> None:
    app = Stage(ProcessList())
    async with app.run_test(size=(80, 6)) as pilot:
        assert app.line_with("measuring")
        update = build_update()
        status = CollectorStatus(name="processes", state="no_data", reason="/proc is hidden", remedy="hidepid=0")
        app.show(replace(update, sample=replace(update.sample, processes=None, collectors=(status,)), interval=None))
        assert app.line_with("? /proc is hidden hidepid=0")
        await pilot.press("enter", "j")
        assert picked(app) == []
        app.show(build_update(first=True))
        assert app.line_with("    - ")
