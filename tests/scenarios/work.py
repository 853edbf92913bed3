"""The small jobs that scenarios are made of: recognisable functions, not one-liners."""

import hashlib
import math
import time
from typing import NoReturn


def price_basket(size: int = 400) -> float:
    """Pure Python arithmetic, a fraction of a millisecond: holds the GIL throughout."""
    total = 0.0
    for at in range(size):
        net = (at * 37 % 101) + 0.99
        total += apply_discount(net, at)
    return total


def apply_discount(net: float, customer: int) -> float:
    rate = 0.05 if customer % 3 else 0.12
    return math.floor(net * (1 - rate) * 100) / 100


def compute_for(seconds: float) -> int:
    """Price baskets for about ``seconds`` of wall time; returns how many."""
    until = time.perf_counter() + seconds
    baskets = 0
    while time.perf_counter() < until:
        price_basket()
        baskets += 1
    return baskets


def price_forever() -> NoReturn:
    """One thread that wants a whole core."""
    while True:
        price_basket()


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
