"""Mounted file systems: which ones count, and what is said of one that hangs."""

import os
from pathlib import Path

import psutil
import pytest

from perftui.collect import filesystems
from perftui.collect.filesystems import FilesystemCollector, real_mounts
from perftui.errors import NoData
from perftui.host.mounts import MountPoint
from perftui.host.procfs import Host
from perftui.model.table import Table
from tests.collect.held import NO_TARGET
from tests.collect.trees import write
from tests.host.fuse import hung_mount


def collected(host: Host) -> Table:
    collector = FilesystemCollector()
    try:
        return collector.collect(host, NO_TARGET, None).mounts
    finally:
        collector.close()


def mount(
    point: str, kind: str = "ext4", device: str = "8:1", root: str = "/", source: str = "/dev/sda1"
) -> MountPoint:
    return MountPoint(device, root, point, kind, source, frozenset(), read_only=False)


def points(*mounts: MountPoint) -> list[str]:
    return [each.point for each in real_mounts(mounts)]


def test_the_root_agrees_with_psutil() -> None:
    mounts = collected(Host())
    row = mounts.text("point").index("/")
    usage = psutil.disk_usage("/")
    assert mounts.ints("total_bytes")[row] - mounts.ints("free_bytes")[row] == pytest.approx(usage.used, rel=0.05)
    assert mounts.ints("available_bytes")[row] == pytest.approx(usage.free, rel=0.05)
    assert set(mounts.text("problem")) == {""}
    assert set(mounts.text("point")) <= {each.mountpoint for each in psutil.disk_partitions(all=True)}


def test_pseudo_file_systems_images_and_overlays_are_left_out() -> None:
    assert points(
        mount("/"),
        mount("/proc", "proc", "0:1"),
        mount("/sys/fs/cgroup", "tmpfs", "0:2"),
        mount("/snap/core/1", "squashfs", "7:0"),
        mount("/var/lib/docker/overlay2/x/merged", "overlay", "0:9"),
        mount("/run", "tmpfs", "0:3"),
        mount("/misc", "autofs", "0:4"),
        mount("/srv", "nfs4", "0:5"),
    ) == ["/", "/run", "/srv"]


def test_in_a_container_the_overlay_is_the_root() -> None:
    assert points(mount("/", "overlay", "0:9"), mount("/etc/hosts", root="/var/lib/docker/hosts")) == [
        "/",
        "/etc/hosts",
    ]


def test_a_device_that_is_mounted_often_counts_once() -> None:
    """The whole before a part of it; of equals the shortest path."""
    assert points(mount("/a", root="/sub"), mount("/long/whole"), mount("/b/whole")) == ["/b/whole"]


def test_what_a_later_mount_hides_does_not_count() -> None:
    assert points(mount("/data", device="8:1"), mount("/data", device="8:2")) == ["/data"]


MOUNTINFO = """\
1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 8:16 / /whole rw - xfs /dev/sdb rw
3 1 0:40 / /pool rw - btrfs /dev/mapper/pool rw
4 1 0:41 / /remote rw - nfs4 server:/export rw
5 1 0:42 / /gone ro - tmpfs tmpfs rw
"""


def test_mounts_and_the_devices_below_them(tmp_path: Path) -> None:
    write(tmp_path, {"/proc/self/mountinfo": MOUNTINFO, "/sys/class/block/sda1/partition": "1\n"})
    for folder in ("whole", "pool", "remote", "sys/dev/block"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "sys/dev/block/8:1").symlink_to("../../devices/pci/host0/block/sda/sda1")
    (tmp_path / "sys/dev/block/8:16").symlink_to("../../devices/pci/host0/block/sdb")
    (tmp_path / "sys/class/block/mapper!pool").symlink_to("../../devices/virtual/block/dm-3")
    mounts = collected(Host(tmp_path))
    rows = zip(*(mounts.text(name) for name in ("point", "type", "partition", "disk", "problem")), strict=True)
    assert list(rows) == [
        ("/", "ext4", "sda1", "sda", ""),
        ("/gone", "tmpfs", "", "", "No such file or directory"),
        ("/pool", "btrfs", "dm-3", "dm-3", ""),
        ("/remote", "nfs4", "", "", ""),
        ("/whole", "xfs", "sdb", "sdb", ""),
    ]
    assert mounts.ints("total_bytes")[1] == -1
    assert list(mounts.ints("read_only"))[:2] == [0, 1]


def test_without_mountinfo_it_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoData):
        collected(Host(tmp_path))


@pytest.mark.root
def test_one_that_hangs_is_marked_and_the_others_have_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesystems, "DEADLINE_SECONDS", 0.5)
    fds = len(os.listdir("/proc/self/fd"))
    with hung_mount(tmp_path):
        mounts = collected(Host())
    problems = dict(zip(mounts.text("point"), mounts.text("problem"), strict=True))
    assert problems[str(tmp_path)] == "does not answer (0.5 s)"
    assert problems["/"] == ""
    assert mounts.ints("total_bytes")[mounts.text("point").index(str(tmp_path))] == -1
    assert len(os.listdir("/proc/self/fd")) == fds
