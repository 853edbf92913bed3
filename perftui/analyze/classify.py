"""From a window to a diagnosis."""

import msgspec

from perftui.analyze import summary
from perftui.analyze.causes import SYMPTOMS, in_causal_order
from perftui.analyze.rules import RULES, AnyRule
from perftui.analyze.scene import Scene
from perftui.analyze.window import Window
from perftui.model.finding import Diagnosis, Finding, HotFunction, Severity, State, Unknown
from perftui.model.profile_views import hot_functions

IDLE_CORES = 0.01
IDLE_SWITCHES_PER_S = 10.0
"""An idle target uses less than 1 % of a CPU and wakes fewer than ten times a second (a heartbeat or two)."""

IDLE_DELAY_SECONDS = 0.05
IDLE_BLOCKED_RATIO = 0.05
IDLE_HOST_RATIO = 0.05

HOT_SAMPLES = 5.0
"""Looks at a running thread from which hot functions are told: fewer are chance, and a share of them means nothing."""

HOST_RULES = frozenset({"cpu-saturated"})
"""What can be said of a host when no process is attached."""


def classify(window: Window, firing: frozenset[str] = frozenset()) -> Diagnosis:
    """What limits the target in this window, most important first.

    ``firing`` holds the rules of the previous diagnosis: they clear at a lower level than they fire at. Causes come
    before their symptoms, otherwise the one that costs most first; findings that only inform come last.
    """
    found: dict[str, tuple[Finding, float]] = {}
    unknown: list[Unknown] = []
    rules = [rule for rule in RULES if rule.id in HOST_RULES or not window.scene.on_host]
    for rule in rules:
        verdict = _evaluated(rule, window, rule.id in firing)
        if isinstance(verdict, Unknown):
            unknown.append(verdict)
        elif verdict is not None:
            found[rule.id] = verdict
    stopped = summary.stopped(window)
    # What a stopped target did before says nothing about it now.
    findings = _ranked(found) if stopped is None else ()
    state: State = _state(findings, window.scene) if stopped is None else "idle"
    limiting = findings[0].summary if state == "limited" else None
    return Diagnosis(
        state=state,
        window_seconds=window.whole.seconds,
        findings=findings,
        unknown=tuple(unknown),
        hot=_hot(window),
        summary=limiting or stopped or summary.of_nothing_found(state, unknown, len(rules), window.scene),
    )


def _hot(window: Window) -> tuple[HotFunction, ...]:
    profile = window.profile
    return hot_functions(profile) if profile is not None and profile.on_cpu >= HOT_SAMPLES else ()


def _evaluated(rule: AnyRule, window: Window, firing: bool) -> tuple[Finding, float] | Unknown | None:
    try:
        return rule.evaluate(window, firing)
    except Exception as fault:  # noqa: BLE001  (one faulty rule must not take the others' answers away)
        what = f"{type(fault).__name__}: {fault}"
        return Unknown(rule=rule.id, reason=f"a fault in the rule: {what}", remedy="please report it")


def _ranked(found: dict[str, tuple[Finding, float]]) -> tuple[Finding, ...]:
    by_impact = sorted(found, key=lambda rule: -found[rule][1])
    limiting = [rule for rule in by_impact if found[rule][0].severity != "info"]
    informing = [rule for rule in by_impact if rule not in limiting]
    ordered = in_causal_order(limiting)
    severity: dict[str, Severity] = {rule: found[rule][0].severity for rule in ordered}
    # From the last symptom to the first cause: curing the cause cures the symptom, so it weighs no less.
    for rule in reversed(ordered):
        if any(severity.get(symptom) == "critical" for symptom in SYMPTOMS.get(rule, ())):
            severity[rule] = "critical"
    causes_first = (msgspec.structs.replace(found[rule][0], severity=severity[rule]) for rule in ordered)
    return (*causes_first, *(found[rule][0] for rule in informing))


def _state(findings: tuple[Finding, ...], scene: Scene) -> State:
    if any(finding.severity != "info" for finding in findings):
        return "limited"
    return "idle" if _is_idle(scene) else "healthy"


def _is_idle(scene: Scene) -> bool:
    """Hardly any CPU, nobody in line for one, nobody stuck in I/O, hardly a wake-up."""
    if scene.on_host:
        cpu = scene.interval.cpu
        return cpu is not None and cpu.total.busy_ratio < IDLE_HOST_RATIO
    if scene.threads is None or scene.own_cores is None:
        return False
    blocked = sum(wait.ratio for use in scene.threads for wait in use.waits if wait.state == "D")
    return (
        scene.own_cores < IDLE_CORES
        and (scene.delay_seconds or 0.0) < IDLE_DELAY_SECONDS
        and sum(use.slices_per_s for use in scene.threads) < IDLE_SWITCHES_PER_S
        and blocked < IDLE_BLOCKED_RATIO
    )
