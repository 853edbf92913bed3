"""Threads are told apart by TID, whatever the sampler calls them."""

import os
import threading
from array import array
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from perftui.host.procfs import Host
from perftui.profile.threads import ThreadIds, match_threads, run_times
from tests.host.test_target import wait_for
from tests.profile.children import ended


def test_run_times_of_this_process_grow() -> None:
    mine = threading.get_native_id()
    before = run_times(Host(), os.getpid())[mine]

    # The kernel brings a running thread's figure up to date at its next clock tick.
    wait_for(lambda: sum(range(10_000)) > 0 and run_times(Host(), os.getpid())[mine] > before)


def test_a_process_that_is_gone_has_none() -> None:
    assert run_times(Host(), ended()) == {}


def test_addresses_are_resolved_from_memory() -> None:
    release = threading.Event()
    threads = [threading.Thread(target=release.wait, daemon=True) for _ in range(5)]
    for thread in threads:
        thread.start()
    expected = {thread.ident or 0: thread.native_id for thread in (*threads, threading.current_thread())}
    tids = [int(name) for name in os.listdir("/proc/self/task")]
    try:
        found = ThreadIds(Host(), os.getpid()).resolve(expected, expected, tids)
    finally:
        release.set()
        for thread in threads:
            thread.join()

    assert found == expected


def test_an_address_that_is_not_mapped_is_left_out() -> None:
    tids = [int(name) for name in os.listdir("/proc/self/task")]

    assert ThreadIds(Host(), os.getpid()).resolve([0x10, 2**63 + 1], [0x10, 2**63 + 1], tids) == {}


def test_tids_of_an_inner_namespace_are_translated(tmp_path: Path) -> None:
    for outer, inner in ((4200, 1), (4207, 8)):
        task = tmp_path / f"proc/4200/task/{outer}"
        task.mkdir(parents=True)
        (task / "status").write_text(f"Name:\tapp\nNSpid:\t{outer}\t{inner}\n")

    assert ThreadIds(Host(tmp_path), 4200).resolve([1, 8, 9], (), [4200, 4207]) == {1: 4200, 8: 4207}


def test_tids_of_this_namespace_stay(tmp_path: Path) -> None:
    task = tmp_path / "proc/4200/task/4200"
    task.mkdir(parents=True)
    (task / "status").write_text("NSpid:\t4200\n")

    assert ThreadIds(Host(tmp_path), 4200).resolve([4200, 4300], (), [4200]) == {4200: 4200}


@given(st.lists(st.integers(2, 2**22), min_size=1, max_size=8, unique=True), st.integers(0, 30))
def test_the_word_with_distinct_tids_is_found(tids: list[int], place: int) -> None:
    # The word before holds the PID, which all share, as older C libraries have it.
    blocks = {0x7F00 + at: memoryview(array("I", [0] * place + [tids[0], tid, 1])) for at, tid in enumerate(tids)}

    assert match_threads(blocks, tids) == {0x7F00 + at: tid for at, tid in enumerate(tids)}
