import msgspec

from perftui.model.proposal import AnyAction, Proposal, SetNice, ThreadValue, WriteFile, proposal_id
from perftui.model.target import ProcessId

PROCESS = ProcessId(pid=42, start_ticks=7)


def proposal(action: AnyAction | None) -> Proposal:
    return Proposal(
        id="x",
        knob="process.nice",
        subject="pid 42",
        finding="neighbour-cpu",
        before="0",
        after="-5",
        command="",
        undo_command="",
        privilege="",
        permitted=True,
        risk="low",
        reversible=True,
        settle_seconds=1,
        expected_effect="",
        action=action,
    )


def nice(value: str) -> SetNice:
    threads = (ThreadValue(tid=42, start_ticks=7, value="0"),)
    return SetNice(before="0", after=value, process=PROCESS, threads=threads)


def test_the_digest_changes_with_anything_that_would_be_written() -> None:
    digests = {proposal(action).digest for action in (None, nice("-5"), nice("-6"))}
    assert len(digests) == 3
    assert proposal(nice("-5")).digest == proposal(nice("-5")).digest


def test_an_id_is_the_same_in_every_invocation_and_tells_targets_apart() -> None:
    first = proposal_id(PROCESS, "process.nice", "pid 42", "0", "-5")
    assert first == proposal_id(PROCESS, "process.nice", "pid 42", "0", "-5")
    assert first != proposal_id(ProcessId(pid=42, start_ticks=8), "process.nice", "pid 42", "0", "-5")
    assert first != proposal_id(None, "process.nice", "pid 42", "0", "-5")


def test_actions_travel_as_a_tagged_union() -> None:
    for action in (nice("3"), WriteFile(before="1", after="2", path="/sys/fs/cgroup/x")):
        assert msgspec.json.decode(msgspec.json.encode(action), type=AnyAction) == action
