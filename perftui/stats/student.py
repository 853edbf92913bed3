"""Quantiles of Student's distribution."""

from math import expm1, pi, sqrt
from statistics import NormalDist


def two_sided(tail: float, freedom: float) -> float:
    """The ``t`` that is exceeded in size with probability ``tail``, for ``freedom`` degrees of freedom (may be broken).

    Hill, *Comm. ACM* 13, 1970 (algorithm 396); within a thousandth of the printed tables. ValueError for a tail outside
    0–1 or fewer degrees than 1.
    """
    if not 0 < tail < 1 or freedom < 1:
        raise ValueError("a tail between 0 and 1 and one degree of freedom or more are needed")
    a = 1 / (freedom - 0.5)
    b = 48 / (a * a)
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * sqrt(a * pi / 2) * freedom
    y = (d * tail) ** (2 / freedom)
    if y > 0.05 + a:
        x = NormalDist().inv_cdf(tail / 2)
        y = x * x
        if freedom < 5:
            c += 0.3 * (freedom - 4.5) * (x + 0.6)
        c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = expm1(a * y * y)
    else:
        first = 1 / (((freedom + 6) / (freedom * y) - 0.089 * d - 0.822) * (freedom + 2) * 3)
        y = ((first + 0.5 / (freedom + 4)) * y - 1) * (freedom + 1) / (freedom + 2) + 1 / y
    return sqrt(freedom * y)
