"""The page on the target in depth, as lines."""

import msgspec
from hypothesis import given

from perftui.model.interval import Interval
from perftui.model.process_sections import (
    SOCKET_COLUMNS,
    UNLIMITED,
    DelaySection,
    LimitSection,
    OpenFileSection,
    SmapsSection,
    SocketSection,
    ThreadIoSection,
)
from perftui.model.sample import CollectorStatus, Sample
from perftui.model.table import Table
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.pages.target import target_page
from tests.tui.fixtures import TARGET_PID, build_update
from tests.tui.screening import COLOURED, HOSTILE, PALETTES, WIDTHS, checked

SECOND = 1_000_000_000
SMAPS_COLUMNS = (
    "rss", "pss", "private", "shared", "anonymous", "swap", "pss_anonymous", "pss_file", "pss_shmem", "huge", "hugetlb",
    "locked", "lazy_free",
)  # fmt: skip
IO_COLUMNS = (
    "read_chars_total", "write_chars_total", "read_syscalls_total", "write_syscalls_total", "read_bytes_total",
    "write_bytes_total",
)  # fmt: skip
DELAYS = ("cpu", "blkio", "swapin", "reclaim", "thrashing", "compact", "wpcopy")
OFF = CollectorStatus(name="delays", state="no_data", reason="delay accounting is off", remedy="sysctl -w it=1")


def sockets(at: int, grown: int) -> SocketSection:
    rows = [
        {"inode": 1, "local_port": 80, "receive_queue_bytes": 129, "send_queue_bytes": 128, "drops_total": 0},
        {
            "inode": 2, "local_port": 80, "remote_port": 4000, "receive_queue_bytes": 0, "send_queue_bytes": 3 << 20,
            "rwnd_limited_us_total": 900_000 * grown, "rtt_us": 34, "acked_bytes_total": 4096 * grown,
            "received_bytes_total": 0,
        },
    ]  # fmt: skip
    full = [dict.fromkeys(SOCKET_COLUMNS, -1) | row for row in rows]
    return SocketSection(
        monotonic_ns=at,
        sockets=Table.of(
            {name: [row[name] for row in full] for name in SOCKET_COLUMNS},
            {
                "protocol": ["tcp", "tcp"],
                "state": ["listen", "established"],
                "local_address": ["0.0.0.0", "10.0.0.1"],
                "remote_address": ["0.0.0.0", "10.0.0.2"],
            },
        ),
        processes=Table.of(
            {
                "pid": [TARGET_PID],
                "start_ticks": [991],
                "sockets": [2],
                "received_bytes_total": [0],
                "acked_bytes_total": [4096 * grown],
                "retransmits_total": [0],
            }
        ),
        unix=Table.of(
            {"count": [3], "receive_queue_bytes": [0], "send_queue_bytes": [0]},
            {"kind": ["stream"], "state": ["listen"]},
        ),
        total=40,
        hidden=2,
        hidden_reason="another network namespace",
        hidden_remedy="run as root",
    )


def in_depth(sample: Sample, grown: int, path: str = "/tmp/lost") -> Sample:
    now = sample.monotonic_ns
    who = {"pid": [TARGET_PID], "start_ticks": [991]}
    return msgspec.structs.replace(
        sample,
        smaps=SmapsSection(
            monotonic_ns=now,
            processes=Table.of(who | {f"{name}_bytes": [64 << 20] for name in SMAPS_COLUMNS}),
            skipped=4,
        ),
        limits=LimitSection(
            monotonic_ns=now,
            limits=Table.of(
                {"soft": [1024, UNLIMITED, 8 << 20], "hard": [4096, UNLIMITED, UNLIMITED], "used": [1000, 5, -1]},
                {"name": ["nofile", "as", "msgqueue"], "unit": ["files", "bytes", "bytes"]},
            ),
            uid=1000,
            oom_score=666,
            oom_score_adj=-5,
        ),
        sockets=sockets(now, grown),
        delays=DelaySection(
            monotonic_ns=now,
            processes=Table.of(
                who
                | {f"{reason}_ns_total": [500_000_000 * grown * (reason == "blkio")] for reason in DELAYS}
                | {f"{reason}_total": [20 * grown] for reason in DELAYS if reason != "cpu"}
            ),
        ),
        open_files=OpenFileSection(
            monotonic_ns=now,
            processes=Table.of(who | {"open_files": [20_000], "looked_at": [10_000]}),
            kinds=Table.of({"count": [9990, 10]}, {"kind": ["socket", "file"]}),
            deleted=Table.of({"pid": [TARGET_PID], "fd": [4], "size_bytes": [5 << 20]}, {"path": [path]}),
            deleted_count=7,
            deleted_bytes=9 << 20,
        ),
        thread_io=ThreadIoSection(
            monotonic_ns=now,
            threads=Table.of(
                {"pid": [TARGET_PID] * 2, "tid": [TARGET_PID, 77]}
                | {name: [0, 1_000_000 * grown * (name == "write_bytes_total")] for name in IO_COLUMNS}
            ),
        ),
    )


def whole(path: str = "/tmp/lost") -> Update:
    update = build_update()
    assert update.interval is not None
    older, newer = in_depth(update.interval.older, 1, path), in_depth(update.sample, 2, path)
    return msgspec.structs.replace(update, sample=newer, interval=Interval.between(older, newer))


def page(update: Update, width: int = 120) -> list[str]:
    return [line.rstrip() for line in checked(target_page(update, width, COLOURED), width)]


def test_every_part_is_there() -> None:
    text = "\n".join(page(whole(), 160))
    for expected in (
        "  resident             64M",
        "  4 more processes were not looked at",
        "OOM killer: score 666, adjusted by -5",
        "nofile              98 %  ▲ 1.0k of 1.0k files",
        "others: msgqueue 8.0M",
        "40 TCP and UDP, 3 unix stream listen",
        "TCP in 0B/s, out 4.0K/s",
        "▲ waits for the receiver: tcp 10.0.0.1:80 → 10.0.0.2:4000: queued 0B in 3.0M out, rtt 0.034 ms",
        "90 % held by the receiver",
        "▲ accept queue full: tcp 0.0.0.0:80 listen: 129 of 128 wait to be accepted",
        "2 processes are not visible: another network namespace; run as root",
        "the disk               500ms/s  20 times a second",
        "9990 socket, 10 file",
        "of 20000 descriptors 10000 were looked at",
        "deleted files still open: 7, 9.0M on disk",
        "/tmp/lost",
        "tid 77            977K/s  read 0B/s, written 977K/s",
    ):
        assert expected in text, expected


def test_the_worst_socket_stands_first() -> None:
    lines = page(whole())
    assert [line.split(":")[0].strip() for line in lines if "▲" in line and "tcp" in line] == [
        "▲ waits for the receiver",
        "▲ accept queue full",
    ]


def test_what_is_not_visible_says_why() -> None:
    update = build_update()
    failed = CollectorStatus(name="smaps", state="failed", reason="no answer for 12 s")
    sample = msgspec.structs.replace(update.sample, collectors=(OFF, failed))
    lines = page(msgspec.structs.replace(update, sample=sample))
    assert "  ? not visible: delay accounting is off; sysctl -w it=1" in lines
    assert "  ? not visible: no answer for 12 s" in lines
    assert lines.count("  measuring…") == 4


def test_without_a_target_it_says_how_to_get_one() -> None:
    assert page(build_update(target=False)) == ["  No process is watched: choose one in the list, or give a PID."]


@given(WIDTHS, PALETTES, HOSTILE)
def test_lines_fit_and_are_harmless(width: int, palette: Palette, path: str) -> None:
    checked(target_page(whole(path), width, palette), width)
