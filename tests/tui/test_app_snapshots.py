"""What the screen looks like. After a wanted change: ``pytest tests/tui/test_app_snapshots.py --snapshot-update``."""

from collections.abc import Callable

import msgspec
import pytest
from textual.pilot import Pilot

from perftui.config import Config
from perftui.tui.app import PerftuiApp
from tests.tui.fixtures import build_update
from tests.tui.pasts import build_past
from tests.tui.seam import StillSession

Compare = Callable[..., bool]

SCREENS = {
    "wide": ((160, 45), "dark", ("2", "down")),
    "usual": ((80, 24), "dark", ("2", "down")),
    "tiny": ((40, 10), "dark", ()),
    "light": ((120, 35), "light", ("3",)),
    "sixteen colours": ((120, 35), "ansi16", ("2",)),
    "upside down": ((120, 35), "ansi16", ("2", "F", "up")),
    "sandwich": ((80, 24), "dark", ("2", "e", "s")),
    "source": ((160, 45), "dark", ("2", "e", "v")),
    "confirm": ((80, 24), "contrast", ("4", "enter")),
    "help": ((80, 24), "dark", ("question_mark",)),
    "history": ((80, 24), "dark", ("d", "left", "left", "w")),
}


@pytest.mark.parametrize("name", SCREENS)
def test_screen(name: str, snap_compare: Compare) -> None:
    size, theme, keys = SCREENS[name]
    session, past = StillSession(), build_past()

    async def prepare(pilot: Pilot[None]) -> None:
        await pilot.pause()
        for tick in range(1, 3):
            # The journal shows times of day, which differ from place to place.
            session.tick(msgspec.structs.replace(build_update(tick), journal=(), past=past))
            await pilot.pause()
        await pilot.press(*keys)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()

    assert snap_compare(PerftuiApp(lambda: session, Config(theme=theme)), terminal_size=size, run_before=prepare)
