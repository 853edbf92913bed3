"""What a group used between two samples, and the tightest of its limits."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.group_rates import cpu_limit, group_use, memory_limit, memory_ratio
from perftui.model.group_sections import (
    IO_COUNTERS,
    IO_LIMITS,
    CgroupCpu,
    CgroupCpuset,
    CgroupIo,
    CgroupMemory,
    CgroupMemoryLevel,
    CgroupMemoryStat,
    CgroupPids,
    CgroupPressure,
    CgroupSection,
    CgroupUsage,
    Container,
)
from perftui.model.interval import Interval
from perftui.model.sample import Sample
from perftui.model.table import Table
from tests.tune.scenes import sample_at


def io(counts: list[tuple[int, int, int, int]], limits: list[tuple[int, int, int, int]]) -> CgroupIo:
    columns = dict(zip(IO_COUNTERS, zip(*counts, strict=True), strict=True))
    columns |= dict(zip(IO_LIMITS, zip(*limits, strict=True), strict=True))
    return CgroupIo(path="/g", devices=Table.of(columns, {"name": [f"sd{at}" for at in range(len(counts))]}))


def section(at: int, *, path: str = "/g", **fields: object) -> CgroupSection:
    """After ``at`` seconds in which it used 1.5 cores, was stalled for 0.2 s/s and wrote 8 MB/s."""
    whole = CgroupSection(
        monotonic_ns=at * 10**9,
        version=2,
        cpu=(),
        usage=CgroupUsage(
            path=path, usage_ns_total=15 * at * 10**8, user_ns_total=10**9 * at, system_ns_total=5 * at * 10**8
        ),
        memory=CgroupMemory(
            path=path,
            current_bytes=100,
            limit_bytes=None,
            high_bytes=None,
            limit_hits_total=4 * at,
            oom_kills_total=0,
            stat=CgroupMemoryStat(refault_file_total=30 * at),
        ),
        io=io([(0, 8_000_000 * at, 0, 100 * at)], [(-1, 10_000_000, -1, 1000)]),
        pids=CgroupPids(path=path, current=30, limit=40, limit_hits_total=None),
        pressure=CgroupPressure(
            path=path,
            cpu_some_total_us=200_000 * at,
            cpu_full_total_us=0,
            memory_some_total_us=0,
            memory_full_total_us=0,
            io_some_total_us=0,
            io_full_total_us=0,
        ),
    )
    return msgspec.structs.replace(whole, **fields)


def test_rates_of_all_parts() -> None:
    use = group_use(section(1), section(3), 2.0)
    assert (use.cpu_cores, use.user_cores, use.system_cores) == (1.5, 1.0, 0.5)
    assert (use.memory_bytes, use.limit_hits_per_s, use.oom_kills_per_s, use.refaults_per_s) == (100, 4.0, 0.0, 30.0)
    assert use.pids_ratio == 0.75
    assert use.pressure is not None
    assert use.pressure.cpu.some_ratio == pytest.approx(0.2)
    (device,) = use.devices
    assert (device.name, device.write_bytes_per_s, device.writes_per_s) == ("sd0", 8_000_000, 100)
    assert device.limit_ratio == pytest.approx(0.8)


def test_another_group_has_no_rates() -> None:
    use = group_use(section(1), section(3, path="/other", io=None), 2.0)
    assert (use.cpu_cores, use.limit_hits_per_s, use.refaults_per_s, use.pressure) == (None, None, None, None)
    assert use.devices == ()
    assert use.memory_bytes == 100


def test_what_is_not_visible_is_none_and_never_zero() -> None:
    bare = CgroupSection(monotonic_ns=1, version=1, cpu=(), memory=None)
    use = group_use(bare, bare, 1.0)
    assert set(msgspec.structs.astuple(use)) == {None, ()}


def test_a_device_that_is_new_counts_from_zero_and_one_without_counts_is_none() -> None:
    older = io([(10, 0, 0, 0)], [(-1, -1, -1, -1)])
    newer = io([(10, 0, 0, 0), (6, -1, 2, -1)], [(-1, -1, -1, -1), (-1, -1, -1, -1)])
    use = group_use(section(1, io=older), section(2, io=newer), 1.0)
    assert [(device.read_bytes_per_s, device.write_bytes_per_s, device.limit_ratio) for device in use.devices] == [
        (0.0, 0.0, None),
        (6.0, 0.0, None),
    ]


def level(path: str, current: int, limit: int | None, high: int | None = None) -> CgroupMemoryLevel:
    return CgroupMemoryLevel(path=path, current_bytes=current, limit_bytes=limit, high_bytes=high)


def test_the_level_with_the_least_room_counts() -> None:
    levels = (level("/g/a", 50, None, 80), level("/g", 90, 100), level("/", 1000, 9000))
    assert memory_ratio(section(1, memory_levels=levels)) == 0.9
    assert memory_ratio(section(1, memory_levels=levels[:1])) == 0.625
    assert memory_ratio(section(1, memory_levels=(level("/g", 90, None),))) is None


def sample(**fields: object) -> Sample:
    whole = sample_at(1)
    assert whole.tree is not None
    tree = msgspec.structs.replace(whole.tree, cpus_online=8, cpus_allowed="0-7", cpus_allowed_count=8)
    return msgspec.structs.replace(whole, tree=tree, cgroup=msgspec.structs.replace(section(1), **fields))


def cpu(path: str, quota_us: int | None) -> CgroupCpu:
    return CgroupCpu(
        path=path,
        quota_us=quota_us,
        period_us=100_000,
        periods_total=0,
        throttled_periods_total=0,
        throttled_ns_total=0,
    )


def test_the_tightest_limit_of_the_cpu() -> None:
    found = cpu_limit(sample())
    assert found is not None
    assert (found.cores, found.by) == (8, "host")
    quotas = (cpu("/g/a", 250_000), cpu("/g", 200_000), cpu("/", None))
    found = cpu_limit(sample(cpu=quotas))
    assert found is not None
    assert (found.cores, found.by, found.where) == (2.0, "quota", "/g")
    found = cpu_limit(sample(cpu=quotas, cpuset=CgroupCpuset(path="/c", cpus="3", nodes="0")))
    assert found is not None
    assert (found.cores, found.by, found.where) == (1, "cpuset", "/c")
    pinned = sample(cpu=quotas[2:])
    assert pinned.tree is not None
    pinned = msgspec.structs.replace(
        pinned, tree=msgspec.structs.replace(pinned.tree, cpus_allowed="1,4", cpus_allowed_count=2)
    )
    found = cpu_limit(pinned)
    assert found is not None
    assert (found.cores, found.by, found.where) == (2, "affinity", "1,4")
    assert cpu_limit(msgspec.structs.replace(pinned, tree=None, cgroup=None)) is None


def test_the_tightest_limit_of_memory() -> None:
    whole = sample(memory_levels=(level("/g/a", 1, None), level("/g", 1, 4096, 2048)))
    found = memory_limit(whole)
    assert found is not None
    assert (found.bytes, found.by, found.where) == (2048, "high", "/g")
    assert whole.cgroup is not None
    assert whole.cgroup.memory is not None
    hidden = msgspec.structs.replace(whole.cgroup.memory, hierarchy_limit_bytes=1024)
    found = memory_limit(msgspec.structs.replace(whole, cgroup=msgspec.structs.replace(whole.cgroup, memory=hidden)))
    assert found is not None
    assert (found.bytes, found.by) == (1024, "limit")
    assert memory_limit(msgspec.structs.replace(whole, memory=None, cgroup=None)) is None


def test_an_interval_has_them() -> None:
    older, newer = (msgspec.structs.replace(sample_at(at), cgroup=section(at)) for at in (1, 2))
    use = Interval.between(older, newer).cgroup
    assert use is not None
    assert use.cpu_cores == 1.5
    assert Interval.between(older, msgspec.structs.replace(newer, cgroup=None)).cgroup is None


@given(st.lists(st.integers(0, 2**62), min_size=2, max_size=2), st.floats(1e-6, 1e6))
def test_no_rate_is_negative(totals: list[int], seconds: float) -> None:
    older, newer = (
        section(1, usage=CgroupUsage(path="/g", usage_ns_total=total, user_ns_total=None, system_ns_total=None))
        for total in totals
    )
    use = group_use(older, newer, seconds)
    assert use.cpu_cores is not None
    assert use.cpu_cores >= 0
    assert use.user_cores is None


def test_labels_of_containers() -> None:
    ident = "0123456789abcdef" * 4
    assert Container(runtime="docker", id=ident).label == "docker 0123456789ab"
    assert Container(runtime="", id=ident, name="x").label == "container x"
    assert Container(runtime="", id=ident, pod_uid="u-1").label == "pod u-1 0123456789ab"
    assert Container(runtime="cri-o", id=ident, name="a", pod="p", namespace="n").label == "pod n/p a"
