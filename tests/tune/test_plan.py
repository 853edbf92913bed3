from collections.abc import Callable

import msgspec
import pytest

from perftui.model import interval as interval_module
from perftui.model.finding import Blame, Diagnosis, Finding
from perftui.model.interval import Interval
from perftui.tune.plan import ADVICE, MAX_PROPOSALS, plan
from tests.tune.scenes import SESSION, finding_of, interval_of, reading_of

NICE = reading_of("process.nice", "0", peers="")
AUTOGROUP = reading_of("process.autogroup", "0", f"session {SESSION}", group="/autogroup-1")


def with_knobs(interval: Interval, *readings: object) -> Interval:
    return Interval.between(interval.older, msgspec.structs.replace(interval.newer, knobs=readings))


def diagnosis_of(*findings: Finding) -> Diagnosis:
    return Diagnosis(state="limited", window_seconds=1.0, findings=findings)


ELSEWHERE = with_knobs(interval_of(others=((200, 300, 0.8), (201, 301, 0.8))), NICE, AUTOGROUP)
BESIDE = with_knobs(interval_of(others=((200, SESSION, 0.8), (201, SESSION, 0.8))), NICE, AUTOGROUP)
MIXED = with_knobs(interval_of(others=((200, SESSION, 0.8), (201, 301, 0.8))), NICE, AUTOGROUP)
NEIGHBOUR = finding_of("neighbour-cpu", advice="move it to another host")


def knobs_of(interval: Interval, *findings: Finding, manual: frozenset[str] = frozenset()) -> list[str]:
    return [proposal.knob for proposal in plan(diagnosis_of(*findings), interval, manual)]


def test_the_knob_that_can_work_is_proposed() -> None:
    assert knobs_of(ELSEWHERE, NEIGHBOUR) == ["process.autogroup"]
    assert knobs_of(BESIDE, NEIGHBOUR) == ["process.nice"]
    assert set(knobs_of(MIXED, NEIGHBOUR)) == {"process.autogroup", "process.nice"}


def test_a_manual_knob_is_left_to_whoever_set_it() -> None:
    manual = frozenset({f"process.autogroup session {SESSION}"})
    assert knobs_of(ELSEWHERE, NEIGHBOUR, manual=manual) == [ADVICE]


def test_what_may_not_be_written_comes_last() -> None:
    denied = msgspec.structs.replace(AUTOGROUP, permitted=False)
    interval = with_knobs(MIXED, denied, NICE)
    assert knobs_of(interval, NEIGHBOUR) == ["process.nice", "process.autogroup"]


def test_a_reading_that_is_not_available_is_skipped() -> None:
    interval = with_knobs(ELSEWHERE, msgspec.structs.replace(AUTOGROUP, available=False))
    assert knobs_of(interval, finding_of("neighbour-cpu")) == []


def test_a_finding_that_no_setting_helps_keeps_its_advice() -> None:
    blame = Blame(function="parse", file="/srv/app.py", line=31)
    (proposal,) = plan(diagnosis_of(finding_of("coord-gil", advice="use processes", blame=blame)), BESIDE)
    assert (proposal.knob, proposal.action, proposal.expected_effect) == (ADVICE, None, "use processes")
    assert proposal.subject == "parse (/srv/app.py:31)"


def test_the_place_is_told_as_far_as_it_is_known() -> None:
    subjects = [
        plan(diagnosis_of(finding_of("coord-gil", advice="a", blame=blame)), BESIDE)[0].subject
        for blame in (None, Blame(pid=1), Blame(function="f"), Blame(function="f", file="a.py"))
    ]
    assert subjects == ["coord-gil", "coord-gil", "f", "f (a.py)"]


def test_ids_hold_and_findings_are_not_repeated() -> None:
    first, second = plan(diagnosis_of(NEIGHBOUR), MIXED), plan(diagnosis_of(NEIGHBOUR, NEIGHBOUR), MIXED)
    assert [one.id for one in first] == [one.id for one in second]


def test_there_are_not_more_than_can_be_read() -> None:
    findings = [finding_of(f"rule-{at}", advice="a") for at in range(20)]
    assert len(plan(diagnosis_of(*findings), BESIDE)) == MAX_PROPOSALS


def test_who_takes_the_cpu_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many processes the target has: this is done with every tick."""
    counted: list[str] = []

    def counting(name: str) -> Callable[..., object]:
        works_out = getattr(interval_module, name)

        def count(*given: object) -> object:
            counted.append(name)
            return works_out(*given)

        return count

    for name in ("neighbours_of", "press_of", "sessions_of"):
        monkeypatch.setattr(interval_module, name, counting(name))
    fresh = with_knobs(MIXED, *[NICE] * 16, *[AUTOGROUP] * 16)
    assert plan(diagnosis_of(NEIGHBOUR), fresh)
    assert sorted(counted) == ["neighbours_of", "press_of", "sessions_of"]


def test_nothing_found_nothing_proposed() -> None:
    assert plan(Diagnosis(state="healthy", window_seconds=1.0), BESIDE) == ()


def test_what_only_makes_something_visible_comes_last_and_takes_no_advice_away() -> None:
    switch = reading_of("sysctl.kernel.task_delayacct", "0", "host")
    interval = with_knobs(ELSEWHERE, switch, AUTOGROUP)
    slow_disk = finding_of("io-sync-latency", advice="write less often")
    assert knobs_of(interval, slow_disk, NEIGHBOUR) == [ADVICE, "process.autogroup", switch.knob]
    assert knobs_of(interval, slow_disk, finding_of("io-read-latency")) == [ADVICE, switch.knob]
