"""From a window to a diagnosis."""

from perftui.analyze.causes import in_causal_order
from perftui.analyze.rules import RULES, AnyRule
from perftui.analyze.scene import Scene
from perftui.analyze.window import Window
from perftui.model.finding import Diagnosis, Finding, State, Unknown
from perftui.model.profile_views import hot_functions

IDLE_CORES = 0.01
IDLE_SWITCHES_PER_S = 10.0
"""An idle target uses less than 1 % of a CPU and wakes fewer than ten times a second (a heartbeat or two)."""

IDLE_DELAY_SECONDS = 0.05
IDLE_BLOCKED_RATIO = 0.05
IDLE_HOST_RATIO = 0.05

HOST_RULES = frozenset({"cpu-saturated"})
"""What can be said of a host when no process is attached."""


def classify(window: Window, firing: frozenset[str] = frozenset()) -> Diagnosis:
    """What limits the target in this window, most important first.

    ``firing`` holds the rules of the previous diagnosis: they clear at a lower level than they fire at. Causes come
    before their symptoms, otherwise the one that costs most first; findings that only inform come last.
    """
    found: dict[str, tuple[Finding, float]] = {}
    unknown: list[Unknown] = []
    for rule in RULES:
        if window.scene.on_host and rule.id not in HOST_RULES:
            continue
        verdict = _evaluated(rule, window, rule.id in firing)
        if isinstance(verdict, Unknown):
            unknown.append(verdict)
        elif verdict is not None:
            found[rule.id] = verdict
    findings = _ranked(found)
    return Diagnosis(
        state=_state(findings, window.scene),
        window_seconds=window.whole.seconds,
        findings=findings,
        unknown=tuple(unknown),
        hot=hot_functions(window.profile) if window.profile else (),
    )


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
    return tuple(found[rule][0] for rule in (*in_causal_order(limiting), *informing))


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
