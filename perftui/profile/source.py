"""The source text of a running program, as that program sees its files."""

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.text import visible

MAX_SOURCE_BYTES = 4 << 20
MAX_LINE = 400
TAB = 4


def source_lines(host: Host, pid: int, file: str) -> list[str]:
    """The lines of ``file`` in the mount namespace of a process, made visible and cut to 400 characters.

    NoData for what is not there, not permitted, no plain file of at most 4 MiB, or a link: the target chose the path,
    and where a link leads to is another matter in its namespace than in ours.
    """
    if not file or file.startswith("<"):
        raise NoData(f"{file or 'native code'} is no file")
    within = f"root{file}" if file.startswith("/") else f"cwd/{file}"
    raw = host.read_plain(f"/proc/{pid}/{within}", MAX_SOURCE_BYTES, follow=False)
    if b"\0" in raw:
        raise NoData(f"{file} is no text")
    text = raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    return [visible(line.expandtabs(TAB), MAX_LINE) for line in text.split("\n")]
