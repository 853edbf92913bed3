"""What a rule is made of, and how it is judged.

A rule is a table: **required** limits that must all hold, **supporting** ones that make it surer, and **look-alikes**,
each with the limits that would point to it (some of them veto the rule). Evidence, what was ruled out, what would flip
the verdict and the confidence follow from that table; a rule itself only says who is to blame and what to do.
"""

from typing import ClassVar

import msgspec

from perftui.analyze.metrics import METRICS, text_of
from perftui.analyze.scene import Scene
from perftui.analyze.window import Window
from perftui.model.finding import Blame, Evidence, Finding, Layer, RuledOut, Severity, Unknown

PARTS_TO_FIRE = 2
"""Of the three parts of a window; the whole must hold as well."""

FULL_SECONDS = 8.0
"""A window of this length is worth full confidence: 160 looks at each thread."""

CRITICAL_IMPACT = 0.5
"""Half of the target's time is lost."""


class Limit(msgspec.Struct, frozen=True):
    """A metric and its threshold: holds at ``fire`` or beyond, and once it does until it is back within ``clear``.

    ``above`` False turns it round: it holds at or below. ``full`` is where the margin is 1; by default that is twice
    ``fire`` (1 for a ratio), or half of it for a ceiling.
    """

    metric: str
    fire: float
    clear: float
    above: bool = True
    full: float | None = None

    def threshold(self, firing: bool) -> float:
        return self.clear if firing else self.fire

    def holds(self, scene: Scene, firing: bool = False) -> bool | None:
        """None when the metric is not visible."""
        observed = self.measure(scene)
        if observed is None:
            return None
        bound = self.threshold(firing)
        return observed >= bound if self.above else observed <= bound

    def measure(self, scene: Scene) -> float | None:
        return METRICS[self.metric].measure(scene)

    def margin(self, scene: Scene) -> float:
        """How far beyond ``fire`` it is, on the way to ``full``: 0–1."""
        observed = self.measure(scene)
        full = self._full()
        if observed is None or full == self.fire:
            return 0.0
        return min(1.0, max(0.0, (observed - self.fire) / (full - self.fire)))

    def _full(self) -> float:
        if self.full is not None:
            return self.full
        if not self.above:
            return self.fire / 2
        is_ratio = METRICS[self.metric].unit == "ratio" and self.fire < 1
        return min(2 * self.fire, 1.0) if is_ratio else 2 * self.fire

    def evidence(self, scene: Scene) -> Evidence | None:
        observed = self.measure(scene)
        if observed is None:
            return None
        metric = METRICS[self.metric]
        return Evidence(
            metric=self.metric,
            observed=observed,
            threshold=self.fire,
            unit=metric.unit,
            source=metric.source,
            direction=">=" if self.above else "<=",
        )


class LookAlike(msgspec.Struct, frozen=True):
    """Another bottleneck that shows some of the same signs: it is there when all its limits hold.

    With ``vetoes`` it then rules the judged one out; without, both are true and their causal order decides which comes
    first. A limit that is not visible does not hold.
    """

    rule: str
    limits: tuple[Limit, ...]
    vetoes: bool = False

    def holds(self, scene: Scene) -> bool:
        return all(limit.holds(scene) is True for limit in self.limits)

    def ruled_out(self, scene: Scene) -> RuledOut | None:
        """Why it is not the look-alike: the first of its limits that does not hold; None when it is one."""
        failing = next((limit for limit in self.limits if limit.holds(scene) is not True), None)
        if failing is None:
            return None
        observed, label = failing.measure(scene), METRICS[failing.metric].label
        if observed is None:
            return RuledOut(rule=self.rule, because=f"not certain: {label} is not visible")
        wanted = f"{'at least' if failing.above else 'at most'} {text_of(failing.metric, failing.fire)}"
        now = text_of(failing.metric, observed)
        return RuledOut(rule=self.rule, because=f"{label} is {now}, it would be {wanted}")


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule adds in its own words once it fires.

    ``impact`` is the share (0–1) of the target's time that the bottleneck costs; it ranks findings that do not cause
    one another and sets the severity.
    """

    summary: str
    advice: str
    impact: float
    blame: Blame | None = None


class Rule:
    """Base of the rules that are judged by limits. A subclass's docstring is its page."""

    id: ClassVar[str]
    layer: ClassVar[Layer]
    metric: ClassVar[str]
    required: ClassVar[tuple[Limit, ...]]
    supporting: ClassVar[tuple[Limit, ...]] = ()
    look_alikes: ClassVar[tuple[LookAlike, ...]] = ()

    def tell(self, scene: Scene) -> Story:
        raise NotImplementedError

    def evaluate(self, window: Window, firing: bool = False) -> "tuple[Finding, float] | Unknown | None":
        """The finding with its impact, or why it cannot be judged, or None: it is not this."""
        scene = window.scene
        verdicts = {limit: limit.holds(scene, firing) for limit in self.required}
        hidden = next((limit for limit, holds in verdicts.items() if holds is None), None)
        if hidden is not None:
            return unknown(self.id, hidden.metric, window)
        if not all(verdicts.values()) or any(other.vetoes and other.holds(scene) for other in self.look_alikes):
            return None
        parts = sum(self._holds(part, firing) for part in window.part_scenes)
        if parts < PARTS_TO_FIRE:
            return None
        story = self.tell(scene)
        return self._finding(window, story, parts), story.impact

    def _holds(self, scene: Scene, firing: bool) -> bool:
        return all(limit.holds(scene, firing) for limit in self.required)

    def _finding(self, window: Window, story: Story, parts: int) -> Finding:
        scene = window.scene
        supporting = [limit for limit in self.supporting if limit.holds(scene)]
        shown = (limit.evidence(scene) for limit in (*self.required, *supporting))
        ruled_out = (other.ruled_out(scene) for other in self.look_alikes)
        return Finding(
            rule=self.id,
            layer=self.layer,
            severity=severity(story.impact),
            confidence=confidence(
                margin=min(limit.margin(scene) for limit in self.required),
                support=len(supporting) / len(self.supporting) if self.supporting else 1.0,
                parts=parts / 3,
                seconds=window.whole.seconds,
            ),
            summary=story.summary,
            evidence=tuple(evidence for evidence in shown if evidence is not None),
            ruled_out=tuple(reason for reason in ruled_out if reason is not None),
            flips_if=self._flips_if(scene),
            blame=story.blame,
            advice=story.advice,
            metric=self.metric,
        )

    def _flips_if(self, scene: Scene) -> str:
        """The required limit that is nearest to giving way."""
        weakest = min(self.required, key=lambda limit: limit.margin(scene))
        observed = weakest.measure(scene)
        now = f" (now {text_of(weakest.metric, observed)})" if observed is not None else ""
        way = "falls below" if weakest.above else "rises above"
        return f"{METRICS[weakest.metric].label} {way} {text_of(weakest.metric, weakest.clear)}{now}"


def confidence(*, margin: float, support: float, parts: float, seconds: float) -> float:
    """0–1, from four things, each 0–1 but the last.

    ``(0.50 + 0.25 margin + 0.15 support + 0.10 parts) · (0.6 + 0.4 min(1, seconds / 8))``

    margin: how far the *weakest* required signal is beyond its threshold. support: the part of the supporting signals
    that hold. parts: the part of the window's thirds in which all required signals hold. Seconds: a short window
    carries few looks at the threads. At the threshold, with no support, in two of three parts it is 0.57.
    """
    return round(
        (0.5 + 0.25 * margin + 0.15 * support + 0.1 * parts) * (0.6 + 0.4 * min(1.0, seconds / FULL_SECONDS)), 3
    )


def severity(impact: float) -> Severity:
    return "critical" if impact >= CRITICAL_IMPACT else "warning"


def unknown(rule: str, metric: str, window: Window) -> Unknown:
    """Why a metric is not visible, in the words of the collector that it lacks."""
    for name in METRICS[metric].needs:
        status = window.samples[-1].status(name)
        if status is not None and status.state != "ok":
            return Unknown(rule=rule, reason=status.reason, remedy=status.remedy)
    if "profile" in METRICS[metric].needs:
        return _no_stacks(rule, window)
    return Unknown(rule=rule, reason=f"{METRICS[metric].label} is not visible ({METRICS[metric].source})")


def _no_stacks(rule: str, window: Window) -> Unknown:
    status = window.profile_status
    if status is None or status.state in ("ok", "starting"):
        return Unknown(rule=rule, reason="no stacks were sampled yet", remedy="watch for longer, with profiling on")
    return Unknown(rule=rule, reason=status.reason or "no stacks were sampled", remedy=status.remedy)
