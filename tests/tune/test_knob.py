import os
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from perftui.host.procfs import Host
from perftui.model.target import ProcessId
from perftui.tune import knob
from perftui.tune.knob import ThreadSetting
from tests.tune.scenes import PID, START, finding_of, reading_of, sample_at
from tests.tune.support import set_nice

PROCESS = ProcessId(pid=10, start_ticks=1)


@given(
    st.dictionaries(st.integers(11, 40), st.sampled_from(["0", "-5", "0-1,3", "be:4"])), st.sampled_from(["0", "be:4"])
)
def test_threads_before_are_those_that_were_read(others: dict[int, str], main: str) -> None:
    settings = [ThreadSetting(10, 1, main), *(ThreadSetting(tid, 2, value) for tid, value in others.items())]
    reading = knob.thread_reading("k", PROCESS, settings, permitted=True, privilege="")
    assert reading is not None
    assert knob.process_of(reading) == PROCESS
    before = {one.tid: one.value for one in knob.threads_before(reading)}
    assert before == {10: main} | {tid: value for tid, value in others.items() if value != main}


def test_no_main_thread_no_reading() -> None:
    assert knob.thread_reading("k", PROCESS, [ThreadSetting(11, 1, "0")], permitted=True, privilege="") is None


def test_threads_by_process_of_the_tree() -> None:
    process = ProcessId(pid=PID, start_ticks=START)
    assert knob.tree_threads(sample_at(1, nice=3)) == {process: [(PID, START, 3)]}
    without_threads = msgspec.structs.replace(sample_at(1, nice=3), threads=None)
    assert knob.tree_threads(without_threads) == {process: [(PID, START, 3)]}
    assert knob.tree_threads(msgspec.structs.replace(sample_at(1), tree=None)) == {}


def test_what_may_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert knob.writable(Host(), str(file))
    assert not knob.writable(Host(), str(tmp_path / "none"))
    assert not knob.writable(Host(tmp_path), "/file")
    sample = sample_at(1)
    assert knob.may_set_threads(sample) == (knob.may("CAP_SYS_NICE") or os.geteuid() == 0)


def test_a_proposal_takes_from_reading_and_finding() -> None:
    reading = reading_of("process.nice", "0")
    proposal = knob.proposed(
        reading,
        finding_of("neighbour-cpu"),
        sample_at(1),
        action=set_nice(os.getpid()),
        after="-5",
        command="c",
        undo_command="u",
        risk="low",
        settle_seconds=1.0,
        expected_effect="e",
        affects="a",
    )
    assert (proposal.finding, proposal.metric, proposal.before) == ("neighbour-cpu", "cpu_share_cores", "0")
    assert (proposal.permitted, proposal.privilege) == (True, "CAP_SYS_NICE")
