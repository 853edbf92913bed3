"""Ranking, states, confidence, and the list of rules."""

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.analyze import rules
from perftui.analyze.causes import SYMPTOMS, in_causal_order
from perftui.analyze.classify import classify
from perftui.analyze.metrics import METRICS
from perftui.analyze.rule import Rule, confidence
from perftui.analyze.rules import RULES
from perftui.analyze.rules.cpu import CpuQuota
from perftui.model.finding import Diagnosis, Finding
from tests.analyze.build import EPOLL, PID, Other, Task, asleep, diagnose, frame, gil, label, profile, running, window

IDS = [rule.id for rule in RULES]
LAYERS = {"cpu": "cpu", "memory": "memory", "io": "io", "coord": "coordination", "neighbour": "neighbour"}


def test_every_rule_is_listed_once() -> None:
    assert len(IDS) == len(set(IDS)) == 11


def test_every_file_of_rules_is_listed_and_has_its_test() -> None:
    files = {path.stem for path in Path(rules.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == {type(rule).__module__.rpartition(".")[2] for rule in RULES}
    tests = Path(__file__).parent / "rules"
    for name in files:
        text = (tests / f"test_{name}.py").read_text()
        for rule in RULES:
            if type(rule).__module__.endswith(f".{name}"):
                assert rule.id in text, f"tests/analyze/rules/test_{name}.py does not name {rule.id}"


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_every_rule_has_a_page(rule: rules.AnyRule) -> None:
    page = type(rule).__doc__ or ""
    for heading in ("**Sees**", "**Signals.**", "**Look-alikes.**", "**What to do.**"):
        assert heading in page
    assert "/proc" in page or "cpu.stat" in page
    assert rule.layer == LAYERS[rule.id.partition("-")[0]]


@pytest.mark.parametrize("rule", [rule for rule in RULES if isinstance(rule, Rule)], ids=lambda rule: str(rule.id))
def test_limits_clear_on_the_healthy_side_of_where_they_fire(rule: Rule) -> None:
    for limit in (*rule.required, *rule.supporting):
        assert limit.metric in METRICS
        assert limit.clear <= limit.fire if limit.above else limit.clear >= limit.fire


def test_causes_come_before_their_symptoms_in_any_order() -> None:
    for order in permutations(["cpu-one-core", "coord-gil", "coord-lock", "cpu-quota"]):
        assert in_causal_order(list(order)) == ["cpu-quota", "coord-lock", "coord-gil", "cpu-one-core"]


def test_unrelated_findings_keep_their_order() -> None:
    assert in_causal_order(["memory-leak", "io-sync-latency"]) == ["memory-leak", "io-sync-latency"]


@given(st.lists(st.sampled_from(IDS), unique=True))
def test_ordering_loses_nothing_and_respects_every_cause(found: list[str]) -> None:
    ordered = in_causal_order(found)
    assert sorted(ordered) == sorted(found)
    for cause, symptoms in SYMPTOMS.items():
        for symptom in symptoms:
            if cause in ordered and symptom in ordered:
                assert ordered.index(cause) < ordered.index(symptom)


def test_causes_name_known_rules() -> None:
    assert set(SYMPTOMS) | {symptom for many in SYMPTOMS.values() for symptom in many} <= set(IDS)


def test_idle_and_healthy() -> None:
    assert label(diagnose(tasks=(Task(looks=(asleep(1.0),)),))) == "idle"
    assert label(diagnose(tasks=(Task(run=0.001, slices=2000, looks=(asleep(1.0),)),))) == "healthy"
    assert label(diagnose(tasks=(Task(run=0.3, slices=50),), busy=(0.3, 0.0))) == "healthy"
    assert label(diagnose(tasks=(Task(looks=(asleep(0.9, 0, state="D"), running(0.1))),))) == "healthy"


def test_a_healthy_target_has_no_verdict() -> None:
    diagnosis = diagnose(rss=tuple(50_000_000 + 5_000_000 * at for at in range(21)))
    assert diagnosis.findings[0].severity == "info"
    assert diagnosis.verdict is None


def test_a_few_looks_at_a_running_thread_name_no_hot_function() -> None:
    asleep_mostly = profile([(PID, (frame("main"), frame("wait")), 900, 2.0)])
    assert diagnose(profile=asleep_mostly).hot == ()


def test_a_cause_is_as_severe_as_its_symptom() -> None:
    crowd = tuple(Task(tid=PID + at, run=0.245, delay=0.75, slices=50) for at in range(4))
    diagnosis = diagnose(tasks=crowd, busy=(1.0, 1.0), quota_cores=1.0, throttled=0.3)
    severities = {finding.rule: finding.severity for finding in diagnosis.findings}
    assert next(iter(severities)) == "cpu-quota"
    assert severities["cpu-saturated"] == severities["cpu-quota"] == "critical"


NO_RIGHT = {"waits": ("the kernel hides system calls", "run as root")}


def test_healthy_says_how_much_was_judged() -> None:
    quiet = (Task(run=0.3, slices=50),)
    assert diagnose(tasks=quiet, interpreter="").summary == (
        "None of the 11 rules fires: nothing that perftui looks for limits it."
    )
    blind = diagnose(tasks=quiet, missing=NO_RIGHT)
    assert blind.state == "healthy"
    assert blind.summary.startswith("Nothing visible limits it; ")
    assert f"{len(blind.unknown)} of 11 rules could not be judged (coord-gil, coord-lock," in blind.summary


def test_idle_says_what_it_waits_for_only_where_that_is_seen() -> None:
    server = diagnose(tasks=(Task(looks=(asleep(1.0, EPOLL),)),))
    assert server.summary.startswith("The target waits for events: for work, or for an answer")
    sleeper = diagnose(tasks=(Task(looks=(asleep(1.0),)),), interpreter="")
    assert sleeper.summary == "The target sleeps and hardly uses a CPU, and none of the 11 rules fires."
    hidden = diagnose(missing=NO_RIGHT)
    assert (hidden.state, "waits for" in hidden.summary) == ("idle", False)
    assert "rules could not be judged (coord-gil" in hidden.summary


def test_a_stopped_target_is_told_how_to_go_on() -> None:
    stopped = diagnose(state="T")
    assert (stopped.state, stopped.findings) == ("idle", ())
    assert stopped.summary == f"The target is stopped (state T): kill -CONT {PID}"
    assert "stopped by its tracer (state t)" in diagnose(state="t").summary


def test_too_little_is_not_healthy() -> None:
    sections = ("cpu", "tree", "threads", "waits", "cgroup", "disks", "pressure", "processes")
    nothing = diagnose(missing=dict.fromkeys(sections, ("process 100 has ended", "")))
    assert len(nothing.unknown) == 11
    assert nothing.summary == "Too little was seen to judge: process 100 has ended"


def test_the_summary_of_a_limited_target_is_its_verdict() -> None:
    for diagnosis in limiting():
        assert diagnosis.summary == diagnosis.findings[0].summary


def test_hot_functions_come_with_the_diagnosis() -> None:
    diagnosis = diagnose(profile=profile([(PID, (frame("main"), frame("parse", line=7)), 100, 60.0)]))
    assert (diagnosis.hot[0].function, diagnosis.hot[0].line) == ("parse", 7)


@given(
    margin=st.floats(0, 1),
    support=st.floats(0, 1),
    parts=st.sampled_from([2 / 3, 1]),
    seconds=st.floats(0.5, 3600),
)
def test_confidence_is_a_ratio_and_grows_with_everything(
    margin: float, support: float, parts: float, seconds: float
) -> None:
    base = confidence(margin=margin, support=support, parts=parts, seconds=seconds)
    assert 0 < base <= 1
    assert confidence(margin=1, support=support, parts=parts, seconds=seconds) >= base
    assert confidence(margin=margin, support=1, parts=1, seconds=seconds + 1) >= base


def limiting() -> list[Diagnosis]:
    spinner = Task(run=0.99)
    crowd = tuple(Task(tid=at, run=0.24, looks=(running(0.3), gil(0.7))) for at in range(1, 5))
    return [
        diagnose(tasks=(spinner,), busy=(1.0, 0.0)),
        diagnose(tasks=crowd, busy=(0.96, 0.0)),
        diagnose(tasks=(Task(run=0.4, delay=0.6),), busy=(1.0, 1.0), others=(Other(900, 1.6),)),
        diagnose(tasks=(Task(run=0.2, delay=0.7),), quota_cores=0.2, throttled=1.0),
    ]


@pytest.mark.parametrize("diagnosis", limiting(), ids=label)
def test_every_finding_says_why_what_else_and_what_would_flip_it(diagnosis: Diagnosis) -> None:
    for finding in diagnosis.findings:
        assert_complete(finding)


def assert_complete(finding: Finding) -> None:
    assert finding.evidence
    assert finding.metric in {evidence.metric for evidence in finding.evidence}
    assert finding.ruled_out
    assert all(reason.because for reason in finding.ruled_out)
    assert finding.flips_if
    assert finding.advice
    assert 0 < finding.confidence <= 1


def test_a_restart_of_the_window_is_judged_on_two_samples() -> None:
    assert label(classify(window(tasks=(Task(run=0.99),), busy=(1.0, 0.0), seconds=1))) == "cpu-one-core"


def test_a_short_window_is_less_certain() -> None:
    short = classify(window(tasks=(Task(run=0.99),), busy=(1.0, 0.0), seconds=1))
    long = classify(window(tasks=(Task(run=0.99),), busy=(1.0, 0.0), seconds=9))
    assert short.findings[0].confidence < long.findings[0].confidence


def test_a_faulty_rule_is_unknown_and_the_others_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(CpuQuota, "evaluate", broken)
    diagnosis = diagnose(tasks=(Task(tid=PID, run=0.98, looks=(running(1.0),)),), busy=(1.0, 0.0))
    assert label(diagnosis) == "cpu-one-core"
    fault = next(entry for entry in diagnosis.unknown if entry.rule == "cpu-quota")
    assert "planted" in fault.reason
