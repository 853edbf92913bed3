"""Four unrelated spinners, each in a session of its own, take the CPUs from a target that wants one core.

Accepted: neighbour-cpu. Near miss: cpu-saturated (the target itself asks for one core only). Each session is an
autogroup, so here the nice value of the target cannot help and that of its autogroup can.
"""

from tests.scenarios.stage import hold, spawn
from tests.scenarios.work import price_forever


def render_video() -> None:
    price_forever()


def main() -> int:
    for _ in range(4):
        spawn(render_video, own_session=True)
    return hold(spawn(price_forever, own_session=True))


if __name__ == "__main__":
    raise SystemExit(main())
