"""A burst of 300 ms every 10 s: it is seen on the map of heat, and the flame of its cells names the function.

The real thing but for the terminal: a program, its sampler, the session and the screen.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise

from textual.pilot import Pilot

from perftui.config import Config
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.profile_views import hot_functions
from perftui.session import Session, SessionOptions
from perftui.store.journal import Journal
from perftui.tui.app import PerftuiApp
from tests.accept.story import Failed, check

PROGRAM = """
import asyncio, time

def crunch():
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        total = 0
        for at in range(200):
            total += at * at

async def burster():
    while True:
        await asyncio.sleep(9.7)
        crunch()

async def ticker():
    while True:
        await asyncio.sleep(0.05)

async def main():
    beside = asyncio.create_task(ticker())
    await burster()

print("up", flush=True)
asyncio.run(main())
"""
WATCHED_SECONDS = 45
LEAST_CORES = 0.1
"""A cell of 100 ms in which so much ran belongs to a burst; on a busy machine it does not get a whole core."""

SIZES = ((80, 24), (160, 45))


def stories() -> Iterator[str]:
    """Yields a line for each claim that holds. Failed for the first that does not."""
    with subprocess.Popen([sys.executable, "-u", "-c", PROGRAM], stdout=subprocess.PIPE) as target:
        try:
            assert target.stdout is not None
            target.stdout.readline()
            yield from asyncio.run(_watched(target.pid))
        finally:
            target.kill()


async def _watched(pid: int) -> list[str]:
    host = Host()
    held = HeldTarget.open(host, pid)
    session = Session(host, held, SessionOptions(), Journal(None))
    app = PerftuiApp(lambda: session, Config())
    try:
        async with app.run_test(size=SIZES[0]) as pilot:
            await pilot.press("2", "H")
            await asyncio.sleep(WATCHED_SECONDS)
            claims = [_bursts(app)]
            for size in SIZES:
                await pilot.resize_terminal(*size)
                claims.append(await _chosen(app, pilot))
            return claims
    finally:
        session.stop()
        held.close()


def _bursts(app: PerftuiApp) -> str:
    """The store has the bursts, about ten seconds apart, each about 300 ms long."""
    past = app.main.flame.shown.moment.past
    if past is None:
        raise Failed("no stacks of the last minutes are kept")
    seconds = (past.last_ns - past.first_ns) // 1_000_000_000
    cores = past.heat(past.last_ns - seconds * 1_000_000_000, past.last_ns, 10 * seconds)
    hot = [at for at, used in enumerate(cores) if used >= LEAST_CORES]
    starts = [at for at in hot if at - 1 not in hot and at - 2 not in hot]
    apart = [later - earlier for earlier, later in pairwise(starts)]
    check(len(starts) >= seconds // 10 - 1, f"{len(starts)} bursts in {seconds} s, at {hot}")
    check(all(abs(gap - 100) <= 5 for gap in apart), f"bursts begin {apart} tenths of a second apart")
    check(all(2 <= len([at for at in hot if start <= at < start + 9]) <= 5 for start in starts), f"cells {hot}")
    return f"{len(starts)} bursts in {seconds} s are seen, {', '.join(f'{gap / 10:.1f}' for gap in apart)} s apart"


async def _chosen(app: PerftuiApp, pilot: Pilot[None]) -> str:
    """Go to the last burst on the map, mark its cells, and read the flame."""
    flame = app.main.flame
    await pilot.press("escape", "escape")
    if flame.view_name != "heat":
        await pilot.press("H")
    await _settle(app, pilot)
    dark = app.palette.glyphs.shades[2:]
    cells = [
        (x, y)
        for y in range(2, flame.size.height - 1)
        for x, sign in enumerate(flame.render_line(y).text)
        if sign in dark
    ]
    check(bool(cells), "no dark cell is on the map")
    last = [cell for cell in cells if cell[0] >= max(x for x, _ in cells) - 1]
    for x, y in (min(last), max(last)):
        await pilot.click(flame, offset=(x, y))
        await pilot.press("enter")
    span, tree = flame.shown.moment.span, flame.shown.whole
    if span is None or tree is None:
        raise Failed("no span was chosen")
    hottest = hot_functions(tree, 1)
    head = flame.render_line(0).text
    size = f"{app.size.width}x{app.size.height}"
    check(head.count(":") >= 4, f"{size}: the head does not tell the span: {head}")
    check(bool(hottest) and hottest[0].function == "crunch", f"{size}: the flame names {hottest}")
    check(hottest[0].self_ratio > 0.8, f"{size}: crunch has {hottest[0].self_ratio:.0%} of its flame")
    named = any("crunch" in flame.render_line(y).text for y in range(2, flame.size.height))
    check(named, f"{size}: crunch is not in the flame that is drawn")
    await pilot.press("escape")
    check(flame.shown.moment.span is None, "Esc does not go back to what is live")
    return f"{size}: a span of {(span[1] - span[0]) / 1e6:.0f} ms is chosen on the map, its flame names crunch"


async def _settle(app: PerftuiApp, pilot: Pilot[None]) -> None:
    await app.workers.wait_for_complete()
    await pilot.pause()
