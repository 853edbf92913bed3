"""Times of a recording as people write them."""

import re
from datetime import datetime, timedelta

from perftui.errors import UsageError
from perftui.model.units import duration_text
from perftui.store.recording import Recording

SECOND = 10**9
FORMS = "12:03:04, 2026-01-31T12:03:04, +90 (seconds from the start) or -30 (before the end)"
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?")
_OFFSET = re.compile(r"([+-])(\d+(?:\.\d+)?)s?")


def moment_of(text: str, recording: Recording) -> int:
    """The time of the recording that ``text`` means; clock times are local, as its clock showed them.

    A time of day is the first such time in the recording. UsageError for what is no time, or lies outside: by a second
    it may, because times are shown in whole seconds.
    """
    text = text.strip()
    if found := _OFFSET.fullmatch(text):
        offset = int(float(found[2]) * 1e9)
        wanted = recording.first_ns + offset if found[1] == "+" else recording.last_ns - offset
        first_ns, last_ns = recording.first_ns, recording.last_ns
    else:
        wanted = _wall_time(text, recording)
        first_ns, last_ns = recording.first_wall_ns, recording.last_wall_ns
    if not first_ns - SECOND <= wanted <= last_ns + SECOND:
        raise UsageError(f'"{text}" is outside the recording, which is {_span(recording)}')
    wanted = min(max(wanted, first_ns), last_ns)
    return wanted if found else recording.when(wanted)


def range_of(text: str, recording: Recording) -> tuple[int, int]:
    """``12:00:00-12:05:00``, or any two moments with ``..`` between them. UsageError as ``moment_of``, and when
    they are not in order."""
    older, separator, newer = text.partition("..")
    if not separator and text.count("-") == 1:
        older, _, newer = text.partition("-")
    if not older or not newer:
        raise UsageError(f'"{text}" is no range: give FROM-TO (12:00:00-12:05:00) or FROM..TO with {FORMS}')
    since, until = moment_of(older, recording), moment_of(newer, recording)
    if since >= until:
        raise UsageError(f'"{text}": the recording is {_span(recording)}, and nothing of it lies in this range')
    return since, until


def _span(recording: Recording) -> str:
    first, last = (
        datetime.fromtimestamp(wall_ns // SECOND) for wall_ns in (recording.first_wall_ns, recording.last_wall_ns)
    )
    length = duration_text((recording.last_ns - recording.first_ns) / 1e9)
    return f"from {first} to {last} ({length})"


def _wall_time(text: str, recording: Recording) -> int:
    found = _CLOCK.fullmatch(text)
    return _first_time_of_day(found, text, recording) if found else _ns(_date(text))


def _first_time_of_day(found: "re.Match[str]", text: str, recording: Recording) -> int:
    start = datetime.fromtimestamp(recording.first_wall_ns / 1e9)
    seconds = float(found[3] or 0)
    try:
        wanted = start.replace(
            hour=int(found[1]), minute=int(found[2]), second=int(seconds), microsecond=round(seconds % 1 * 1e6) % 10**6
        )
    except ValueError:
        raise UsageError(f'"{text}" is no time of day: give {FORMS}') from None
    next_day = _ns(wanted + timedelta(days=1))
    # A moment before the start: the next day's if the recording reaches it. Whole seconds were asked for.
    before = _ns(wanted) < recording.first_wall_ns - SECOND
    return next_day if before and next_day <= recording.last_wall_ns + SECOND else _ns(wanted)


def _date(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f'"{text}" is no time: give {FORMS}') from None


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * 1e9)
