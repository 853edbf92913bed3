"""A dictionary that keeps every request's context: 2 MB a second, beside short-lived garbage.

Accepted: memory-leak, after 60 s of watching.
"""

import time

from tests.scenarios.stage import hold, spawn

contexts: dict[int, list[str]] = {}


def handle_request(number: int) -> None:
    scratch = [f"field-{at}-{number}" for at in range(3000)]
    contexts[number] = scratch[:1500]


def main_loop() -> None:
    number = 0
    while True:
        handle_request(number)
        number += 1
        time.sleep(0.05)


def main() -> int:
    return hold(spawn(main_loop))


if __name__ == "__main__":
    raise SystemExit(main())
