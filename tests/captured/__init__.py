"""Systems that cannot run here, as small texts that are unfolded into a tree of kernel files.

A text has ``let NAME VALUE`` (used as ``$NAME``), ``file PATH``, ``link PATH TARGET`` and ``process PID START NSPIDS
GROUPS COMMAND…``: comma-separated PIDs from the host's namespace inwards, and lines of ``/proc/PID/cgroup`` joined by
``;``. Indented lines are the content of the file above them. Each group's ``cgroup.procs`` is made from the processes.
"""

from collections.abc import Iterator
from pathlib import Path
from string import Template

from perftui.host.cgroupfs import Group, directory_of, levels, parse_membership, parse_mounts
from perftui.host.procfs import Host

FOLDER = Path(__file__).parent
_INDENT = "    "


def captured(name: str, root: Path) -> Host:
    """The system ``name.txt``, unfolded under ``root``."""
    text = (FOLDER / f"{name}.txt").read_text()
    values = dict(line.split()[1:] for line in text.splitlines() if line.startswith("let "))
    for kind, words, content in _blocks(Template(text).substitute(values)):
        if kind == "file":
            _write(root, words[0], content)
        elif kind == "link":
            path = root / words[0].lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(words[1])
        elif kind == "process":
            _process(root, words)
    host = Host(root)
    _fill_groups(host, root)
    return host


def _blocks(text: str) -> Iterator[tuple[str, list[str], str]]:
    head: list[str] = []
    lines: list[str] = []
    for line in [*text.splitlines(), "end"]:
        if line.startswith(_INDENT):
            lines.append(line.removeprefix(_INDENT))
        elif line and not line.startswith("#"):
            if head:
                yield head[0], head[1:], "".join(f"{one}\n" for one in lines)
            head, lines = line.split(), []


def _process(root: Path, words: list[str]) -> None:
    pid, start, numbers, groups, *command = words
    name = command[0].rpartition("/")[2][:15]
    fields = ["S", "1", *["0"] * 17, start, *["0"] * 30]
    _write(root, f"/proc/{pid}/stat", f"{pid} ({name}) {' '.join(fields)}\n")
    _write(root, f"/proc/{pid}/status", f"Name:\t{name}\nNSpid:\t{numbers.replace(',', chr(9))}\n")
    _write(root, f"/proc/{pid}/cmdline", "".join(f"{word}\0" for word in command))
    _write(root, f"/proc/{pid}/cgroup", groups.replace(";", "\n") + "\n")


def _fill_groups(host: Host, root: Path) -> None:
    mounts = parse_mounts(host.read("/proc/self/mountinfo"))
    for pid in sorted((name for name in host.names("/proc") if name.isdigit()), key=int):
        for member in parse_membership(host.read(f"/proc/{pid}/cgroup")):
            for mount in mounts:
                same = bool(member.controllers & mount.controllers) if mount.version == 1 else not member.controllers
                directory = directory_of(member.path, mount) if same else None
                if directory is not None:
                    for level in levels(Group(mount.version, directory, mount.point)):
                        _write(root, f"{level}/cgroup.procs", f"{pid}\n" if level == directory else "", "a")


def _write(root: Path, path: str, content: str, mode: str = "w") -> None:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open(mode) as out:
        out.write(content)
