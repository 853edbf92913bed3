"""Three forked workers share a quota of half a core.

Accepted: cpu-quota.
"""

import os

from tests.scenarios.stage import CpuCgroup, die_with_parent, hold, spawn
from tests.scenarios.work import price_forever


def prefork() -> None:
    master = os.getpid()
    for _ in range(3):
        if os.fork() == 0:
            die_with_parent(master)
            price_forever()
    while True:
        os.wait()


def main() -> int:
    cgroup = CpuCgroup("v03b", cores=0.5, period_us=50_000)
    return hold(spawn(prefork, cgroup=cgroup), cgroup.remove)


if __name__ == "__main__":
    raise SystemExit(main())
