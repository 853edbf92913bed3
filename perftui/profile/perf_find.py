"""Where the perf program is, and what the kernel lets it see of a process."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.rights import has_capability, how_to_get
from perftui.host.stat import parse_fields

PLACES = (
    "/usr/lib/linux-tools/{release}/perf",
    "/usr/bin/perf",
    "/usr/local/bin/perf",
    "/usr/sbin/perf",
    "/usr/lib/linux-tools/*/perf",
    "/usr/lib/linux-tools-*/perf",
    "/usr/bin/perf_[0-9]*",
)
"""Fixed places, so that no ``PATH`` decides what root runs. On Ubuntu ``/usr/bin/perf`` is a script that looks for the
one of the running kernel; any other version reads its events just as well."""

_ELF = b"\x7fELF"
_SETTING = "/proc/sys/kernel/perf_event_paranoid"
_USER_ONLY = 2
"""``perf_event_paranoid`` from which on only root sees kernel frames. Above it Debian and Ubuntu allow nothing else."""


def find_perf() -> str:
    """The absolute path of the program. NoData when there is none."""
    for path in _candidates():
        if os.access(path, os.X_OK) and _is_program(path):
            return str(path)
    raise NoData(
        "the program perf, which samples processes that are not Python, is not installed",
        "apt-get install linux-perf (Ubuntu: linux-tools-generic; Fedora and RHEL: dnf install perf)",
    )


def _candidates() -> Iterator[Path]:
    for place in PLACES:
        path = place.format(release=os.uname().release)
        if "*" in path:
            # The highest version first: the one that knows most.
            yield from sorted(Path("/").glob(path.lstrip("/")), reverse=True)
        else:
            yield Path(path)


def _is_program(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_ELF)) == _ELF
    except OSError:
        return False


def sees_kernel(host: Host, pid: int | None = None) -> bool:
    """Whether kernel frames can be had too. NoData, with what is missing, when nothing of this process can.

    By the rules of ``perf_event_open(2)``; without a ``pid`` for processes of one's own.
    """
    if any(map(has_capability, ("CAP_PERFMON", "CAP_SYS_ADMIN"))):
        return True
    try:
        level = int(host.text(_SETTING))
    except (NoData, ValueError) as error:
        raise NoData("this kernel has no perf events", "use a kernel built with CONFIG_PERF_EVENTS") from error
    if level > _USER_ONLY:
        remedy = how_to_get("CAP_PERFMON") if os.geteuid() == 0 else "sudo sysctl kernel.perf_event_paranoid=1"
        raise NoData(f"kernel.perf_event_paranoid is {level}: only root may use perf", remedy)
    if pid is not None:
        _check_owner(host, pid)
    return level < _USER_ONLY


def _check_owner(host: Host, pid: int) -> None:
    if has_capability("CAP_SYS_PTRACE"):
        return
    uids = set(parse_fields(host.read(f"/proc/{pid}/status")).get(b"Uid", b"").split())
    if uids == {str(os.geteuid()).encode()}:
        return
    owner = b"/".join(sorted(uids)).decode("ascii", "replace")
    raise NoData(
        f"process {pid} belongs to uid {owner}, perftui runs as uid {os.geteuid()}",
        how_to_get("CAP_PERFMON") if os.geteuid() == 0 else f"sudo perftui attach {pid}",
    )


def trusts_map(host: Host, pid: int) -> bool:
    """Whether the process has written a map of its compiled code, and nobody else can have: a plain file of its uid.

    ``/tmp/perf-PID.map`` lies where everyone may write. perf reads it by itself, and no option forbids it. (6.1 takes
    anybody's; later ones those of root and of whoever runs perf, unless they are given ``--force``.) So names out of
    an untrusted one must not be shown. NoData when it is no plain file at all: perf would hang in it.
    """
    try:
        fields = parse_fields(host.read(f"/proc/{pid}/status"))
        inner, uid = int(fields[b"NSpid"].split()[-1]), int(fields[b"Uid"].split()[1])
        path = f"/tmp/perf-{inner}.map"  # noqa: S108 (perf's own choice, and the very thing that is looked at here)
        fd = host.open(f"/proc/{pid}/root{path}", os.O_PATH | os.O_NOFOLLOW)
    except (NoData, KeyError, ValueError, IndexError):
        return False
    try:
        status = os.fstat(fd)
    finally:
        os.close(fd)
    if not stat.S_ISREG(status.st_mode):
        raise NoData(f"{path} is not a plain file: perf would hang in it", f"find out who put it there, and rm {path}")
    return status.st_uid == uid
