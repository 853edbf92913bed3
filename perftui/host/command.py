"""How a process is called."""

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.text import visible

COMMAND_LIMIT = 512
"""Characters of a command line that are kept; some are megabytes long."""


def command_of(host: Host, pid: int, comm: bytes) -> str:
    """The command line with spaces between its arguments, shortened and harmless.

    The name in brackets where there is none: kernel threads and zombies.
    """
    try:
        raw = host.read_start(f"/proc/{pid}/cmdline", 4 * COMMAND_LIMIT + 4)
    except NoData:
        raw = b""
    words = raw.rstrip(b"\0 ").replace(b"\0", b" ")
    return visible(words, COMMAND_LIMIT) if words else f"[{visible(comm, 64)}]"
