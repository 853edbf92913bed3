"""What the classifier says."""

from typing import Literal

import msgspec

Layer = Literal["cpu", "memory", "io", "network", "coordination", "queue", "gpu", "neighbour", "code"]
Severity = Literal["info", "warning", "critical"]
State = Literal["healthy", "idle", "limited"]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One observed figure beside the threshold it crossed; ``source`` is the file it came from.

    ``direction`` tells on which side of the threshold it speaks for the finding.
    """

    metric: str
    observed: float
    threshold: float
    unit: str
    source: str
    direction: Literal[">=", "<="] = ">="


class RuledOut(msgspec.Struct, frozen=True, kw_only=True):
    """A look-alike, and why it is not this one."""

    rule: str
    because: str


class Blame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who or what is responsible, as far as the rule can tell."""

    pid: int | None = None
    tid: int | None = None
    thread: str | None = None
    process: str | None = None
    function: str | None = None
    file: str | None = None
    line: int | None = None
    device: str | None = None
    cgroup: str | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A bottleneck: the first one of a diagnosis is its verdict.

    ``confidence`` is 0–1. ``metric`` names the one figure (in ``evidence``) whose change shows whether a
    proposal helped. ``flips_if`` says what would change the verdict.
    """

    rule: str
    layer: Layer
    severity: Severity
    confidence: float
    summary: str
    evidence: tuple[Evidence, ...]
    ruled_out: tuple[RuledOut, ...] = ()
    flips_if: str = ""
    blame: Blame | None = None
    advice: str = ""
    metric: str = ""


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that could not be judged because a signal is not visible."""

    rule: str
    reason: str
    remedy: str = ""


class HotFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A function's share of the target's on-CPU samples (0–1), alone and with its callees."""

    function: str
    file: str
    line: int
    thread: str
    self_ratio: float
    total_ratio: float


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one window: ``findings`` ranked, the first is the verdict if anything limits the target.

    Findings of severity ``info`` come last and are never a verdict. ``summary`` is the answer in one sentence, true to
    what was examined: the state alone does not tell what could not be seen.
    """

    state: State
    window_seconds: float
    findings: tuple[Finding, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    hot: tuple[HotFunction, ...] = ()
    summary: str = ""

    @property
    def verdict(self) -> Finding | None:
        return self.findings[0] if self.state == "limited" and self.findings else None

    @property
    def runner_up(self) -> Finding | None:
        return self.findings[1] if len(self.findings) > 1 else None
