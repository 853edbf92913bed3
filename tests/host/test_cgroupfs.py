"""Control group paths on v1, v2, hybrid hosts and inside namespaces."""

from hypothesis import given
from hypothesis import strategies as st

from perftui.host.cgroupfs import Group, Membership, groups_of, levels, parse_membership, parse_mounts

HYBRID = b"""\
25 20 0:22 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
26 25 0:23 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw,nsdelegate
27 25 0:24 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct
28 25 0:25 /docker/abc /sys/fs/cgroup/my\\040memory rw shared:9 - cgroup cgroup rw,memory
30 1 8:1 / / rw - ext4 /dev/vda rw
"""


def test_membership_keeps_colons_in_paths() -> None:
    members = parse_membership(b"4:cpu,cpuacct:/a:b\n1:name=systemd:/\n0::/x\n")
    assert members[0] == Membership(frozenset({"cpu", "cpuacct"}), "/a:b")
    assert members[2] == Membership(frozenset(), "/x")


def test_each_controller_finds_its_hierarchy() -> None:
    members = parse_membership(b"4:cpu,cpuacct:/web/app\n3:memory:/docker/abc/job\n0::/user/app\n")
    mounts = parse_mounts(HYBRID)
    assert groups_of("cpu", members, mounts) == (
        Group(1, "/sys/fs/cgroup/cpu,cpuacct/web/app", "/sys/fs/cgroup/cpu,cpuacct"),
        Group(2, "/sys/fs/cgroup/unified/user/app", "/sys/fs/cgroup/unified"),
    )
    assert groups_of("memory", members, mounts)[0] == Group(
        1, "/sys/fs/cgroup/my memory/job", "/sys/fs/cgroup/my memory"
    )
    assert [group.version for group in groups_of("io", members, mounts)] == [2]


def test_groups_outside_the_namespace_are_not_visible() -> None:
    members = parse_membership(b"4:cpu,cpuacct:/../other\n3:memory:/elsewhere\n0::/../../x\n")
    mounts = parse_mounts(HYBRID)
    assert groups_of("cpu", members, mounts) == ()
    assert groups_of("memory", members, mounts) == ()


def test_levels_end_at_the_mount_point() -> None:
    assert levels(Group(2, "/cg/a/b", "/cg")) == ("/cg/a/b", "/cg/a", "/cg")
    assert levels(Group(2, "/cg", "/cg")) == ("/cg",)


@given(st.lists(st.from_regex(r"[a-z.:@-]{1,8}", fullmatch=True), max_size=6))
def test_no_path_leads_out_of_the_mount(parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    for group in groups_of("cpu", parse_membership(f"0::{path}\n".encode()), parse_mounts(HYBRID)):
        assert group.directory.startswith(group.top)
        assert levels(group)[-1] == group.top
