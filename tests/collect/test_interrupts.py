"""Interrupts by line and by CPU."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.collect.interrupts import MAX_LINES, InterruptCollector, Line, parse_interrupts, parse_softirqs
from perftui.errors import NoData
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET
from tests.collect.trees import virtual_machine, write


def total_of_stat() -> int:
    line = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("intr "))
    return int(line.split()[1])


def test_the_cpus_add_up_to_what_proc_stat_counts() -> None:
    before = total_of_stat()
    section = InterruptCollector().collect(Host(), NO_TARGET, None)
    after = total_of_stat()
    # Other machines have a row or two that /proc/stat does not count.
    assert 0.99 * before <= sum(section.cpus.ints("interrupts_total")) <= 1.01 * after
    softirqs = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("softirq "))
    kinds = ("hi", "timer", "net_tx", "net_rx", "block", "irq_poll", "tasklet", "sched", "hrtimer", "rcu")
    for kind, count in zip(kinds, softirqs.split()[2:], strict=True):
        assert 0 <= int(count) - sum(section.cpus.ints(f"{kind}_total")) <= 10_000


def test_a_captured_machine(tmp_path: Path) -> None:
    virtual_machine(tmp_path)
    section = InterruptCollector().collect(Host(tmp_path), NO_TARGET, None)
    assert section.lines.text("name") == ("24", "36", "LOC", "TLB", "ERR")
    assert section.lines.text("device")[1] == "PCI-MSIX-0000:00:02.0 1-edge virtio1-req.0"
    assert list(section.lines.ints("count_total")) == [5, 1000, 5000, 20, 7]
    assert list(section.lines.ints("busiest_cpu")) == [0, 1, 1, 0, -1]
    assert list(section.lines.ints("busiest_total")) == [5, 1000, 3000, 10, 7]
    assert list(section.cpus.ints("interrupts_total")) == [2005, 4000]
    assert list(section.cpus.ints("net_rx_total")) == [30, 40]


def test_an_offline_cpu_keeps_the_numbers_of_the_others(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"/proc/interrupts": "  CPU0 CPU2\nLOC: 1 9  timers\n", "/proc/softirqs": " CPU0 CPU1 CPU2\nHI: 1 2 3\n"},
    )
    section = InterruptCollector().collect(Host(tmp_path), NO_TARGET, None)
    assert list(section.cpus.ints("cpu")) == [0, 2]
    assert list(section.cpus.ints("hi_total")) == [1, 3]
    assert section.lines.ints("busiest_cpu")[0] == 2


def test_of_many_lines_those_that_move_stay(tmp_path: Path) -> None:
    def rows(moved: int) -> str:
        lines = [f"{line}: {1000 + line}  device-{line}" for line in range(300)] + [f"900: {moved} slow", "901: 0 dead"]
        return "  CPU0\n" + "\n".join(lines) + "\n"

    collector = InterruptCollector()
    write(tmp_path, {"/proc/interrupts": rows(1), "/proc/softirqs": " CPU0\nHI: 1\n"})
    first = collector.collect(Host(tmp_path), NO_TARGET, None)
    assert len(first.lines) == MAX_LINES
    assert "900" not in first.lines.text("name")
    write(tmp_path, {"/proc/interrupts": rows(30)})
    second = collector.collect(Host(tmp_path), NO_TARGET, None)
    assert len(second.lines) == MAX_LINES
    assert "900" in second.lines.text("name")
    assert "901" not in second.lines.text("name")
    assert sum(second.cpus.ints("interrupts_total")) == sum(range(1000, 1300)) + 30


def test_without_the_file_it_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoData):
        InterruptCollector().collect(Host(tmp_path), NO_TARGET, None)


@given(st.lists(st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3), max_size=8))
def test_every_row_comes_back(rows: list[list[int]]) -> None:
    text = "   CPU0 CPU1 CPU7\n" + "".join(
        f" {at}: {' '.join(map(str, row))} chip {at}-edge\n" for at, row in enumerate(rows)
    )
    cpus, lines = parse_interrupts(text.encode())
    assert cpus == [0, 1, 7]
    assert lines == [Line(str(at).encode(), f"chip {at}-edge".encode(), row) for at, row in enumerate(rows)]


def test_softirqs_by_cpu() -> None:
    assert parse_softirqs(b"  CPU0 CPU1\n NET_RX: 1 2\n HI: 3 4\n") == {
        0: {"net_rx": 1, "hi": 3},
        1: {"net_rx": 2, "hi": 4},
    }
