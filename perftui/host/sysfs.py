"""What devices say of themselves in ``/sys``: a folder each, with a file for each text or number.

A device that does not have a figure lacks the file. One that sleeps, is not plugged in or goes away answers with an
error (EIO, EINVAL, EBUSY, ENODATA); both are the same gap.
"""

import re

from perftui.errors import NoData
from perftui.host.procfs import Host

_DIGITS = re.compile(r"(\d+)")


def entries(host: Host, folder: str) -> list[str]:
    """The names in a folder, ``hwmon10`` after ``hwmon9``; none where it is missing."""
    try:
        names = host.names(folder)
    except NoData:
        return []
    return sorted(names, key=lambda name: [int(part) if part.isdigit() else part for part in _DIGITS.split(name)])


def text(host: Host, path: str) -> str:
    """What a file says; empty where there is nothing."""
    try:
        return host.text(path)
    except (NoData, OSError):
        return ""


def number(host: Host, path: str) -> int | None:
    """The number in a file; None where there is none (a few drivers say ``<unknown>``)."""
    try:
        return int(text(host, path))
    except ValueError:
        return None


def cell(host: Host, path: str) -> int:
    """The number in a file, for a table: -1 where there is none."""
    found = number(host, path)
    return -1 if found is None else found


def link(host: Host, path: str) -> str:
    """Where a link points to; empty where it is missing."""
    try:
        return host.link(path)
    except NoData:
        return ""
