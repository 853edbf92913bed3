"""Sessions as the scheduler weighs them: ``/proc/PID/autogroup``."""

import re

_LINE = re.compile(r"(/autogroup-\d+) nice (-?\d+)")


def parse_autogroup(text: str) -> tuple[str, str] | None:
    """``/autogroup-12 nice 0`` → the group's name and its nice value; None for what is no such line."""
    match = _LINE.fullmatch(text.strip())
    return (match[1], match[2]) if match else None
