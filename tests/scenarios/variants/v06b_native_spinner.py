"""A compiled program that never pauses: no Python in it.

Accepted: cpu-one-core. (sha256sum reads endless zeros, so it needs no compiler here.)
"""

from tests.scenarios.stage import hold, spawn_program


def main() -> int:
    return hold(spawn_program(["sha256sum", "/dev/zero"]))


if __name__ == "__main__":
    raise SystemExit(main())
