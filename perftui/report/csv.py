"""Chosen series as CSV: a header, then a row for each tick."""

from collections.abc import Sequence
from datetime import UTC, datetime

from perftui.model.headline import details, headline
from perftui.model.update import Update


def csv_header(names: Sequence[str]) -> str:
    """``timestamp,cpu,disk-read:vda``; ends in a newline."""
    return ",".join(["timestamp", *map(_field, names)]) + "\n"


def csv_row(update: Update, names: Sequence[str]) -> str:
    """The time in UTC (ISO 8601, milliseconds) and each value; an empty field where there is no data."""
    values = headline(update.interval) | details(update.interval) if update.interval else {}
    at = datetime.fromtimestamp(update.sample.wall_ns / 1e9, UTC).isoformat(timespec="milliseconds")
    fields = [f"{values[name]:.10g}" if name in values else "" for name in names]
    return ",".join([at.replace("+00:00", "Z"), *fields]) + "\n"


def _field(text: str) -> str:
    """Quoted where RFC 4180 asks for it: a device may have any name."""
    return '"' + text.replace('"', '""') + '"' if set(text) & set('",\r\n') else text
