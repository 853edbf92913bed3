"""Helper processes of the demo: the indexer, and the spinners that take its CPU.

python -m tests.demo.jobs index|spin PARENT_PID
"""

import sys

from tests.demo.pricing import price_with_all_rules
from tests.scenarios.stage import die_with_parent


def build_index() -> None:
    """One thread that wants a whole core."""
    while True:
        score_documents()


def score_documents() -> float:
    return sum(price_with_all_rules(quantity, rules=40) for quantity in range(20))


def transcode() -> None:
    while True:
        price_with_all_rules(3, rules=200)


def main() -> int:
    job, parent = sys.argv[1], int(sys.argv[2])
    die_with_parent(parent)
    {"index": build_index, "spin": transcode}[job]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
