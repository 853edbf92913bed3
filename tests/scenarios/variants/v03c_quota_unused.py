"""A quota of one and a half cores that the target, serving light load, never touches.

Accepted: healthy.
"""

import asyncio

from tests.scenarios.s12_healthy_server import serve
from tests.scenarios.stage import CpuCgroup, hold, listener, load, spawn


def main() -> int:
    cgroup = CpuCgroup("v03c", cores=1.5)
    sock, port = listener()
    target = spawn(lambda: asyncio.run(serve(sock)), cgroup=cgroup)
    for _ in range(4):
        spawn(load(port, 25, b"quote\n"), own_session=True)
    return hold(target, cgroup.remove)


if __name__ == "__main__":
    raise SystemExit(main())
