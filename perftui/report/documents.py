"""The published JSON documents. Names and meanings are fixed; fields may be added, never renamed.

They are structs of their own, so that the model can change without changing what other programs read.
``perftui schema`` prints their JSON Schema. Ratios are 0–1, ``_pct`` 0–100, times are UTC in ISO 8601.
"""

from typing import Annotated, Literal

from msgspec import Meta

from perftui.report.flame_documents import FlameDocument
from perftui.report.stack_documents import DiffFunctionDoc, DiffStacksDoc
from perftui.report.target_documents import Document, TargetDoc

Ratio = Annotated[float, Meta(description="0–1")]
LayerName = Literal["cpu", "memory", "io", "network", "coordination", "queue", "gpu", "neighbour", "code"]
SeverityName = Literal["info", "warning", "critical"]


class VerdictDoc(Document, frozen=True, kw_only=True):
    """The first finding in short."""

    rule: str
    layer: LayerName
    severity: SeverityName
    confidence: Ratio
    summary: str


class EvidenceDoc(Document, frozen=True, kw_only=True):
    """``direction`` tells on which side of ``threshold`` the observed figure speaks for the finding."""

    metric: str
    observed: float
    threshold: float
    unit: str
    source: str
    direction: Literal[">=", "<="]


class RuledOutDoc(Document, frozen=True, kw_only=True):
    rule: str
    because: str


class BlameDoc(Document, frozen=True, kw_only=True, omit_defaults=True):
    """Who is responsible; only what is known is there."""

    pid: int | None = None
    tid: int | None = None
    thread: str | None = None
    process: str | None = None
    function: str | None = None
    file: str | None = None
    line: int | None = None
    device: str | None = None
    cgroup: str | None = None


class FindingDoc(VerdictDoc, frozen=True, kw_only=True):
    """One bottleneck. ``metric`` names the evidence whose change shows whether a proposal helped."""

    evidence: tuple[EvidenceDoc, ...]
    ruled_out: tuple[RuledOutDoc, ...]
    flips_if: str
    blame: BlameDoc | None
    advice: str
    metric: str


class UnknownDoc(Document, frozen=True, kw_only=True):
    """A rule that could not be judged here."""

    rule: str
    reason: str
    remedy: str


class HotDoc(Document, frozen=True, kw_only=True):
    """A function's share of the target's on-CPU samples in the window."""

    function: str
    file: str
    line: int
    thread: str
    self_ratio: Ratio
    total_ratio: Ratio


class ProposalDoc(Document, frozen=True, kw_only=True):
    """A change that may help. ``affects`` says who else feels it."""

    id: str
    knob: str
    subject: str
    before: str
    after: str
    command: str
    undo_command: str
    privilege: str
    permitted: bool
    risk: Literal["low", "medium", "high"]
    reversible: bool
    settle_seconds: float
    expected_effect: str
    finding: str
    affects: str
    metric: str


class ProfileDoc(Document, frozen=True, kw_only=True):
    """Whether stacks were sampled, and if not, why and what would help.

    ``pid`` is the process that they are of and ``cpu_share_ratio`` its part of the target's CPU; null: not known.
    """

    state: str
    sampler: str
    reason: str
    remedy: str
    pid: int | None = None
    cpu_share_ratio: float | None = None


class SeriesDoc(Document, frozen=True, kw_only=True):
    """A headline figure over the time watched, one value a tick."""

    unit: Literal["ratio", "cores", "bytes", "bytes/s", "1/s", "s/s", "s", "count", "W", "°C", "Hz"]
    mean: float
    peak: float
    last: float
    p50: float
    p95: float
    p99: float


class NotVisibleDoc(Document, frozen=True, kw_only=True):
    """A collector without data here."""

    collector: str
    reason: str
    remedy: str


class OwnCostDoc(Document, frozen=True, kw_only=True):
    """What perftui itself used. ``target_slowdown_pct`` is null where it was not measured."""

    cpu_pct: float
    rss_bytes: int
    sampler_cpu_pct: float
    target_slowdown_pct: float | None


class DiagnosisDocument(Document, frozen=True, kw_only=True):
    """``perftui diagnose``: ``verdict`` is the first finding, null when nothing that was visible limits the target.

    ``summary`` is the answer in one sentence; without a verdict it says how much could be judged.
    """

    schema: Literal["perftui.diagnosis/1"] = "perftui.diagnosis/1"
    target: TargetDoc
    window_seconds: float
    state: Literal["healthy", "idle", "limited"]
    summary: str
    verdict: VerdictDoc | None
    findings: tuple[FindingDoc, ...]
    unknown: tuple[UnknownDoc, ...]
    hot: tuple[HotDoc, ...]
    proposals: tuple[ProposalDoc, ...]
    resources: dict[str, SeriesDoc]
    profile: ProfileDoc
    not_visible: tuple[NotVisibleDoc, ...]
    own_cost: OwnCostDoc


class ProposalsDocument(Document, frozen=True, kw_only=True):
    """``perftui tune list``; an id can be given to ``perftui tune apply``.

    ``summary`` is the diagnosis in one sentence, ``advice`` the verdict's: what to do where no setting helps.
    ``tune show`` prints the same without a window and a diagnosis.
    """

    schema: Literal["perftui.proposals/1"] = "perftui.proposals/1"
    target: TargetDoc
    window_seconds: float | None
    summary: str
    verdict: VerdictDoc | None
    advice: str
    proposals: tuple[ProposalDoc, ...]


class EntryDoc(Document, frozen=True, kw_only=True):
    """One change. ``intent`` and ``applied`` are open; ``deadline`` is when an open one is put back."""

    id: str
    state: Literal["intent", "applied", "kept", "reverted", "failed", "conflict", "expired"]
    at: str
    deadline: str | None
    closed_at: str | None
    target: str
    proposal: ProposalDoc
    approved_by: str
    detail: str
    metric_before: float | None
    metric_after: float | None


class JournalDocument(Document, frozen=True, kw_only=True):
    """``perftui tune history`` (newest first), and what ``apply``, ``confirm``, ``undo`` and ``recover`` touched."""

    schema: Literal["perftui.journal/1"] = "perftui.journal/1"
    entries: tuple[EntryDoc, ...]


class AllocatorDoc(Document, frozen=True, kw_only=True):
    """One function: what it asked for itself, and together with all that it called."""

    function: str
    file: str
    line: int
    self_bytes: int
    total_bytes: int
    allocations: int


class AllocationStackDoc(Document, frozen=True, kw_only=True):
    """``stack`` is the thread and the frames ``function (file:line)``, the root first, with semicolons between."""

    size_bytes: int
    allocations: int
    stack: str


class AllocationViewDoc(Document, frozen=True, kw_only=True):
    """The totals are of all allocations; ``stacks`` are the heaviest, ``functions`` what is in them."""

    size_bytes: int
    allocations: int
    functions: tuple[AllocatorDoc, ...]
    stacks: tuple[AllocationStackDoc, ...]


class AllocationsDocument(Document, frozen=True, kw_only=True):
    """``perftui allocations``: of what was asked for in these seconds, what was ``held`` when they ended.

    ``peak`` is what was live at the moment when most was. Memory that the target had before is in neither.
    """

    schema: Literal["perftui.allocations/1"] = "perftui.allocations/1"
    target: TargetDoc
    tool: str
    seconds: float
    held: AllocationViewDoc
    peak: AllocationViewDoc


class CheckDoc(Document, frozen=True, kw_only=True):
    """One thing that can be seen or set here (``ok``), in part (``limited``) or not (``missing``)."""

    area: Literal["host", "right", "collector", "profiler", "rule", "knob"]
    name: str
    state: Literal["ok", "limited", "missing"]
    detail: str
    remedy: str


class DoctorDocument(Document, frozen=True, kw_only=True):
    """``perftui doctor``."""

    schema: Literal["perftui.doctor/1"] = "perftui.doctor/1"
    version: str
    kernel: str
    target: TargetDoc
    checks: tuple[CheckDoc, ...]


class TickDocument(Document, frozen=True, kw_only=True):
    """``perftui export json``: one of these a line, for each tick.

    ``interval_seconds`` is the time since the tick before. ``metrics`` has the series that docs/metrics.md lists, in
    its units, and those of single CPUs, disks and interfaces (``disk-read:vda``); what is not visible is left out, and
    its collector stands under ``not_visible``. ``verdict`` looks back on some ticks; null when nothing was found.
    """

    schema: Literal["perftui.tick/1"] = "perftui.tick/1"
    at: str
    monotonic_ns: int
    interval_seconds: float
    target: TargetDoc
    metrics: dict[str, float]
    verdict: VerdictDoc | None
    not_visible: tuple[NotVisibleDoc, ...]
    own_cost: OwnCostDoc


class SpreadDoc(Document, frozen=True, kw_only=True):
    """``mad`` is the median absolute deviation from the median."""

    median: float
    mad: float
    points: int


class DiffMetricDoc(Document, frozen=True, kw_only=True):
    """One headline series in both ranges. ``change`` is B's median less A's; ``change_pct`` is null where A's is 0.

    A side is null where the series has no value there; ``verdict`` is then ``unknown``.
    """

    name: str
    unit: str
    a: SpreadDoc | None
    b: SpreadDoc | None
    change: float | None
    change_pct: float | None
    verdict: Literal["higher", "lower", "alike", "unknown"]


class DiffFindingDoc(Document, frozen=True, kw_only=True):
    """One rule: the share of windows in which it holds in each range. ``summary`` is its last one, B's if any."""

    rule: str
    layer: LayerName
    severity: SeverityName
    a_ratio: Ratio
    b_ratio: Ratio
    verdict: Literal["appeared", "gone", "more often", "less often", "alike"]
    summary: str


class DiffSideDoc(Document, frozen=True, kw_only=True):
    """One range of a recording, as it was asked for in ``name``, or a file of stacks in this ``format``.

    Of such a file nothing is known but its stacks: times are empty, ``samples`` is 0, ``target`` null.
    """

    name: str
    since: str
    until: str
    samples: int
    target: TargetDoc | None
    format: str = "recording"


class DiffDocument(Document, frozen=True, kw_only=True):
    """``perftui diff A B``: what is different in B. ``criterion`` says what counts as a change.

    ``stacks`` is null where none were sampled; ``functions`` are then empty.
    """

    schema: Literal["perftui.diff/1"] = "perftui.diff/1"
    a: DiffSideDoc
    b: DiffSideDoc
    criterion: str
    metrics: tuple[DiffMetricDoc, ...]
    findings: tuple[DiffFindingDoc, ...]
    functions: tuple[DiffFunctionDoc, ...] = ()
    stacks: DiffStacksDoc | None = None


DOCUMENTS: dict[str, type[Document]] = {
    "perftui.diagnosis/1": DiagnosisDocument,
    "perftui.proposals/1": ProposalsDocument,
    "perftui.journal/1": JournalDocument,
    "perftui.doctor/1": DoctorDocument,
    "perftui.allocations/1": AllocationsDocument,
    "perftui.diff/1": DiffDocument,
    "perftui.tick/1": TickDocument,
    "perftui.flame/1": FlameDocument,
}
