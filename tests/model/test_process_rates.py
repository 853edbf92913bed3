"""What two readings of a slow section say."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.interval import Interval
from perftui.model.process_rates import (
    DELAY_REASONS,
    LEAST_SEGMENTS,
    SocketUse,
    delay_use,
    limit_uses,
    memory_parts,
    socket_use,
    thread_io,
)
from perftui.model.process_sections import (
    SOCKET_COLUMNS,
    UNLIMITED,
    DelaySection,
    LimitSection,
    SmapsSection,
    SocketSection,
    ThreadIoSection,
)
from perftui.model.sample import ProcessSection, Sample
from perftui.model.table import Table
from perftui.model.target import HOST

SECOND = 1_000_000_000


def sockets(at: int, *rows: dict[str, int], state: str = "established", **processes: list[int]) -> SocketSection:
    """Rows by what differs from a socket that knows nothing."""
    full = [
        {**dict.fromkeys(SOCKET_COLUMNS, -1), "send_queue_bytes": 0, "receive_queue_bytes": 0, **row} for row in rows
    ]
    count = len(rows)
    table = {"pid": [1], "start_ticks": [5], "sockets": [count]} | {
        name: [0] for name in ("received_bytes_total", "acked_bytes_total", "retransmits_total")
    }
    return SocketSection(
        monotonic_ns=at,
        sockets=Table.of(
            {name: [row[name] for row in full] for name in SOCKET_COLUMNS},
            {
                "protocol": ["tcp"] * count,
                "state": [state] * count,
                "local_address": ["::1"] * count,
                "remote_address": ["127.0.0.1"] * count,
            },
        ),
        processes=Table.of(table | processes),
        unix=None,
        total=count,
    )


def only(older: SocketSection | None, newer: SocketSection) -> SocketUse:
    (use,) = socket_use(older, newer).sockets
    return use


def test_shares_of_time_and_of_segments() -> None:
    before = {
        "inode": 9,
        "rwnd_limited_us_total": 5,
        "segments_out_total": 100,
        "retransmits_total": 0,
        "busy_us_total": 0,
    }
    after = {
        "inode": 9,
        "rwnd_limited_us_total": 500_005,
        "segments_out_total": 300,
        "retransmits_total": 10,
        "busy_us_total": 9_000_000,
        "rtt_us": 250,
        "local_port": 80,
        "remote_port": 4000,
    }
    use = only(sockets(0, before), sockets(2 * SECOND, after))
    assert use.rwnd_limited_ratio == 0.25
    assert use.retransmits_ratio == 0.05
    assert use.busy_ratio == 1.0
    assert use.sndbuf_limited_ratio is None
    assert (use.local, use.remote) == ("[::1]:80", "127.0.0.1:4000")
    assert use.rtt_ms == 0.25
    degree, trouble = use.trouble
    assert (round(degree, 3), trouble) == (3.333, "retransmits")


def test_of_few_segments_no_loss_is_told() -> None:
    was = {"inode": 9, "segments_out_total": 0, "retransmits_total": 0}
    now = {"inode": 9, "segments_out_total": LEAST_SEGMENTS - 1, "retransmits_total": 1}
    assert only(sockets(0, was), sockets(3 * SECOND, now)).retransmits_ratio is None
    now["segments_out_total"] += 1
    assert only(sockets(0, was), sockets(3 * SECOND, now)).retransmits_ratio == pytest.approx(1 / LEAST_SEGMENTS)


def test_a_new_socket_and_a_first_reading_have_no_rates() -> None:
    row = {"inode": 9, "rwnd_limited_us_total": 5, "received_bytes_total": 77}
    for older in (None, sockets(0, {"inode": 8})):
        use = only(older, sockets(SECOND, row))
        assert use.rwnd_limited_ratio is None
        assert use.received_bytes_per_s is None
        assert use.trouble == (0.0, "")
    assert socket_use(None, sockets(SECOND, row)).traffic is None
    assert socket_use(None, sockets(SECOND, row)).received_bytes_per_s is None


def test_a_listeners_trouble_is_its_queue() -> None:
    full = {"inode": 9, "receive_queue_bytes": 129, "send_queue_bytes": 128, "drops_total": 0}
    assert only(None, sockets(SECOND, full, state="listen")).trouble == (129 / 128, "accept queue full")
    drained = {**full, "receive_queue_bytes": 0, "drops_total": 10}
    use = only(sockets(0, full, state="listen"), sockets(2 * SECOND, drained, state="listen"))
    assert use.trouble == (5.0, "accept queue full")
    idle = only(None, sockets(SECOND, {**full, "receive_queue_bytes": 0}, state="listen"))
    assert idle.trouble == (0.0, "")


def test_the_worst_stands_first() -> None:
    was = [{"inode": at, "sndbuf_limited_us_total": 0} for at in (1, 2, 3)]
    now = [{"inode": at, "sndbuf_limited_us_total": us} for at, us in ((1, 0), (2, 900_000), (3, 300_000))]
    assert [use.inode for use in socket_use(sockets(0, *was), sockets(SECOND, *now)).sockets] == [2, 3, 1]


def test_traffic_by_process() -> None:
    older = sockets(0, received_bytes_total=[100], acked_bytes_total=[50])
    newer = sockets(2 * SECOND, received_bytes_total=[2100], acked_bytes_total=[50], retransmits_total=[4])
    use = socket_use(older, newer)
    assert use.traffic is not None
    assert (use.traffic[0].received_bytes_per_s, use.traffic[0].retransmits_per_s) == (1000.0, 2.0)
    assert (use.received_bytes_per_s, use.acked_bytes_per_s) == (1000.0, 0.0)
    hidden = sockets(2 * SECOND, sockets=[-1], received_bytes_total=[-1])
    assert socket_use(older, hidden).traffic == ()


def delays(at: int, *rows: tuple[int, int, int]) -> DelaySection:
    """Rows of pid, start and nanoseconds (of everything; -1: not accounted, but for the CPU)."""
    columns = {"pid": [row[0] for row in rows], "start_ticks": [row[1] for row in rows]}
    for reason in DELAY_REASONS:
        columns[f"{reason}_ns_total"] = [max(0, row[2]) if reason == "cpu" else row[2] for row in rows]
        columns[f"{reason}_total"] = [-1 if row[2] < 0 else row[2] // 1_000_000 for row in rows]
    return DelaySection(monotonic_ns=at, boottime_ns=at, processes=Table.of(columns))


def test_delays_of_those_that_are_accounted() -> None:
    # the third started in between, the fourth is older but joined later
    older = delays(0, (1, 5, 0), (2, 5, -1))
    newer = delays(2 * SECOND, (1, 5, 200_000_000), (2, 5, -1), (3, 150, 600_000_000), (4, 0, 10**12))
    uses = {use.reason: use for use in delay_use(msgspec.structs.replace(older, boottime_ns=SECOND), newer, 2.0, 100)}
    assert uses["blkio"].seconds_per_s == pytest.approx(0.4)
    assert uses["blkio"].times_per_s == pytest.approx(400)
    assert uses["cpu"].times_per_s is None
    assert delay_use(delays(0, (2, 5, -1)), delays(SECOND, (2, 5, -1)), 1.0, 100)[0].reason == "cpu"


def test_memory_is_the_sum_of_what_is_visible() -> None:
    columns = (
        "rss", "pss", "private", "swap", "pss_anonymous", "pss_file", "pss_shmem", "huge", "hugetlb", "locked",
    )  # fmt: skip
    table = Table.of({f"{name}_bytes": [at, -1, 10] for at, name in enumerate(columns)})
    parts = memory_parts(SmapsSection(monotonic_ns=1, processes=table))
    assert (parts.rss_bytes, parts.processes) == (10, 2)
    assert parts.huge_bytes == 7 + 10 + 8 + 10


def test_limits_by_how_much_of_them_is_used() -> None:
    section = LimitSection(
        monotonic_ns=1,
        limits=Table.of(
            {"soft": [UNLIMITED, 100, 50, 0], "hard": [UNLIMITED] * 4, "used": [7, 90, -1, 3]},
            {"name": ["as", "nofile", "nproc", "core"], "unit": ["bytes", "files", "processes", "bytes"]},
        ),
        uid=1000,
        oom_score=0,
        oom_score_adj=0,
    )
    table = Table.of({"uid": [1000, 0, 1000], "threads": [40, 5, 8]})
    uses = limit_uses(section, ProcessSection(monotonic_ns=1, processes=table, ticks_per_second=100))
    assert [(use.name, use.ratio) for use in uses] == [("nproc", 0.96), ("nofile", 0.9), ("as", None), ("core", None)]
    assert {use.name: use.used for use in limit_uses(section, None)} == {
        "as": 7,
        "nofile": 90,
        "nproc": None,
        "core": 3,
    }


@given(st.integers(0, 1 << 40), st.integers(0, 1 << 40))
def test_thread_io_never_goes_back(was: int, now: int) -> None:
    def section(at: int, moved: int) -> ThreadIoSection:
        names = ("read_bytes_total", "write_bytes_total", "read_syscalls_total", "write_syscalls_total")
        columns = {"pid": [1, 1], "tid": [1, 2], **{name: [moved, -1] for name in names}}
        return ThreadIoSection(monotonic_ns=at, threads=Table.of(columns))

    (use,) = thread_io(section(0, was), section(SECOND, now), 1.0)
    assert use.tid == 1
    assert use.read_bytes_per_s == use.write_bytes_per_s == max(0, now - was)


def test_a_slow_section_is_compared_with_its_own_last_reading() -> None:
    def sample(at: int, section: SocketSection | None) -> Sample:
        return Sample(monotonic_ns=at * SECOND, wall_ns=at, boot_id="b", target=HOST, sockets=section)

    first, second = sockets(0, received_bytes_total=[0]), sockets(2 * SECOND, received_bytes_total=[2000])
    samples = [sample(1, first), sample(2, first), sample(3, second), sample(4, second)]
    apart = Interval.between(samples[2], samples[3], earlier=tuple(reversed(samples[:2]))).sockets
    assert apart is not None
    assert apart.received_bytes_per_s == 1000
    alone = Interval.between(samples[2], samples[3]).sockets
    assert alone is not None
    assert alone.traffic is None
    assert Interval.between(samples[0], sample(9, None)).sockets is None
