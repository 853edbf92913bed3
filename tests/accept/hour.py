"""An hour on the screen: once the last 15 minutes are full, perftui takes no more memory.

The hour plays in a pid namespace of its own, so that it sees 350 processes whatever else runs on the machine.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.accept.story import Failed, check
from tests.accept.terminals import fresh_state, tmux
from tests.scenarios.play import ROOT

PROCESSES = 350
THREADS = 9
FILL_SECONDS = 16 * 60
"""Until then the rings of 15 minutes fill: of the fine history and of the flight recorder."""

HOUR_SECONDS = 3600
EVERY_SECONDS = 30
MOST_MIB = 2.0

TARGET = f"""
import threading, time

def work():
    while True:
        sum(at * at for at in range(2000))
        time.sleep(0.02)

for _ in range({THREADS} - 1):
    threading.Thread(target=work, daemon=True).start()
time.sleep({2 * (FILL_SECONDS + HOUR_SECONDS)})
"""


def stories() -> Iterator[str]:
    """Yields a line for each claim that holds. Failed for the first that does not."""
    with ExitStack() as started:
        hours = {}
        for how in ("profiling", "not profiling"):
            hours[how] = started.enter_context(_begun(how))
            started.callback(hours[how].kill)
        for how, hour in hours.items():
            yield _told(_ended(hour), how)


def _told(rss_mib: list[tuple[float, float]], how: str) -> str:
    """What an hour's memory says. ``rss_mib`` are pairs of seconds and MiB."""
    filled = [rss for second, rss in rss_mib if second >= FILL_SECONDS]
    grown = filled[-1] - filled[0]
    figures = f"{rss_mib[0][1]:.1f} MiB at first, {filled[0]:.1f} when full, {filled[-1]:.1f} an hour later"
    check(rss_mib[-1][0] >= FILL_SECONDS + HOUR_SECONDS - 2 * EVERY_SECONDS, f"it ran for {rss_mib[-1][0]:.0f} s")
    check(grown < MOST_MIB, f"{how}: RSS grows by {grown:.2f} MiB > {MOST_MIB:g} in an hour: {figures}")
    return f"{how}: an hour at 1 s grows RSS by {grown:.2f} MiB ({figures})"


def _begun(how: str) -> subprocess.Popen[str]:
    unshare = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    argv = [*unshare, sys.executable, "-m", "tests.accept.hour", how]
    return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _ended(hour: subprocess.Popen[str]) -> list[tuple[float, float]]:
    output, errors = hour.communicate()
    if hour.returncode != 0:
        raise Failed(f"the hour was broken off: {errors.strip()}")
    return [(second, rss) for second, rss in json.loads(output)]


def _hour(how: str) -> list[tuple[float, float]]:
    """Play it, as the first process of a namespace: all others end with this one."""
    with fresh_state() as environment, ExitStack() as started:
        for argv in [["sleep", "infinity"]] * PROCESSES + [[sys.executable, "-c", TARGET]]:
            target = started.enter_context(subprocess.Popen(argv))
            started.callback(target.kill)
        config = Path(environment["XDG_CONFIG_HOME"], "perftui.toml")
        config.write_text(f"profiling = {'true' if how == 'profiling' else 'false'}\n")
        command = [sys.executable, "-m", "perftui", "attach", str(target.pid), "--config", str(config)]
        window = started.enter_context(tmux(command, environment))
        window.see("LIVE")
        return list(_watch(window.pid))


def _watch(pid: int) -> Iterator[tuple[float, float]]:
    began = time.monotonic()
    while (passed := time.monotonic() - began) < FILL_SECONDS + HOUR_SECONDS:
        yield passed, _rss_mib(pid)
        time.sleep(EVERY_SECONDS)


def _rss_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


if __name__ == "__main__":
    print(json.dumps(_hour(sys.argv[1])))
