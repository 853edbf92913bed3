"""What this host is, for somebody who sees it only in a recording."""

import platform
from contextlib import suppress

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.text import visible


def facts_of(host: Host) -> dict[str, str]:
    """Name and text of each; what cannot be seen is left out."""
    facts = {"python": platform.python_version()}
    for name, path, key in (
        ("system", "/etc/os-release", "PRETTY_NAME"),
        ("processor", "/proc/cpuinfo", "model name"),
        ("memory", "/proc/meminfo", "MemTotal"),
        ("swap", "/proc/meminfo", "SwapTotal"),
    ):
        with suppress(NoData):
            found = _entry(host.text(path), key)
            if found:
                facts[name] = found
    return facts


def _entry(text: str, key: str) -> str:
    """What follows ``key`` and a colon or an equals sign, in the first line that begins so."""
    for line in text.splitlines():
        if line.startswith(key):
            return visible(line[len(key) :].strip(" \t:=\"'"), 200)
    return ""
