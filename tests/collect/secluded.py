"""A process that is alone in a network namespace."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from perftui.host.procfs import Host
from perftui.host.target import HeldTarget


@contextmanager
def secluded() -> Iterator[HeldTarget]:
    """A process in a network namespace of its own, whose loopback is down."""
    with subprocess.Popen(["/usr/bin/unshare", "-n", "/bin/cat"], stdin=subprocess.PIPE) as child:
        try:
            until = time.monotonic() + 10
            while os.readlink(f"/proc/{child.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
                assert time.monotonic() < until
                time.sleep(0.01)
            held = HeldTarget.open(Host(), child.pid)
            yield held
            held.close()
        finally:
            child.kill()
