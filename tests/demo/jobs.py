"""Helper processes of the demo: the indexer, and the spinners that take its CPU.

    python -m tests.demo.jobs index|spin SERVICE_PID

The indexer is a child of the service. A spinner must look unrelated: it leaves its parent and its session, prints
its pid, and ends with the service, whose pidfd it holds.
"""

import os
import select
import sys

from tests.demo.pricing import price_with_all_rules
from tests.scenarios.stage import die_with_parent


def build_index() -> None:
    """One thread that wants a whole core."""
    while True:
        score_documents()


def score_documents() -> float:
    return sum(price_with_all_rules(quantity, rules=40) for quantity in range(20))


def transcode(service: int) -> None:
    """Spin until the service ends."""
    while not select.select([service], [], [], 0)[0]:
        for quality in range(20):
            price_with_all_rules(quality, rules=200)


def become_stranger() -> None:
    """Go on as an orphan in a session of its own; the caller reads our pid and waits for nothing else."""
    if child := os.fork():
        print(child, flush=True)
        os._exit(0)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)


def main() -> int:
    job, service = sys.argv[1], int(sys.argv[2])
    if job == "index":
        die_with_parent(service)
        build_index()
    pidfd = os.pidfd_open(service)
    become_stranger()
    transcode(pidfd)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
