"""The pages of the details sheet. Each is a pure function: update, width and palette in, lines out."""

from collections.abc import Callable, Sequence

from textual.strip import Strip

from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.pages.collectors import collectors_page
from perftui.tui.renderables.pages.gpu import gpu_page
from perftui.tui.renderables.pages.group import group_page
from perftui.tui.renderables.pages.history import history_page
from perftui.tui.renderables.pages.host import host_page
from perftui.tui.renderables.pages.target import target_page
from perftui.tui.renderables.pages.tasks import tasks_page

PAGES: tuple[tuple[str, Callable[[Update, int, Palette], Sequence[Strip]]], ...] = (
    ("Target", target_page),
    ("Tasks", tasks_page),
    ("Group", group_page),
    ("Host", host_page),
    ("GPU", gpu_page),
    ("History", history_page),
    ("Collectors", collectors_page),
)
"""Name and page, in the order of the sheet. A line is exactly as wide as asked for; the sheet scrolls."""
