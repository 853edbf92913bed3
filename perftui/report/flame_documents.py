"""Stacks as a published JSON document."""

from typing import Literal

from perftui.report.target_documents import Document


class FlameFrameDoc(Document, frozen=True, kw_only=True):
    """One function at one line; ``file`` is empty and ``line`` 0 where they are not known."""

    function: str
    file: str
    line: int


class FlameThreadDoc(Document, frozen=True, kw_only=True):
    """What one thread has of the samples. ``pid`` and ``tid`` are 0 where a file does not tell them."""

    pid: int
    tid: int
    name: str
    samples: int
    on_cpu: float | None


class FlameFunctionDoc(FlameFrameDoc, frozen=True, kw_only=True):
    """Shares (0–1) of all that is seen in the view; a function that stands in a stack twice counts once in
    ``total_ratio``. ``thread`` is the one that spent most in it."""

    thread: str
    self_ratio: float
    total_ratio: float


class FlameStackDoc(Document, frozen=True, kw_only=True):
    """How often a thread was seen in a stack; ``frames`` are indices into the document's, root first."""

    pid: int
    tid: int
    frames: tuple[int, ...]
    samples: int
    on_cpu: float | None


class FlameDocument(Document, frozen=True, kw_only=True):
    """``perftui flame``: stacks, and the functions with most of what ``view`` counts, by themselves.

    ``source`` is live, recording, or the format of a file of another program. ``samples`` are looks (the wall view);
    in a file whose ``unit`` is another one they are its nanoseconds or bytes. ``on_cpu`` is the part that ran on a CPU,
    null where that is not known. ``since`` and ``seconds`` are null, ``rate_hz`` is 0 where times are not known.
    ``windows_left_out`` counts those of a recording with native frames where most have none, or the other way round.
    """

    schema: Literal["perftui.flame/1"] = "perftui.flame/1"
    source: str
    target: str
    view: Literal["cpu", "wall"]
    unit: Literal["samples", "nanoseconds", "bytes"]
    sampler: str
    mode: str
    rate_hz: float
    since: str | None
    seconds: float | None
    coverage_ratio: float | None
    windows_left_out: int
    samples: int
    on_cpu: float | None
    threads: tuple[FlameThreadDoc, ...]
    functions: tuple[FlameFunctionDoc, ...]
    frames: tuple[FlameFrameDoc, ...]
    stacks: tuple[FlameStackDoc, ...]
