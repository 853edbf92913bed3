"""What the session hands to the terminal, to ``--json`` and to a recording, once a tick."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from perftui.model.finding import Diagnosis
from perftui.model.journal import JournalEntry
from perftui.model.profile import ProfileStatus, StackProfile
from perftui.model.proposal import Proposal
from perftui.model.sample import Sample
from perftui.model.series import Past, Summary
from perftui.model.stack_past import StackPast

if TYPE_CHECKING:  # all rates there are: they load while the first frame is on screen already
    from perftui.model.interval import Interval


class OwnCost(msgspec.Struct, frozen=True, kw_only=True):
    """What perftui itself uses. CPU in percent of one core, samplers apart.

    ``interval_seconds`` is the time between ticks: longer than asked for while the host is ``starved`` of CPU.
    ``missed_ticks_total`` counts ticks that were left out because the one before them came a whole interval late.
    """

    cpu_pct: float
    rss_bytes: int
    sampler_cpu_pct: float = 0.0
    target_slowdown_pct: float | None = None
    interval_seconds: float = 1.0
    starved: bool = False
    missed_ticks_total: int = 0


class RecordingStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A recording that is being made, or the last one if it ended by itself: then ``error`` says why.

    Without a ``path`` it is the last minutes that are no longer kept.
    """

    path: str
    started_wall_ns: int
    samples: int = 0
    error: str = ""


NOT_IN_A_REPLAY = "a replay: nothing can be changed, only what was recorded is there"


class ReplayStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a replay stands. Times run as the monotonic clock did; ``marks`` are (time, text), oldest first.

    ``wall_ns`` is what the wall clock showed at ``at_ns``: the two differ once it was set during the recording.
    ``searched_ratio`` is how far a search has come, None when there is none; ``said`` tells what became of the last
    request, where the figures do not show it.
    """

    first_ns: int
    last_ns: int
    at_ns: int
    wall_ns: int
    speed: float
    playing: bool
    marks: tuple[tuple[int, str], ...] = ()
    searched_ratio: float | None = None
    said: str = ""


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the screen shows.

    ``history`` maps a series name (``cpu``, ``memory``, ``target-cpu``, …) to its latest values, oldest
    first, one per tick; NaN where there was no data. ``recent`` sums up the last 15 minutes of some, some ticks ago.
    ``past`` reads any window of every series when it is asked for: it costs nothing before that.
    ``profile`` is the merged recent windows, ``gil_profile`` those of the second chain that sees who holds the GIL;
    ``stacks`` reads windows of the last minutes when it is asked for.
    ``recording`` is there while one is made, ``replay`` in a replay.
    """

    sample: Sample
    interval: "Interval | None"
    diagnosis: Diagnosis | None
    profile: StackProfile | None
    profile_status: ProfileStatus
    proposals: tuple[Proposal, ...]
    journal: tuple[JournalEntry, ...]
    history: Mapping[str, tuple[float, ...]]
    own_cost: OwnCost
    recent: dict[str, Summary] = {}
    past: Past | None = None
    gil_profile: StackProfile | None = None
    stacks: StackPast | None = None
    recording: RecordingStatus | None = None
    replay: ReplayStatus | None = None
