"""The page on the target's control groups, as lines."""

import msgspec
from hypothesis import given

from perftui.model.group_sections import (
    CgroupCpu,
    CgroupCpuset,
    CgroupMemoryLevel,
    Container,
    GroupSection,
)
from perftui.model.interval import Interval
from perftui.model.sample import CollectorStatus, Sample
from perftui.model.table import Table
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.pages.group import group_page
from tests.model.test_group_rates import section
from tests.tui.fixtures import TARGET_PID, build_update
from tests.tui.screening import COLOURED, HOSTILE, PALETTES, WIDTHS, checked


def level(path: str, quota_us: int | None, throttled: int) -> CgroupCpu:
    return CgroupCpu(
        path=path,
        quota_us=quota_us,
        period_us=100_000,
        periods_total=10 * throttled,
        throttled_periods_total=5 * throttled,
        throttled_ns_total=300_000_000 * throttled,
        weight=250,
    )


def held(path: str, limit: int | None) -> CgroupMemoryLevel:
    return CgroupMemoryLevel(path=path, current_bytes=95 << 20, limit_bytes=limit, high_bytes=None)


def grouped(sample: Sample, at: int, name: str) -> Sample:
    own = f"/sys/fs/cgroup/docker/{name}"
    return msgspec.structs.replace(
        sample,
        cgroup=msgspec.structs.replace(
            section(at),
            monotonic_ns=sample.monotonic_ns,
            cpu=(level(own, 150_000, at), level("/sys/fs/cgroup/docker", None, 0)),
            memory_levels=(held(own, 100 << 20), held("/sys/fs/cgroup/docker", None)),
            cpuset=CgroupCpuset(path=own, cpus="0-3", nodes="0"),
        ),
        group=GroupSection(
            monotonic_ns=sample.monotonic_ns,
            path=f"/docker/{name}",
            unit="docker.service",
            user_unit="",
            slice="system.slice",
            container=Container(runtime="docker", id="1" * 64, name=name, image="registry/web:1"),
            processes=Table.of({"pid": [TARGET_PID, 9], "inner_pid": [1, -1]}),
        ),
    )


def whole(name: str = "web") -> Update:
    update = build_update()
    assert update.interval is not None
    older, newer = grouped(update.interval.older, 1, name), grouped(update.sample, 2, name)
    return msgspec.structs.replace(update, sample=newer, interval=Interval.between(older, newer))


def page(update: Update, width: int = 120) -> list[str]:
    return [line.rstrip() for line in checked(group_page(update, width, COLOURED), width)]


def test_every_part_is_there() -> None:
    text = "\n".join(page(whole()))
    for expected in (
        "\n/docker/web\n",
        f"docker web, image registry/web:1, id {'1' * 64}",
        "systemd: docker.service, system.slice",
        f"PIDs inside: {TARGET_PID} is 1\n",
        "may use 1.5 CPUs (quota) and 100M of memory (limit)",
        "/sys/fs/cgroup/docker/web                    1.5     250      95M     100M ▲",
        "/sys/fs/cgroup/docker                        max     250      95M      max",
        "1.50 cores",
        "50 %",
        "0.30 s/s",
        "▲ 95 %",
        "4/s",
        "▲ 20 %, all of it 0 %",
        "sd0                  0B/s     7.6M/s          80 %",
        "30 of 40",
        "0-3",
    ):
        assert expected in text, expected


def test_of_a_long_path_the_end_is_shown() -> None:
    assert any(line.startswith("…") and f"{'x' * 38} " in line for line in page(whole("x" * 60)))


def test_a_part_that_is_not_visible_says_so() -> None:
    update = whole()
    assert update.sample.cgroup is not None
    bare = msgspec.structs.replace(
        update.sample, cgroup=msgspec.structs.replace(update.sample.cgroup, pressure=None, io=None)
    )
    lines = page(msgspec.structs.replace(update, sample=bare, interval=None))
    assert sum("measuring" in line for line in lines) == 3  # CPU too: there is no interval yet
    assert update.interval is not None
    lines = page(msgspec.structs.replace(update, sample=bare, interval=Interval.between(update.interval.older, bare)))
    assert sum("? not visible: the controller" in line for line in lines) == 2
    assert "+io to cgroup.subtree_control" in " ".join(line.strip() for line in lines)


def test_version_1_says_what_it_cannot_and_which_group_would_have_figures() -> None:
    update = whole()
    assert update.sample.cgroup is not None
    assert update.interval is not None
    cgroup = msgspec.structs.replace(update.sample.cgroup, version=1, pressure=None, usage=None, io=None)
    bare = msgspec.structs.replace(update.sample, cgroup=cgroup)
    lines = page(msgspec.structs.replace(update, sample=bare, interval=Interval.between(update.interval.older, bare)))
    text = " ".join(line.strip() for line in lines)
    assert "version 1 have no pressure" in text
    assert "cgroup_no_v1=all" in text
    assert "the controller blkio is not mounted, or the target is in no group of it" in text


def test_a_group_that_read_and_wrote_nothing_says_that() -> None:
    update = whole()
    assert update.sample.cgroup is not None
    assert update.sample.cgroup.io is not None
    assert update.interval is not None
    none = Table.of({name: [] for name in update.sample.cgroup.io.devices.columns}, {"name": []})
    io = msgspec.structs.replace(update.sample.cgroup.io, devices=none)
    bare = msgspec.structs.replace(update.sample, cgroup=msgspec.structs.replace(update.sample.cgroup, io=io))
    lines = page(msgspec.structs.replace(update, sample=bare, interval=Interval.between(update.interval.older, bare)))
    assert any("nothing read or written by this group so far" in line for line in lines)


def test_without_the_section_the_collectors_reason_stands() -> None:
    update = whole()
    status = CollectorStatus(name="cgroup", state="no_data", reason="not mounted", remedy="mount it")
    bare = msgspec.structs.replace(update.sample, cgroup=None, group=None, collectors=(status,))
    assert "? cgroup not visible: not mounted; mount it" in page(msgspec.structs.replace(update, sample=bare))


def test_the_host_has_no_group() -> None:
    assert page(build_update(target=False))[0].startswith("No process is watched")


@given(palette=PALETTES, width=WIDTHS, name=HOSTILE)
def test_any_width_and_name(palette: Palette, width: int, name: str) -> None:
    checked(group_page(whole(name), width, palette), width)
