"""The part of ``perftui diff`` that compares stacks, as published."""

from typing import Literal

from perftui.report.target_documents import Document


class ChangeDoc(Document, frozen=True, kw_only=True):
    """``cores`` are seconds on a CPU a second (in the wall view threads), ``ratio`` shares of the side's time (0–1).

    ``change_ratio`` is the change beyond that of all functions together, as a share of B's time, within ``low_ratio``
    and ``high_ratio``; these are null where the windows cannot tell, or where the change is too small to matter.
    """

    before_cores: float
    after_cores: float
    before_ratio: float
    after_ratio: float
    change_ratio: float
    low_ratio: float | None
    high_ratio: float | None
    verdict: Literal["grew", "shrank", "alike", "new", "vanished", "too few samples"]


class DiffFunctionDoc(Document, frozen=True, kw_only=True):
    """A function with a point or more of either side's time. ``own`` is its own time, ``total`` with its callees."""

    function: str
    file: str
    own: ChangeDoc
    total: ChangeDoc


class VanishedStackDoc(Document, frozen=True, kw_only=True):
    """``stack`` is the functions as ``function (file)``, the root first, with semicolons between."""

    stack: str
    before_cores: float
    before_ratio: float


class StackSideDoc(Document, frozen=True, kw_only=True):
    """``looks`` are those that count in the view."""

    windows: int
    seconds: float
    looks: float
    cores: float


class DiffStacksDoc(Document, frozen=True, kw_only=True):
    """What the stacks say of B. ``common_ratio``: by what the cores of functions that have not changed are multiplied.

    ``view`` is ``wall`` (all of the time) where a side does not tell what ran on a CPU. ``basis``: intervals rest on
    how the windows differ, or on the counts alone where a side is one window.
    """

    verdict: Literal["worse", "better", "unchanged", "inconclusive"]
    reason: str
    view: Literal["cpu", "wall"]
    basis: Literal["windows", "counts"]
    common_ratio: float
    a: StackSideDoc
    b: StackSideDoc
    criterion: str
    vanished: tuple[VanishedStackDoc, ...]
