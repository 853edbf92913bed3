"""Space and inodes of mounted file systems, from ``/proc/self/mountinfo`` and statvfs(3)."""

import errno
import os
from collections.abc import Iterable

from perftui.collect.scope import Scope
from perftui.host import sysfs
from perftui.host.clock import monotonic_ns
from perftui.host.mounts import MountPoint, parse_mountinfo
from perftui.host.procfs import Host
from perftui.host.statvfs import Answer, Asker, Refused, Space
from perftui.host.text import visible
from perftui.model.host_sections import FilesystemSection
from perftui.model.sample import Sample
from perftui.model.table import Table

DEADLINE_SECONDS = 2.0

_PSEUDO = frozenset((
    "autofs", "binder", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "cpuset", "debugfs", "devpts",
    "devtmpfs", "efivarfs", "fusectl", "hugetlbfs", "mqueue", "nfsd", "nsfs", "proc", "pstore", "ramfs", "resctrl",
    "rpc_pipefs", "securityfs", "selinuxfs", "smackfs", "sysfs", "tracefs",
))  # fmt: skip
"""They hold no files of anybody. Asking autofs would mount something."""

_IMAGES = frozenset(("cramfs", "erofs", "iso9660", "squashfs"))
"""Read-only images are full by nature."""

_PSEUDO_BELOW = ("/proc/", "/sys/")
"""What is mounted there is the system's own or hides files of it in a container."""

_SPACE = ("total_bytes", "free_bytes", "available_bytes", "inodes_total", "inodes_free")


class FilesystemCollector:
    name = "filesystems"
    section = "filesystems"

    def __init__(self) -> None:
        self._asker = Asker()

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> FilesystemSection:
        now = monotonic_ns()
        mounts = real_mounts(parse_mountinfo(host.read("/proc/self/mountinfo")))
        prefix = str(host.root).rstrip("/")
        paths = [prefix + mount.point for mount in mounts]
        answers = self._asker.ask(paths, DEADLINE_SECONDS)
        rows = [(mount, answers[path]) for mount, path in zip(mounts, paths, strict=True)]
        # Without blocks it holds nothing: FUSE portals, lxcfs.
        kept = [(mount, answer) for mount, answer in rows if not (isinstance(answer, Space) and not answer.total_bytes)]
        return FilesystemSection(monotonic_ns=now, mounts=_table(host, kept))

    def close(self) -> None:
        """Let go of mounts that still hang."""
        self._asker.close()


def real_mounts(mounts: Iterable[MountPoint]) -> list[MountPoint]:
    """What holds files: not what is hidden by a later mount, each device where its path is shortest.

    An overlay has the space of the file system below it and is left out, unless it is all there is (in a container).
    """
    by_point = {mount.point: mount for mount in mounts}
    found: dict[str, MountPoint] = {}
    for mount in by_point.values():
        if not _holds_files(mount):
            continue
        known = found.get(mount.device)
        if known is None or _rank(mount) < _rank(known):
            found[mount.device] = mount
    return sorted(found.values(), key=lambda mount: mount.point)


def _holds_files(mount: MountPoint) -> bool:
    if mount.kind in _PSEUDO or mount.kind in _IMAGES or mount.point.startswith(_PSEUDO_BELOW):
        return False
    return mount.kind != "overlay" or mount.point == "/"


def _rank(mount: MountPoint) -> tuple[bool, int]:
    """A whole file system before a part of it that is mounted elsewhere (a bind mount)."""
    return mount.root != "/", len(mount.point)


def _table(host: Host, rows: list[tuple[MountPoint, Answer]]) -> Table:
    devices = [_device(host, mount) for mount, _ in rows]
    columns = {
        name: [getattr(answer, name) if isinstance(answer, Space) else -1 for _, answer in rows] for name in _SPACE
    }
    return Table.of(
        {**columns, "read_only": [int(_read_only(mount, answer)) for mount, answer in rows]},
        {
            "point": [visible(mount.point, 256) for mount, _ in rows],
            "type": [visible(mount.kind, 32) for mount, _ in rows],
            "source": [visible(mount.source, 256) for mount, _ in rows],
            "partition": [partition for partition, _ in devices],
            "disk": [disk for _, disk in devices],
            "problem": [_problem(answer) for _, answer in rows],
        },
    )


def _read_only(mount: MountPoint, answer: Answer) -> bool:
    return answer.read_only if isinstance(answer, Space) else mount.read_only


def _problem(answer: Answer) -> str:
    if answer is None:
        return f"does not answer ({DEADLINE_SECONDS:g} s)"
    if isinstance(answer, Refused):
        return "no permission" if answer.number in (errno.EACCES, errno.EPERM) else os.strerror(answer.number)
    return ""


def _device(host: Host, mount: MountPoint) -> tuple[str, str]:
    """The partition's name and its disk's as ``/proc/diskstats`` has them; both the same without partitions.

    btrfs and the like have a device number of their own: there the source is looked up by its name.
    """
    link = sysfs.link(host, f"/sys/dev/block/{mount.device}")
    if not link and mount.source.startswith("/dev/"):
        link = sysfs.link(host, f"/sys/class/block/{mount.source.removeprefix('/dev/').replace('/', '!')}")
    if not link:
        return "", ""
    *_, folder, name = link.split("/")
    disk = folder if host.exists(f"/sys/class/block/{name}/partition") else name
    return visible(name.replace("!", "/"), 64), visible(disk.replace("!", "/"), 64)
