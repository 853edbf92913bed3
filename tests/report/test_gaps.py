"""Parts that a working collector leaves out."""

import msgspec

from perftui.model.group_sections import CgroupPids, CgroupSection, Container, GroupSection
from perftui.model.process_sections import SmapsSection
from perftui.model.sample import CollectorStatus, Sample
from perftui.model.table import Table
from perftui.report.gaps import gaps_of
from tests.tune.scenes import sample_at


def grouped(path: str, container: Container | None = None) -> GroupSection:
    table = Table.of({"pid": (), "inner_pid": ()})
    return GroupSection(
        monotonic_ns=1, path=path, unit="", user_unit="", slice="", container=container, processes=table
    )


def with_columns(sample: Sample, **columns: list[int]) -> Sample:
    assert sample.tree is not None
    count = len(sample.tree.processes)
    ints = {name: [0] * count for name in ("fds", "read_bytes_total", "write_bytes_total")}
    ints |= {name: [0] * count for name in ("read_syscalls_total", "write_syscalls_total")}
    table = Table.of(ints | columns)
    return msgspec.structs.replace(sample, tree=msgspec.structs.replace(sample.tree, processes=table))


def test_a_whole_sample_has_none() -> None:
    assert gaps_of(with_columns(sample_at(1))) == {}


def test_files_of_another_users_process() -> None:
    hidden = with_columns(
        sample_at(1), fds=[-1], read_bytes_total=[-1], write_bytes_total=[-1], read_syscalls_total=[-1],
        write_syscalls_total=[-1],
    )  # fmt: skip
    gap = gaps_of(hidden)["tree"]
    assert gap.detail == "not readable: open files, disk I/O"
    assert "root" in gap.remedy


def test_wait_channels_of_another_users_threads() -> None:
    sample = with_columns(sample_at(1))
    assert sample.threads is not None
    threads = sample.threads.threads
    texts = {"name": threads.text("name"), "wchan": [""] * len(threads)}
    columns = {name: threads.ints(name) for name in threads.columns}
    section = msgspec.structs.replace(sample.threads, threads=Table.of(columns, texts))
    waits = CollectorStatus(name="waits", state="no_data", reason="hidden")
    hidden = msgspec.structs.replace(sample, threads=section, waits=None, collectors=(waits,))
    assert "kernel function" in gaps_of(hidden)["threads"].detail


def test_rows_that_were_left_out() -> None:
    sample = with_columns(sample_at(1))
    smaps = SmapsSection(monotonic_ns=1, processes=Table(), skipped=12)
    assert gaps_of(msgspec.structs.replace(sample, smaps=smaps))["smaps"].detail.startswith("12 more")


def test_controllers_that_are_not_enabled() -> None:
    pids = CgroupPids(path="/g", current=1, limit=None, limit_hits_total=None)
    cgroup = CgroupSection(monotonic_ns=1, version=2, cpu=(), memory=None, pids=pids)
    sample = msgspec.structs.replace(with_columns(sample_at(1)), cgroup=cgroup, group=grouped("/a.slice"))
    gap = gaps_of(sample)["cgroup"]
    assert gap.detail.endswith("group: cpu, memory, io")
    assert "+cpu +memory +io" in gap.remedy
    assert gaps_of(msgspec.structs.replace(sample, group=grouped("/"))) == {}
    version_1 = msgspec.structs.replace(cgroup, version=1)
    assert gaps_of(msgspec.structs.replace(sample, cgroup=version_1)) == {}


def test_a_container_without_a_name() -> None:
    sample = with_columns(sample_at(1))
    nameless = grouped("/docker/1", Container(runtime="docker", id="1" * 64))
    assert "docker 111111111111" in gaps_of(msgspec.structs.replace(sample, group=nameless))["group"].detail
    named = grouped("/docker/1", Container(runtime="docker", id="1" * 64, name="web"))
    assert gaps_of(msgspec.structs.replace(sample, group=named)) == {}
