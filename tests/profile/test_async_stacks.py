"""Tasks and the lag of a loop from real stacks of a real event loop."""

import pytest

from perftui.model.async_view import by_task, loop_lag
from perftui.model.profile import StackProfile, merge
from tests.host.test_target import wait_for
from tests.profile.children import python_child, pythons
from tests.profile.test_pyspy import sampling

PROGRAM = """
import asyncio, time
def crunch(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end: pass
async def inner(): crunch(0.4)
async def slow():
    while True:
        await inner()
        await asyncio.sleep(0.3)
async def ticker():
    while True:
        crunch(0.002)
        await asyncio.sleep(0.01)
async def main():
    await asyncio.gather(asyncio.ensure_future(slow()), asyncio.ensure_future(ticker()))
print("up", flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("python", [pythons()[0], pythons()[-1]])
def test_who_blocks_a_real_loop_is_named(python: str) -> None:
    with python_child(python, PROGRAM) as child, sampling(child.pid) as sampler:
        windows: list[StackProfile] = []

        def seen() -> bool:
            windows.extend(sampler.take())
            tops = _tops(windows)
            lag = loop_lag(windows, (child.pid, child.pid))
            return {"task: slow", "task: ticker", "event loop"} <= tops and lag is not None and lag.longest_ns > 0

        wait_for(seen, seconds=60)
    assert not {"run_forever", "BaseEventLoop.run_forever", "<module>"} & _tops(windows)
    lag = loop_lag(windows, (child.pid, child.pid))
    assert lag is not None
    assert lag.blame is not None
    assert lag.blame.function == "crunch"
    assert lag.longest_ns >= 200_000_000


def _tops(windows: list[StackProfile]) -> set[str]:
    """The outermost frames of what was seen in the loop's thread."""
    profile = merge(windows)
    if profile is None:
        return set()
    shown = by_task(profile)
    return {shown.frames[shown.stacks[row.stack][0]].function for row in shown.rows if shown.stacks[row.stack]}
