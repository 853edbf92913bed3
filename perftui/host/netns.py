"""Network namespaces, by the files of ``/proc``."""

from perftui.host.procfs import Host


def other_net(host: Host, pid: int) -> str | None:
    """``/proc/PID/net`` of a process in another network namespace than ours, None for one in the same.

    NoData when the process has ended or may not be looked into.
    """
    folder = f"/proc/{pid}"
    return f"{folder}/net" if host.link(f"{folder}/ns/net") != host.link("/proc/self/ns/net") else None
