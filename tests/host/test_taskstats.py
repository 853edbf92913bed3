"""Delay accounting: the struct's places, and the running kernel where it may be asked."""

import os
import struct
from pathlib import Path

import pytest

from perftui.errors import NoData
from perftui.host.taskstats import Delay, Delays, Taskstats, parse_delays
from tests.collect.held import python_child
from tests.host.test_target import wait_for

PLACES = {"cpu": 16, "blkio": 32, "swapin": 48, "reclaim": 312, "thrashing": 328, "compact": 352, "wpcopy": 400}


def stats(version: int, delays: dict[str, tuple[int, int]], size: int = 432) -> bytes:
    raw = bytearray(size)
    struct.pack_into("=H", raw, 0, version)
    for name, pair in delays.items():
        struct.pack_into("=QQ", raw, PLACES[name], *pair)
    return bytes(raw)


def test_every_delay_has_its_place() -> None:
    raw = stats(16, {name: (at + 1, at + 2) for at, name in enumerate(PLACES)})
    assert parse_delays(raw) == Delays(*(Delay(at + 1, at + 2) for at in range(len(PLACES))))


def test_zeros_alone_are_a_process_that_is_not_accounted() -> None:
    delays = parse_delays(stats(16, {"cpu": (5, 900)}))
    assert delays.cpu == Delay(5, 900)
    assert set(delays[1:]) == {Delay(-1, -1)}


def test_an_older_kernel_lacks_the_later_ones() -> None:
    delays = parse_delays(stats(8, {"blkio": (1, 2)}, size=328))
    assert delays.blkio == Delay(1, 2)
    assert delays.reclaim == Delay(0, 0)
    assert delays.thrashing == delays.wpcopy == Delay(-1, -1)


def test_the_version_with_moved_fields_is_not_read() -> None:
    with pytest.raises(NoData, match="version 15"):
        parse_delays(stats(15, {"blkio": (1, 2)}))


THREADS = """
import threading
done = threading.Event()
for _ in range(3):
    threading.Thread(target=done.wait, daemon=True).start()
print("up", flush=True)
done.wait()
"""


def schedstat(pid: int, field: int) -> int:
    return sum(int(path.read_text().split()[field]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))


@pytest.mark.root
def test_the_kernel_adds_up_the_threads() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with python_child(THREADS) as child, Taskstats() as taskstats:

        def cpu() -> Delay:
            delays = taskstats.of_process(child.pid)
            assert delays is not None
            return delays.cpu

        wait_for(lambda: cpu() == Delay(schedstat(child.pid, 2), schedstat(child.pid, 1)))  # once all of them sleep
        assert cpu().times >= 4
        assert taskstats.of_process((1 << 22) - 1) is None
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.root
def test_without_the_right_it_says_which() -> None:
    child = os.fork()
    if child == 0:
        try:
            with Taskstats() as taskstats:
                os.setuid(65534)
                taskstats.of_process(os.getppid())
        except NoData as error:
            os._exit(0 if "CAP_NET_ADMIN" in error.reason and "root" in error.remedy else 3)
        except BaseException:
            os._exit(4)
        os._exit(5)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
