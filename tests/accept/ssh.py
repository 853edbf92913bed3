"""Over a real sshd in tmux: from the verdict to the change and back, as an engineer does it.

Two cases: hogs in sessions of their own, where the autogroup of the target decides, and hogs in the session of
the target, where its nice value does.
"""

import shlex
import sys
from collections.abc import Callable, Iterator

from tests.accept.sshd import sshd
from tests.accept.story import autogroup_nice, check, cores, nice, wait_for
from tests.accept.terminals import Tmux, fresh_state, tmux
from tests.scenarios.play import ROOT, playing, wait_until_calm

STARVED_CORES, FREED_CORES = 0.6, 0.8
TARGET_CPU = r"▶ CPU\s+([\d.]+) cores?"

CASES: tuple[tuple[str, str, Callable[[int], int]], ...] = (
    ("tests.scenarios.s01_neighbour", "process.autogroup", autogroup_nice),
    ("tests.scenarios.variants.v01b_one_session", "process.nice", nice),
)


def stories() -> Iterator[str]:
    """Plays both cases; yields a line for each claim that held. Failed for the first that does not."""
    for module, knob, kernel_value in CASES:
        wait_until_calm()
        with sshd() as ssh, fresh_state() as environment, playing(module) as pid:
            command = shlex.join([sys.executable, "-m", "perftui", "attach", str(pid)])
            with tmux([*ssh, f"cd {shlex.quote(str(ROOT))} && {command}"], environment) as window:
                yield from _play(window, pid, knob, kernel_value)


def _play(window: Tmux, pid: int, knob: str, kernel_value: Callable[[int], int]) -> Iterator[str]:
    window.see(r"neighbour-cpu|NEIGHBOUR", seconds=40)
    yield f"{knob}: the verdict on screen is neighbour-cpu"
    old, starved = kernel_value(pid), cores(pid)
    check(starved < STARVED_CORES, f"the target is not starved: {starved:.2f} cores")

    window.keys("4")
    window.see(rf"Proposals[^\n]*\n[^\n]* {knob} [^\n]*: {old} → -\d+", seconds=20)
    yield f"{knob}: the proposal is the one that can work here"
    window.keys("Enter")
    window.see(rf"Apply this change\?(?s:.){{,400}}{knob} on")
    window.keys("Enter")
    wait_for(lambda: "Apply this change" not in window.screen(), "the dialog closed")
    check(kernel_value(pid) == old, "Enter in the new dialog wrote something: it must start on Cancel")
    yield f"{knob}: the dialog starts on Cancel"

    window.keys("Enter")
    window.see(r"Apply this change\?")
    window.keys("Right")
    window.keys("Enter")
    wait_for(lambda: kernel_value(pid) < old, "a lower value in the kernel", 15)
    yield f"{knob}: the kernel shows {kernel_value(pid)} instead of {old}"

    window.see(r"APPLIED", 15)
    freed = cores(pid)
    check(freed > FREED_CORES, f"the target has {freed:.2f} cores after the change, {starved:.2f} before")
    window.see(TARGET_CPU)
    shown = wait_for(lambda: _shown_cores(window) > FREED_CORES and _shown_cores(window), "the rise on screen", 10)
    yield f"{knob}: the target went from {starved:.2f} to {freed:.2f} cores, {shown:.2f} on screen"

    window.keys("U")
    wait_for(lambda: kernel_value(pid) == old, "the old value in the kernel", 15)
    yield f"{knob}: undone, the kernel shows {old} again"
    window.keys("q")
    wait_for(lambda: window.dead, "the end of the session after q", 10)


def _shown_cores(window: Tmux) -> float:
    return float(window.see(TARGET_CPU)[1])
