import msgspec

from perftui.model.group_sections import Container, GroupSection
from perftui.model.table import Table
from perftui.tui.widgets.verdict import VerdictLine
from tests.tui.fixtures import build_update
from tests.tui.screening import Stage


async def test_the_verdict_counts_until_it_is_judged() -> None:
    pane = VerdictLine()
    app = Stage(pane)
    async with app.run_test(size=(100, 3)):
        assert "STARTING" in app.texts()[0]
        app.show(build_update(1, target=False))
        app.show(build_update(5, first=True))
        assert "MEASURING 0 of 3 s" in app.texts()[0]
        app.show(build_update(7, first=True))
        assert "MEASURING 2 of 3 s" in app.texts()[0]
        app.show(build_update(8))
        assert "neighbour-cpu" in app.texts()[0]


async def test_a_pause_is_shown() -> None:
    pane = VerdictLine()
    app = Stage(pane)
    async with app.run_test(size=(100, 3)):
        app.show(build_update())
        assert app.line_with("LIVE")
        pane.set_paused(True)
        assert app.line_with("PAUSED")


async def test_the_container_or_unit_of_the_target_is_named_before_it() -> None:
    update = build_update()
    group = GroupSection(
        monotonic_ns=1,
        path="/docker/1",
        unit="docker.service",
        user_unit="",
        slice="",
        container=Container(runtime="docker", id="1" * 64, name="web"),
        processes=Table.of({"pid": (), "inner_pid": ()}),
    )
    sample = msgspec.structs.replace(update.sample, group=group)
    pane = VerdictLine()
    app = Stage(pane)
    async with app.run_test(size=(120, 3)):
        app.show(msgspec.structs.replace(update, sample=sample))
        assert f"docker web: {sample.target.label}"[:40] in app.texts()[2]
        target = msgspec.structs.replace(sample.target, kind="unit", name="docker.service")
        app.show(msgspec.structs.replace(update, sample=msgspec.structs.replace(sample, target=target)))
        assert f"unit docker.service: {sample.target.pid}" in app.texts()[2]
        assert "web" not in app.texts()[2].partition("docker.service")[0]


async def test_a_long_command_line_is_seen_to_be_cut() -> None:
    update = build_update()
    target = msgspec.structs.replace(update.sample.target, command="/usr/lib/postgresql/15/bin/postgres -D /srv " * 4)
    long = msgspec.structs.replace(update, sample=msgspec.structs.replace(update.sample, target=target))
    app = Stage(VerdictLine())
    async with app.run_test(size=(80, 4)):
        app.show(long)
        line = app.line_with("LIVE").rstrip()
        assert f"  ▶ {target.pid} postgres -D" in line  # the program matters more than where it lies
        assert line.endswith("…")
