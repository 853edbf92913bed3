"""How often the diff of stacks cries wolf, and how often it misses one: programs that are made up.

    python -m tests.bench.stack_diff [--alike 500] [--planted 200]

Twenty functions with shares as Zipf's, looked at 100 times a second in 60 windows of about a second on each side. The
load is an AR(1) series, and so is each function's part of it: what a window holds is neither the same nor independent
of its neighbour. A planted run has one function, each in turn, take as much more as 10 % of the whole. Also: what a
call costs with many stacks.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from math import exp, sqrt

from perftui.analyze.stack_diff import StackDiff, changed, compare
from perftui.analyze.stack_side import Known
from perftui.model.profile import Frame, StackProfile, StackRow

FUNCTIONS = 20
HZ = 100
WINDOWS = 60
SECOND = 1_000_000_000
MORE = 0.10


class Series:
    """An AR(1) series around 0."""

    def __init__(self, chance: random.Random, keep: float, spread: float) -> None:
        self._chance, self._keep, self._fresh = chance, keep, spread * sqrt(1 - keep * keep)
        self._at = chance.gauss(0, spread)

    def __next__(self) -> float:
        self._at = self._keep * self._at + self._chance.gauss(0, self._fresh)
        return self._at


def costs(planted: int | None = None) -> list[float]:
    """Seconds of each function in a round of work; a round without a planted one takes 1."""
    whole = sum(1 / rank for rank in range(1, FUNCTIONS + 1))
    zipf = [1 / rank / whole for rank in range(1, FUNCTIONS + 1)]
    if planted is not None:
        zipf[planted] += MORE
    return zipf


def windows(
    chance: random.Random,
    weights: Sequence[float],
    *,
    count: int = WINDOWS,
    load: float = 0.7,
    load_spread: float = 0.15,
    mix_spread: float = 0.10,
    keep: float = 0.7,
    began_ns: int = 0,
) -> Iterator[StackProfile]:
    """Windows of a program with one thread. ``load`` is how much of the time it runs."""
    busy = Series(chance, keep, load_spread)
    mix = [Series(chance, keep, mix_spread) for _ in weights]
    for _ in range(count):
        attempts = chance.randint(83, 119)
        running = min(1.0, max(0.05, load + next(busy)))
        now = [weight * exp(next(part)) for weight, part in zip(weights, mix, strict=True)]
        looks = sum(chance.random() < running for _ in range(attempts))
        seen = Counter(chance.choices(range(len(weights)), now, k=looks))
        yield window(began_ns, attempts, seen)
        began_ns += attempts * SECOND // HZ


def window(began_ns: int, attempts: int, seen: Counter[int]) -> StackProfile:
    """``seen`` counts looks of function N, called by one of four that are called by ``main``."""
    names = ["main", *(f"part{at}" for at in range(4)), *(f"f{at}" for at in range(max(seen, default=0) + 1))]
    return StackProfile(
        sampler="py-spy",
        rate_hz=HZ,
        started_ns=began_ns,
        ended_ns=began_ns + attempts * SECOND // HZ,
        covered_ns=attempts * SECOND // HZ,
        attempts=attempts,
        frames=tuple(Frame(function=name, file="program.py") for name in names),
        stacks=tuple((0, 1 + at % 4, 5 + at) for at in range(len(names) - 5)),
        rows=tuple(StackRow(pid=1, tid=1, stack=at, samples=looks, on_cpu=float(looks)) for at, looks in seen.items()),
    )


def moved(diff: StackDiff) -> set[str]:
    """Functions that are said to have changed by themselves."""
    return {function.function for function in diff.functions if changed(function.own)}


def moved_in_total(diff: StackDiff) -> set[str]:
    return {function.function for function in diff.functions if changed(function.total)}


def alike(runs: int, **how: float) -> tuple[int, int]:
    """Of so many A/A runs: how many accuse a function (by its own time or in total), how many are not "unchanged"."""
    chance = random.Random(1)
    accused = unsure = 0
    for _ in range(runs):
        diff = compare(windows(chance, costs(), **how), windows(chance, costs(), **how))  # type: ignore[arg-type]  # count is left out
        accused += bool(moved(diff) | moved_in_total(diff) or diff.vanished)
        unsure += diff.verdict != "unchanged"
    return accused, unsure


def planted(runs: int, **how: float) -> tuple[int, int, int]:
    """Of so many runs: how many find the planted one, how many find nothing but it, how many say "worse"."""
    chance = random.Random(2)
    found = only = worse = 0
    for run in range(runs):
        at = run % FUNCTIONS
        slower = costs(at)
        diff = compare(windows(chance, costs(), **how), windows(chance, slower, **how))  # type: ignore[arg-type]  # as above
        found += f"f{at}" in moved(diff)
        only += moved(diff) == {f"f{at}"}
        worse += diff.verdict == "worse"
    return found, only, worse


KINDS: dict[str, dict[str, float]] = {
    "always busy": {"load": 1.0, "load_spread": 0.0},
    "load comes and goes": {},
    "load and mix drift": {"keep": 0.95, "mix_spread": 0.15},
    "mix jumps about": {"keep": 0.0, "mix_spread": 0.3},
}


def cost_ms(leaves: int = 2000, looks: int = 800) -> tuple[float, float]:
    """Milliseconds of CPU of a first call, and of one with two new windows, with so many stacks of 20 frames."""
    chance = random.Random(3)
    frames = tuple(Frame(function=f"f{at}", file="big.py") for at in range(400))
    paths = [tuple(chance.choices(range(400), k=20))]
    while len(paths) < leaves:  # each leaves an earlier one somewhere, as calls do
        shared = chance.randrange(3, 20)
        paths.append((*chance.choice(paths)[:shared], *chance.choices(range(400), k=20 - shared)))
    weights = [chance.paretovariate(1.2) for _ in paths]

    def one(at: int) -> StackProfile:
        seen = Counter(chance.choices(range(leaves), weights, k=looks))
        rows = tuple(
            StackRow(pid=1, tid=1, stack=number, samples=n, on_cpu=float(n)) for number, n in enumerate(seen.values())
        )
        return StackProfile(
            sampler="py-spy",
            rate_hz=HZ,
            started_ns=at * SECOND,
            ended_ns=(at + 1) * SECOND,
            covered_ns=SECOND,
            attempts=HZ,
            frames=frames,
            stacks=tuple(paths[stack] for stack in seen),
            rows=rows,
        )

    before, after = [one(at) for at in range(60)], [one(at) for at in range(60, 120)]
    known = Known()
    taken = []
    for later in (after, [*after[2:], one(120), one(121)]):
        began = time.process_time()
        compare(before, later, known=known)
        taken.append(1000 * (time.process_time() - began))
    return taken[0], taken[1]


def main() -> None:
    parser = argparse.ArgumentParser(description="false alarms and misses of the diff of stacks")
    parser.add_argument("--alike", type=int, default=500)
    parser.add_argument("--planted", type=int, default=200)
    options = parser.parse_args()
    for name, how in KINDS.items():
        accused, unsure = alike(options.alike, **how)
        found, only, worse = planted(options.planted, **how)
        print(
            f"{name}: of {options.alike} A/A runs {accused} accuse a function, {unsure} are not unchanged", flush=True
        )
        print(f"  of {options.planted} planted: {found} found, {only} nothing else, {worse} worse", flush=True)
    first, again = cost_ms()
    print(f"2,000 stacks of 20 frames in 60+60 windows: {first:.0f} ms at first, {again:.0f} ms with two new windows")


if __name__ == "__main__":
    main()
