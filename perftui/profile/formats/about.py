"""What goes with the stacks of a file: what they are counted in, and where they are from."""

from typing import Literal

import msgspec

from perftui.model.profile import StackProfile
from perftui.model.units import bytes_text, duration_text
from perftui.profile.tree import View

Unit = Literal["samples", "nanoseconds", "bytes"]
"""What ``StackRow.samples`` counts. perftui counts looks; a file of another program may hold times or sizes."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a written file says of itself besides its stacks.

    ``title`` names the target; ``wall_ns`` is when sampling began, 0 where nobody knows.
    """

    view: View = "wall"
    title: str = ""
    wall_ns: int = 0
    unit: Unit = "samples"


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """The stacks of a file, which begin at 0 ns.

    ``knows_cpu`` tells whether ``on_cpu`` of its rows means anything. ``rate_hz`` of the profile is 1e9 where the unit
    is nanoseconds, 0 where the file does not tell how long one sample is.
    """

    format: str
    profile: StackProfile
    unit: Unit = "samples"
    knows_cpu: bool = False
    title: str = ""


def amount_text(amount: float, unit: Unit) -> str:
    """``1,234 samples``, ``12.3s`` or ``1.5K``."""
    if unit == "nanoseconds":
        return duration_text(amount / 1e9)
    return bytes_text(amount) if unit == "bytes" else f"{amount:,.0f} sample{'' if round(amount) == 1 else 's'}"
