"""What the session hands to the terminal, to ``--json`` and to a recording, once a tick."""

import msgspec

from perftui.model.finding import Diagnosis
from perftui.model.interval import Interval
from perftui.model.journal import JournalEntry
from perftui.model.profile import ProfileStatus, StackProfile
from perftui.model.proposal import Proposal
from perftui.model.sample import Sample


class OwnCost(msgspec.Struct, frozen=True, kw_only=True):
    """What perftui itself uses. CPU in percent of one core, samplers apart.

    ``interval_seconds`` is the time to the next tick: longer than asked for while the host is starved.
    ``missed_ticks_total`` counts the ticks that came so late that the next one was due.
    """

    cpu_pct: float
    rss_bytes: int
    sampler_cpu_pct: float = 0.0
    target_slowdown_pct: float | None = None
    interval_seconds: float = 1.0
    missed_ticks_total: int = 0


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the screen shows.

    ``history`` maps a series name (``cpu``, ``memory``, ``target-cpu``, …) to its latest values, oldest
    first, one per tick; NaN where there was no data. ``profile`` is the merged recent windows.
    """

    sample: Sample
    interval: Interval | None
    diagnosis: Diagnosis | None
    profile: StackProfile | None
    profile_status: ProfileStatus
    proposals: tuple[Proposal, ...]
    journal: tuple[JournalEntry, ...]
    history: dict[str, tuple[float, ...]]
    own_cost: OwnCost
