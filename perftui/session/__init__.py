"""The loop: one tick = collect → derive → classify → propose → hand over. Knows no terminal.

``pipeline`` turns samples into answers and touches nothing outside itself, so a recorded session runs
through the same code; ``effects`` measures what a change did; ``cost`` what perftui itself uses; ``loop``
feeds them from the live system, ``replay`` from a recording.
"""

from perftui.session.loop import Session
from perftui.session.options import SessionOptions

__all__ = ["Session", "SessionOptions"]
