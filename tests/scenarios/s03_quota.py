"""A cpu cgroup allows the target 20 % of a core, and the target wants all of one.

Accepted: cpu-quota. Near miss: cpu-saturated (the run delay looks the same; only the throttled periods tell).
"""

from tests.scenarios.stage import CpuCgroup, hold, spawn
from tests.scenarios.work import price_forever


def main() -> int:
    cgroup = CpuCgroup("s03", cores=0.2)
    return hold(spawn(price_forever, cgroup=cgroup), cgroup.remove)


if __name__ == "__main__":
    raise SystemExit(main())
