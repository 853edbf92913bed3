"""A thread pool of eight that encodes and decodes JSON, with the main thread waiting for results.

Accepted: coord-gil, coord-gil-in-c.
"""

import json
from concurrent.futures import ThreadPoolExecutor

from tests.scenarios.stage import hold, spawn

DOCUMENT = {
    "orders": [{"id": at, "lines": [{"sku": f"sku-{at}-{line}", "qty": line} for line in range(5)]} for at in range(40)]
}


def round_trip(_number: int) -> int:
    for _ in range(50):
        text = json.dumps(DOCUMENT)
        json.loads(text)
    return len(text)


def serve() -> None:
    with ThreadPoolExecutor(8, thread_name_prefix="codec") as pool:
        while True:
            list(pool.map(round_trip, range(32)))


def main() -> int:
    return hold(spawn(serve))


if __name__ == "__main__":
    raise SystemExit(main())
