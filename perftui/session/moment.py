"""Times of a recording as people write them."""

import re
from datetime import datetime, timedelta

from perftui.errors import UsageError

FORMS = "12:03:04, 2026-01-31T12:03:04, +90 (seconds from the start) or -30 (before the end)"
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?")
_OFFSET = re.compile(r"([+-])(\d+(?:\.\d+)?)s?")


def moment_of(text: str, first_ns: int, last_ns: int) -> int:
    """Wall-clock nanoseconds of ``text`` in a recording from ``first_ns`` to ``last_ns``; times are local.

    A time of day is the first such time in the recording. What lies outside is moved to its nearer end. UsageError for
    what is no time.
    """
    text = text.strip()
    if found := _OFFSET.fullmatch(text):
        offset = int(float(found[2]) * 1e9)
        wanted = first_ns + offset if found[1] == "+" else last_ns - offset
    elif found := _CLOCK.fullmatch(text):
        wanted = _first_time_of_day(found, text, first_ns, last_ns)
    else:
        wanted = _ns(_date(text))
    return min(max(wanted, first_ns), last_ns)


def range_of(text: str, first_ns: int, last_ns: int) -> tuple[int, int]:
    """``12:00:00-12:05:00``, or any two moments with ``..`` between them. UsageError when they are not in order."""
    older, separator, newer = text.partition("..")
    if not separator and text.count("-") == 1:
        older, _, newer = text.partition("-")
    if not older or not newer:
        raise UsageError(f'"{text}" is no range: give FROM-TO (12:00:00-12:05:00) or FROM..TO with {FORMS}')
    since, until = moment_of(older, first_ns, last_ns), moment_of(newer, first_ns, last_ns)
    if since >= until:
        raise UsageError(f'"{text}": nothing of the recording lies in this range')
    return since, until


def _first_time_of_day(found: "re.Match[str]", text: str, first_ns: int, last_ns: int) -> int:
    start = datetime.fromtimestamp(first_ns / 1e9)
    seconds = float(found[3] or 0)
    try:
        wanted = start.replace(
            hour=int(found[1]), minute=int(found[2]), second=int(seconds), microsecond=round(seconds % 1 * 1e6) % 10**6
        )
    except ValueError:
        raise UsageError(f'"{text}" is no time of day: give {FORMS}') from None
    next_day = _ns(wanted + timedelta(days=1))
    # A moment before the start: the next day's if the recording reaches it. Whole seconds were asked for.
    before = _ns(wanted) < first_ns - 10**9
    return next_day if before and next_day <= last_ns else _ns(wanted)


def _date(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f'"{text}" is no time: give {FORMS}') from None


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * 1e9)
