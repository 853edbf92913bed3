"""What disks, CPUs and interrupts did between two readings."""

from msgspec.structs import replace

from perftui.model.interval import Interval
from perftui.model.rates import disk_use
from perftui.model.sample import DiskSection, PressureLine, PressureSection
from perftui.model.table import Table
from tests.model.test_interval import SECOND, sample
from tests.tui.fixtures import build_sample

COLUMNS = (
    "reads_total", "read_bytes_total", "read_ms_total", "writes_total", "write_bytes_total", "write_ms_total",
    "in_flight", "io_ms_total", "weighted_ms_total", "discards_total", "flushes_total", "flush_ms_total",
)  # fmt: skip


def disks(name: str = "vda", **counters: int) -> Table:
    return Table.of({column: [counters.get(column, 0)] for column in COLUMNS}, {"name": [name]})


def test_each_direction_waits_for_itself() -> None:
    newer = disks(
        reads_total=10, read_ms_total=20, writes_total=5, write_ms_total=40, flushes_total=4, flush_ms_total=6
    )
    (use,) = disk_use(disks(), newer, 2.0)
    assert (use.read_await_ms, use.write_await_ms, use.await_ms) == (2, 8, 4)
    assert (use.flushes_per_s, use.flush_ms, use.discards_per_s) == (2, 1.5, 0)


def test_what_is_not_counted_is_not_zero() -> None:
    old = disks(discards_total=-1, flushes_total=-1, flush_ms_total=-1)
    (use,) = disk_use(old, old, 1.0)
    assert (use.discards_per_s, use.flushes_per_s, use.flush_ms) == (None, None, None)
    assert (use.read_await_ms, use.await_ms) == (None, None)
    (idle,) = disk_use(disks(), disks(), 1.0)
    assert (idle.flushes_per_s, idle.flush_ms) == (0, None)


def test_partitions_are_apart_from_their_disk() -> None:
    def section(at: int, reads: int) -> DiskSection:
        return DiskSection(
            monotonic_ns=at, devices=disks(reads_total=2 * reads), partitions=disks("vda1", reads_total=reads)
        )

    interval = Interval.between(sample(0, disks=section(0, 0)), sample(SECOND, disks=section(SECOND, 3)))
    assert interval.partitions is not None
    assert [(use.name, use.reads_per_s) for use in interval.partitions] == [("vda1", 3)]
    assert interval.disks is not None
    assert interval.disks[0].reads_per_s == 6


def test_interrupts_where_the_kernel_counts_them() -> None:
    older, newer = build_sample(0), build_sample(1)
    assert older.cpu is not None
    assert newer.cpu is not None
    use = Interval.between(older, newer).cpu
    assert use is not None
    assert use.interrupts_per_s is None
    counted = (
        replace(section, interrupts_total=at * 500, softirqs_total=7)
        for at, section in enumerate((older.cpu, newer.cpu))
    )
    first, second = (replace(each, cpu=cpu) for each, cpu in zip((older, newer), counted, strict=True))
    use = Interval.between(first, second).cpu
    assert use is not None
    assert (use.interrupts_per_s, use.softirqs_per_s) == (500, 0)


def test_time_lost_to_interrupts() -> None:
    def pressure(at: int, lost_us: int | None) -> PressureSection:
        line = PressureLine(some_avg10=0, some_total_us=0)
        return PressureSection(monotonic_ns=at, cpu=line, memory=line, io=line, irq_full_total_us=lost_us)

    use = Interval.between(
        sample(0, pressure=pressure(0, 0)), sample(SECOND, pressure=pressure(SECOND, 250_000))
    ).pressure
    assert use is not None
    assert use.irq_full_ratio == 0.25
    use = Interval.between(
        sample(0, pressure=pressure(0, None)), sample(SECOND, pressure=pressure(SECOND, None))
    ).pressure
    assert use is not None
    assert use.irq_full_ratio is None
