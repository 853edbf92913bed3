"""Prometheus' text format: every name, unit and label."""

import re
import shutil
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.model.catalogue import METRICS
from perftui.model.interval import Interval
from perftui.model.target import Target
from perftui.report.prometheus import OWN_FAMILIES, READING_FAMILIES, SERIES_FAMILIES, exposition
from tests.report.exposition import parsed
from tests.report.samples import update
from tests.tui.fixtures import build_update

FAMILIES = [*READING_FAMILIES.values(), *SERIES_FAMILIES.values(), *OWN_FAMILIES]
OTHER_UNITS = re.compile(r"(_|^)(ns|us|ms|pct|percent|khz|mhz|uj|mbit|ticks|kb|mb)(_|$)")


def test_no_two_families_have_one_name() -> None:
    names = [family.name for family in FAMILIES]
    assert len(set(names)) == len(names)


def test_names_say_kind_and_unit() -> None:
    for family in FAMILIES:
        assert re.fullmatch(r"perftui_[a-z0-9_]+", family.name)
        assert family.name.endswith("_total") == (family.kind == "counter"), family
        assert not OTHER_UNITS.search(family.name), family
        words = family.name.split("_")
        assert all(words)
        assert all(one != other for one, other in pairwise(words)), family
        assert family.help.endswith(".")
        assert len(family.help.split(" Source: ")[0]) > 10
        assert "\n" not in family.help


@pytest.mark.parametrize(
    ("path", "name", "factor"),
    [
        ("cpu.ticks.user", "perftui_cpu_user_seconds_total", 1),
        ("cpu.context_switches_total", "perftui_cpu_context_switches_total", 1),
        ("memory.swap_total_bytes", "perftui_memory_swap_total_bytes", 1),
        ("disks.devices.read_ms_total", "perftui_disk_read_seconds_total", 1e-3),
        ("disks.partitions.in_flight", "perftui_disk_partition_in_flight", 1),
        ("pressure.io.full_total_us", "perftui_pressure_io_full_seconds_total", 1e-6),
        ("pressure.cpu.some_avg10", "perftui_pressure_cpu_some_avg10_ratio", 0.01),
        ("cgroup.usage.usage_ns_total", "perftui_cgroup_usage_seconds_total", 1e-9),
        ("cgroup.memory.stat.anon_bytes", "perftui_cgroup_memory_stat_anon_bytes", 1),
        ("cgroup.io.devices.read_bytes_limit", "perftui_cgroup_io_read_limit_bytes_per_second", 1),
        ("links.links.speed_mbit", "perftui_link_speed_bytes_per_second", 125_000),
        ("frequency.cpus.khz", "perftui_frequency_hertz", 1000),
        ("filesystems.mounts.inodes_total", "perftui_filesystem_inodes", 1),
        ("protocols.conntrack_count", "perftui_protocol_conntrack", 1),
        ("gpus.gpus.memory_clock_mhz", "perftui_gpu_memory_clock_hertz", 1e6),
    ],
)
def test_names_of_readings(path: str, name: str, factor: float) -> None:
    family = READING_FAMILIES[tuple(path.split("."))]
    assert (family.name, family.factor) == (name, factor)


def test_names_of_series() -> None:
    assert SERIES_FAMILIES["cpu"].name == "perftui_cpu_ratio"
    assert SERIES_FAMILIES["target-cpu"].name == "perftui_target_cpu_cores"
    assert SERIES_FAMILIES["disk-await"].name == "perftui_disk_await_seconds"
    assert {metric.name for metric in METRICS} - set(SERIES_FAMILIES) == {"memory-cached", "memory-dirty", "gpu-power"}


def test_a_page_of_a_watched_target() -> None:
    shown = build_update()
    families = parsed(exposition(shown))
    assert families["perftui_info"].kind == "gauge"
    assert set(families["perftui_cpu_idle_seconds_total"].samples) == {(("cpu", "0"),), (("cpu", "1"),)}
    assert families["perftui_memory_total_bytes"].samples == {(): 8 << 30}
    assert (("interface", "eth0"),) in families["perftui_network_rx_bytes_total"].samples
    assert (("device", "vda"),) in families["perftui_disk_reads_total"].samples
    assert () in families["perftui_target_cpu_cores"].samples
    assert families["perftui_collector_visible"].samples[("collector", "cpu"),] == 1
    found = [dict(labels)["rule"] for labels in families["perftui_finding_confidence_ratio"].samples]
    assert found == [finding.rule for finding in (shown.diagnosis.findings if shown.diagnosis else ())]


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool here; the strict reader sees every page")
def test_promtool_has_nothing_to_say_of_any_name() -> None:
    """Every family that there can be, with one sample each."""
    pages = (
        f"# HELP {family.name} {family.help}\n# TYPE {family.name} {family.kind}\n{family.name} 1\n"
        for family in FAMILIES
    )
    for page in ("".join(pages), exposition(build_update())):
        told = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
        assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def test_ticks_are_seconds() -> None:
    shown = build_update()
    assert shown.sample.cpu is not None
    idle = parsed(exposition(shown))["perftui_cpu_idle_seconds_total"].samples[("cpu", "0"),]
    assert idle == shown.sample.cpu.ticks.ints("idle")[1] / 100


def test_without_rates_there_are_only_readings() -> None:
    families = parsed(exposition(replace(build_update(), interval=None)))
    assert "perftui_cpu_ratio" not in families
    assert "perftui_cpu_user_seconds_total" in families


@given(st.text(max_size=30))
def test_any_text_survives_in_a_label(text: str) -> None:
    shown = replace(update(), sample=replace(update().sample, target=Target(kind="host", command=text)))
    [labels] = parsed(exposition(shown))["perftui_info"].samples
    assert dict(labels)["command"] == text.partition(" ")[0].rpartition("/")[2]


def test_a_command_line_stays_here_but_for_the_program() -> None:
    target = Target(kind="process", command="/usr/bin/app --password hunter2 https://ann:hunter2@h/")
    page = exposition(replace(update(), sample=replace(update().sample, target=target)))
    [labels] = parsed(page)["perftui_info"].samples
    assert dict(labels)["command"] == "app"
    assert "hunter2" not in page


def test_the_interval_need_not_have_every_section() -> None:
    shown = update()
    older = replace(shown.sample, monotonic_ns=1)
    parsed(exposition(replace(shown, interval=Interval.between(older, shown.sample))))


def test_the_room_of_reports_reads_no_clock_and_no_file() -> None:
    code = "import sys; import perftui.report.prometheus; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"perftui.host", "socket", "textual"} & set(loaded)
