"""What this process may do."""

import os

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.stat import parse_fields

_CAPABILITIES = {
    "CAP_CHOWN": 0,
    "CAP_DAC_OVERRIDE": 1,
    "CAP_DAC_READ_SEARCH": 2,
    "CAP_KILL": 5,
    "CAP_NET_ADMIN": 12,
    "CAP_SYS_PTRACE": 19,
    "CAP_SYS_ADMIN": 21,
    "CAP_SYS_NICE": 23,
    "CAP_SYS_RESOURCE": 24,
    "CAP_PERFMON": 38,
    "CAP_BPF": 39,
}
"""Bit numbers of capabilities(7)."""


def has_capability(name: str) -> bool:
    """True when this process has it in effect. KeyError for a name that perftui does not use."""
    bit = _CAPABILITIES[name]
    effective = int(parse_fields(Host().read("/proc/self/status"))[b"CapEff"], 16)
    return bool(effective >> bit & 1)


def how_to_get(name: str) -> str:
    """The remedy where this process lacks a capability: another one for a root that was given less than root has."""
    if os.geteuid() != 0:
        return "run perftui as root"
    return (
        f"this root has no {name}: start the container with --cap-add={name.removeprefix('CAP_')}, or have the service "
        f"keep it (CapabilityBoundingSet=)"
    )


def may_trace(host: Host, pid: int) -> None:
    """NoData when ``syscall``, ``wchan`` and ``stack`` of a process cannot be read; says why and what helps.

    It asks the kernel by reading: capabilities, user, Yama and user namespaces all have a say.
    """
    path = f"/proc/{pid}/syscall"
    if not host.exists(f"/proc/{pid}"):
        raise NoData(f"process {pid} has ended")
    if not host.exists(path):
        raise NoData(f"this kernel has no {path}", "it is built without CONFIG_HAVE_ARCH_TRACEHOOK")
    try:
        host.read(path)
    except NoData as error:
        if isinstance(error.__cause__, PermissionError):
            raise _not_permitted(host, pid) from error
        raise


def _not_permitted(host: Host, pid: int) -> NoData:
    owner, own = host.owner(f"/proc/{pid}"), os.geteuid()
    whose = "" if owner == own else f": it belongs to uid {owner}"
    if own == 0 and not has_capability("CAP_SYS_PTRACE"):
        return NoData(f"what the threads of {pid} wait for is hidden{whose}", how_to_get("CAP_SYS_PTRACE"))
    if whose:
        return NoData(f"what the threads of {pid} wait for is hidden{whose}", "run as root, or give CAP_SYS_PTRACE")
    if yama_scope(host) >= 1 and not has_capability("CAP_SYS_PTRACE"):
        return NoData(
            f"what the threads of {pid} wait for is hidden by kernel.yama.ptrace_scope",
            "run as root, or set kernel.yama.ptrace_scope=0",
        )
    return NoData(f"what the threads of {pid} wait for is hidden", "run as root with CAP_SYS_PTRACE")


def yama_scope(host: Host) -> int:
    """``kernel.yama.ptrace_scope``: 0 (also where there is no Yama) to 3."""
    try:
        return int(host.text("/proc/sys/kernel/yama/ptrace_scope"))
    except (NoData, ValueError):
        return 0
