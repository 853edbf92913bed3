"""What ``perftui doctor`` says of control groups and containers."""

import os
from typing import Literal

from perftui.errors import NoData
from perftui.host.cgroupfs import Mount, content, groups_of, parse_membership, parse_mounts
from perftui.host.containers import inside, runtimes
from perftui.host.procfs import Host
from perftui.report.documents import CheckDoc

_WANTED = {"cpu": "cpu", "memory": "memory", "io": "blkio", "pids": "pids", "cpuset": "cpuset"}
"""Controllers by their names in version 2 and 1."""


def group_checks(host: Host, pid: int | None) -> list[CheckDoc]:
    """Version, controllers, delegation and container runtimes; ``pid`` is the target's, None for perftui's own."""
    try:
        mounts = parse_mounts(host.read("/proc/self/mountinfo"))
    except NoData:
        mounts = ()
    if not mounts:
        missing = _check("control groups", "missing", "no control group file system is mounted", "mount /sys/fs/cgroup")
        return [missing, *_containers(host)]
    return [_versions(mounts), _controllers(host, mounts), _delegation(host, mounts, pid), *_containers(host)]


def _versions(mounts: tuple[Mount, ...]) -> CheckDoc:
    old = [mount for mount in mounts if mount.version == 1]
    parts = [f"version 2 at {mount.point}" for mount in mounts if mount.version == 2]
    parts += [f"version 1, {len(old)} hierarchies"] if old else []
    return _check("control groups", "ok", " and ".join(parts))


def _controllers(host: Host, mounts: tuple[Mount, ...]) -> CheckDoc:
    """Those of version 2 count where they are passed on to groups below the top."""
    unified = next((mount.point for mount in mounts if mount.version == 2), None)
    offered = (content(host, f"{unified}/cgroup.controllers") or "").split() if unified else []
    passed_on = (content(host, f"{unified}/cgroup.subtree_control") or "").split() if unified else []
    old = frozenset[str]().union(*(mount.controllers for mount in mounts if mount.version == 1))
    seen = [name for name, old_name in _WANTED.items() if old_name in old or name in passed_on]
    lacking = [name for name in _WANTED if name not in seen]
    if not lacking:
        return _check("controllers", "ok", " ".join(seen))
    waiting = [name for name in lacking if name in offered]
    remedy = "boot a kernel that has them (cgroup_enable=memory where the memory controller is off)"
    if waiting:
        remedy = f"echo {' '.join(f'+{name}' for name in waiting)} > {unified}/cgroup.subtree_control, as root"
    return _check("controllers", "limited", f"without {', '.join(lacking)}", remedy)


def _delegation(host: Host, mounts: tuple[Mount, ...], pid: int | None) -> CheckDoc:
    """Whether the limits of the group may be set, tried on the file of the CPU quota."""
    try:
        members = parse_membership(host.read(f"/proc/{pid or 'self'}/cgroup"))
    except NoData as error:
        return _check("delegation", "missing", error.reason, error.remedy)
    for group in groups_of("cpu", members, mounts):
        if group.directory == group.top:
            continue
        path = f"{group.directory}/{'cpu.max' if group.version == 2 else 'cpu.cfs_quota_us'}"
        if not host.exists(path):
            continue
        if host.is_live and os.access(path, os.W_OK):
            return _check("delegation", "ok", f"limits in {group.directory} can be set")
        remedy = "run as root, or have systemd delegate the group (Delegate=yes)"
        return _check("delegation", "limited", f"{path} can be read and not written", remedy)
    return _check("delegation", "ok", f"{'the target' if pid else 'perftui'} is in no group with a CPU limit to set")


def _containers(host: Host) -> list[CheckDoc]:
    found = runtimes(host)
    hidden = [runtime.name for runtime in found if not runtime.readable]
    names = ", ".join(runtime.name for runtime in found)
    if hidden:
        detail = f"{names}: the names of containers of {', '.join(hidden)} cannot be read, their ids can"
        checks = [_check("container runtimes", "limited", detail, "run as root")]
    else:
        checks = [_check("container runtimes", "ok", names or "none here")]
    own = inside(host)
    if own:
        detail = f"perftui runs in a container ({own}) and sees what is in there"
        checks.append(_check("container", "limited", detail, "run it on the host, or in its PID and cgroup namespaces"))
    return checks


def _check(name: str, state: Literal["ok", "limited", "missing"], detail: str, remedy: str = "") -> CheckDoc:
    return CheckDoc(area="host", name=name, state=state, detail=detail, remedy=remedy)
