"""Network namespaces: which one a process is in, and making a socket inside it."""

import ctypes
import os
import threading
from collections.abc import Callable
from typing import TypeVar

from perftui.errors import NoData
from perftui.host.ioprio import LIBC
from perftui.host.procfs import Host

Made = TypeVar("Made")
_CLONE_NEWNET = 0x40000000


def network_namespace(host: Host, pid: int | str) -> str:
    """Its name, ``net:[4026531840]``; ``self`` is perftui's own. NoData where it may not be seen."""
    return host.link(f"/proc/{pid}/ns/net")


def other_net(host: Host, pid: int) -> str | None:
    """``/proc/PID/net`` of a process in another network namespace than ours, None for one in the same.

    NoData when the process has ended or may not be looked into.
    """
    return f"/proc/{pid}/net" if network_namespace(host, pid) != network_namespace(host, "self") else None


def made_inside(host: Host, pid: int, make: Callable[[], Made]) -> Made:
    """What ``make`` returns when it runs in the network namespace of a process. NoData without the right to enter.

    Only a thread of its own enters (setns(2) moves one thread), and it ends at once; a socket made in there stays in
    there. No other thread is ever in a foreign namespace.
    """
    namespace = host.open(f"/proc/{pid}/ns/net")
    results: list[Made] = []
    failures: list[BaseException] = []

    def enter() -> None:
        try:
            if LIBC.setns(namespace, _CLONE_NEWNET) != 0:
                raise NoData(
                    f"process {pid} is in another network namespace: {os.strerror(ctypes.get_errno())}",
                    "run as root with CAP_SYS_ADMIN, or run perftui inside the container",
                )
            results.append(make())
        except BaseException as error:  # noqa: BLE001 (it is raised again in the thread that asked)
            failures.append(error)

    thread = threading.Thread(target=enter, name="perftui-inside", daemon=True)
    try:
        thread.start()
        thread.join()
    finally:
        os.close(namespace)
    if failures:
        raise failures[0]
    return results[0]
