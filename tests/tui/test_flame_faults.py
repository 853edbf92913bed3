"""A view whose work has a fault says so; the app and the other views go on."""

from collections.abc import Sequence

import pytest

from perftui.model.profile import StackProfile
from perftui.tui.messages import Said
from perftui.tui.widgets.flame import Flame
from tests.model.timelines import SECOND, AskedStore
from tests.tui.fixtures import START_NS
from tests.tui.screening import Stage
from tests.tui.test_flame_heat import bursts, settle, with_past


class BrokenStore(AskedStore):
    """Cannot be asked for a part of the time until it is mended."""

    broken = True

    def windows(self, since_ns: int, until_ns: int) -> Sequence[StackProfile]:
        if self.broken:
            raise ValueError("forged")
        return super().windows(since_ns, until_ns)

    def heat(self, since_ns: int, until_ns: int, columns: int) -> Sequence[float]:
        if self.broken:
            raise ValueError("forged")
        return super().heat(since_ns, until_ns, columns)


@pytest.mark.parametrize(("key", "view", "done"), [("H", "heat", "50 ms a row"), ("D", "diff", " marked ")])
async def test_a_fault_is_told_and_the_work_is_tried_again(key: str, view: str, done: str) -> None:
    flame = Flame()
    app = Stage(flame)
    whole = bursts()
    past = BrokenStore(whole.windows(0, whole.last_ns))
    async with app.run_test(size=(100, 24)) as pilot:
        flame.shown.moment.marked_ns = START_NS + 20 * SECOND
        app.show(with_past(past))
        await pilot.press(key)
        await settle(pilot)
        told = [message.text for message in app.heard if isinstance(message, Said)]
        assert told
        assert set(told) == {f"{view}: this view failed: ValueError('forged')"}
        assert done not in "\n".join(app.texts())
        assert app.is_running
        past.broken = False
        past.add(bursts(1, started_ns=START_NS + 50 * SECOND).windows(0, START_NS + 60 * SECOND)[0])
        app.show(with_past(past))
        await settle(pilot)
        assert done in "\n".join(app.texts())
