"""Real programs that are not Python: compiled here, started, always ended."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.profile import StackProfile, merge
from perftui.profile.perf import PerfSampler
from perftui.profile.perf_stream import Unwind
from tests.host.test_target import wait_for

SPIN = r"""
#include <stdio.h>
static volatile unsigned long sink;
void chew(unsigned long rounds) { for (unsigned long at = 0; at < rounds; at++) sink += at; }
void two_parts(void) { chew(200000); }
void one_part(void) { chew(100000); }
int main(void) { puts("up"); fflush(stdout); for (;;) { two_parts(); one_part(); } }
"""


def compiled(folder: Path, source: str, *options: str) -> str:
    """The path of the program; frame pointers unless the options say otherwise."""
    (folder / "program.c").write_text(source)
    gcc = shutil.which("gcc")
    assert gcc is not None
    argv = [gcc, "-g", "-fno-omit-frame-pointer", *options, "program.c", "-o", "program", "-pthread"]
    subprocess.run(argv, cwd=folder, check=True, timeout=60)
    return str(folder / "program")


@contextmanager
def running(*argv: str, user: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A program that has printed its first line; killed at the end."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, user=user, group=user, extra_groups=[] if user else None)
    assert process.stdout is not None
    try:
        assert process.stdout.readline(), "the program did not start"
        yield process
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


@contextmanager
def sampling(
    pid: int, *, rate_hz: int = 100, budget_ratio: float = 10.0, unwind: Unwind = "fp"
) -> Iterator[PerfSampler]:
    held = HeldTarget.open(Host(), pid)
    sampler = PerfSampler(Host(), held, rate_hz=rate_hz, budget_ratio=budget_ratio, unwind=unwind)
    sampler.start()
    try:
        yield sampler
    finally:
        sampler.stop()
        held.close()


def collect(sampler: PerfSampler, samples: int) -> list[StackProfile]:
    """Windows with at least so many samples together."""
    taken: list[StackProfile] = []

    def enough() -> bool:
        taken.extend(sampler.take())
        return sum(window.samples for window in taken) >= samples

    wait_for(enough, seconds=60)
    return taken


def whole(windows: list[StackProfile]) -> StackProfile:
    merged = merge(windows)
    assert merged is not None
    return merged


def shares(windows: list[StackProfile]) -> dict[str, float]:
    """Function → part of the samples with it in their stack."""
    profile = whole(windows)
    counts: dict[str, int] = {}
    for row in profile.rows:
        for function in {profile.frames[at].function for at in profile.stacks[row.stack]}:
            counts[function] = counts.get(function, 0) + row.samples
    return {function: count / profile.samples for function, count in counts.items()}


def perfs_of(pid: int) -> list[int]:
    """PIDs of all processes of the groups in which perf looks at this process; its helper is one of them."""
    groups = set()
    members: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                group = int((entry / "stat").read_text().rpartition(") ")[2].split()[2])
            except OSError:
                continue
            members.setdefault(group, []).append(int(entry.name))
            if words[0].endswith(b"/perf") and str(pid).encode() in words:
                groups.add(group)
    return sorted(member for group in groups for member in members[group] if member != os.getpid())
