"""What is saved with a recording when somebody says that something is wrong."""

import msgspec

from perftui.model.finding import Diagnosis
from perftui.model.journal import JournalEntry


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """When it was marked, in whose words, what perftui found at that moment, and what had been changed by then."""

    wall_ns: int
    text: str
    diagnosis: Diagnosis | None = None
    journal: tuple[JournalEntry, ...] = ()
