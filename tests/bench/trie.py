"""What a flame of very many stacks costs: 100,000 distinct ones, 40 frames deep on average, from 50 threads.

    python -m tests.bench.trie [--stacks 100000] [--rounds 10]

In each round a window of 2,000 stacks is merged, of known and of new ones in turn: into the profile of all windows (in
the session's thread), then into the tree (in the screen's), which is drawn at 160x45. Figures are the lowest of all
rounds, in milliseconds of CPU: whatever else runs on this machine only makes them higher. Exit code 1 when a
budget is missed.
"""

import argparse
import gc
import random
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import TypeVar

from perftui.model.merging import Merging
from perftui.model.profile import StackProfile, StackRow
from perftui.profile.tree import Node, build
from perftui.profile.trie import Trie
from perftui.tui.palette import Palette
from perftui.tui.renderables.flame import EMPTY, Icicle, hot_rows, lay_out, row_strip
from tests.bench.sampled import PID, SECOND, CallTree, Path

WINDOW = 2000
THREADS = 50
WIDTH, HEIGHT = 160, 45
MERGE_MS = 20.0
RENDER_MS = 10.0
NODE_BYTES = 150
PALETTE = Palette.from_theme({}, colors="truecolor", ascii_only=False)

T = TypeVar("T")


class Bench:
    """Windows merged one after the other; ``spent`` has the milliseconds of every step, by its name."""

    def __init__(self, stacks: int) -> None:
        self.chance = random.Random(1)
        self.tree = CallTree(self.chance, 3000, range(30, 51))
        self.known: list[Path] = []
        self.spent: dict[str, list[float]] = defaultdict(list)
        self.merging = Merging()
        self.trie = Trie()
        self.icicle: Icicle = EMPTY
        self._seen: set[Path] = set()
        while len(self.known) < stacks:
            self.merging.add(self.window(self.new(min(WINDOW, stacks - len(self.known)))))
        profile = self.profile()
        self.trie.take(profile)
        hot_rows(build(profile, view="cpu", trie=self.trie))

    def new(self, count: int) -> list[Path]:
        """Stacks that were never seen."""
        before = len(self._seen)
        while len(self._seen) < before + count:
            path = self.tree.path()
            if path not in self._seen:
                self._seen.add(path)
                self.known.append(path)
        return self.known[-count:]

    def window(self, paths: Sequence[Path]) -> StackProfile:
        """Of one second; most stacks were seen once."""
        used = list(dict.fromkeys(frame for path in paths for frame in path))
        frame_of = {frame: number for number, frame in enumerate(used)}
        at = len(self.merging) * SECOND
        return StackProfile(
            sampler="bench",
            rate_hz=100.0,
            started_ns=at,
            ended_ns=at + SECOND,
            covered_ns=SECOND,
            attempts=100,
            frames=tuple(self.tree.frames[frame] for frame in used),
            stacks=tuple(tuple(map(frame_of.__getitem__, path)) for path in paths),
            rows=tuple(self._row(number) for number in range(len(paths))),
        )

    def _row(self, stack: int) -> StackRow:
        samples = min(100, int(self.chance.paretovariate(1.1)))
        return StackRow(pid=PID, tid=PID + stack % THREADS, stack=stack, samples=samples, on_cpu=0.7 * samples)

    def profile(self) -> StackProfile:
        profile = self.merging.profile()
        if profile is None:
            raise ValueError("no windows")
        return profile

    def timed(self, name: str, step: Callable[[], T]) -> T:
        began = time.thread_time()
        found = step()
        self.spent[name].append(1000 * (time.thread_time() - began))
        return found

    def round(self, kind: str, window: StackProfile) -> None:
        profile = self.timed(f"{kind} stacks into the profile", lambda: self._merged(window))
        tree = self.timed(f"{kind} stacks into the tree", lambda: build(profile, view="cpu", trie=self.trie))
        self.timed("list of functions", lambda: hot_rows(tree))
        self.timed("frame", lambda: self._draw(tree))

    def _merged(self, window: StackProfile) -> StackProfile:
        self.merging.add(window)
        return self.profile()

    def _draw(self, tree: Node) -> None:
        self.icicle = lay_out(tree, WIDTH, max_rows=200, fold=True, old=self.icicle)
        for row in self.icicle.rows[:HEIGHT]:
            row_strip(row, WIDTH, PALETTE, None, None)


def nodes_of(paths: Sequence[Path]) -> int:
    """How many nodes the tree of these stacks has."""
    nodes = 0
    last: Path = ()
    for path in sorted(paths):
        alike = (left == right for left, right in zip(last, path, strict=False))
        nodes += len(path) - sum(takewhile(bool, alike))
        last = path
    return nodes


def trie_bytes(profile: StackProfile) -> int:
    """What a tree with its totals takes beside the profile that it is of."""
    gc.collect()
    tracemalloc.start()
    trie = Trie()
    hot_rows(build(profile, view="cpu", trie=trie))
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken


def main() -> int:
    parser = argparse.ArgumentParser(description="what a flame of very many stacks costs")
    parser.add_argument("--stacks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    bench = Bench(options.stacks)
    gc.collect()
    gc.freeze()  # as perftui, which looks for cycles seldom
    for _ in range(options.rounds):
        bench.round("known", bench.window(bench.chance.sample(bench.known, WINDOW)))
        bench.round("new", bench.window(bench.new(WINDOW)))
    nodes = nodes_of(bench.known)
    node_bytes = trie_bytes(bench.profile()) / nodes
    depth = sum(map(len, bench.known)) / len(bench.known)
    print(f"{len(bench.known)} distinct stacks, {depth:.1f} frames deep, {nodes} nodes, windows of {WINDOW} stacks")
    missed = []
    for name, spent in bench.spent.items():
        budget = MERGE_MS if "tree" in name else RENDER_MS if name == "frame" else float("inf")
        print(
            f"{name + ':':30} {min(spent):6.1f} ms, median {sorted(spent)[len(spent) // 2]:6.1f} ms (budget {budget:g})"
        )
        if min(spent) > budget:
            missed.append(name)
    boxes = sum(map(len, bench.icicle.rows))
    print(f"drawn: {boxes} boxes in {len(bench.icicle.rows)} rows; {node_bytes:.1f} bytes a node (budget {NODE_BYTES})")
    if node_bytes > NODE_BYTES:
        missed.append("bytes a node")
    print("FAIL: " + "; ".join(missed) if missed else "PASS")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
