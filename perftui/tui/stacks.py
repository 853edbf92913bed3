"""What the flame pane asks for beyond drawing: source files, another way of sampling, a file of its own."""

from collections.abc import Callable
from functools import partial
from typing import Protocol, cast

from textual.message import Message

from perftui.errors import PerftuiError
from perftui.model.profile import Mode
from perftui.model.update import Update
from perftui.tui.messages import SaveAsked, SourceAsked, SourceRead
from perftui.tui.screens.confirm import CANCEL
from perftui.tui.screens.flame_dialogs import choose_format, choose_mode
from perftui.tui.screens.sheet import Sheet
from perftui.tui.watching import Watching


class Front(Protocol):
    """The app as the stacks know it."""

    @property
    def session(self) -> Watching: ...

    def ask(self, sheet: Sheet, answered: Callable[[str | None], None]) -> None:
        """Show a dialog, and call ``answered`` with the button that was pressed."""

    def tell(self, text: str) -> None:
        """Show a text for some seconds."""

    def in_session(self, job: Callable[[], object], done: str = "") -> None:
        """Run a blocking call of the session, and say how it went."""

    def aside(self, job: Callable[[], None]) -> None:
        """Run a blocking call in a thread."""


class Stacks:
    """Answers the flame pane's wishes; ``post`` reaches the pane."""

    def __init__(self, front: Front, post: Callable[[Message], object]) -> None:
        self._front = front
        self._post = post

    def read_source(self, asked: SourceAsked) -> None:
        self._front.aside(partial(self._read_source, asked))

    def switch(self, update: Update | None) -> None:
        """Ask for the way, with what each costs, then take it."""
        status = update.profile_status if update is not None else None
        if update is None or status is None or not status.pid:
            self._front.tell("no process is sampled")
        elif status.sampler != "py-spy":
            self._front.tell(f"{status.sampler or 'the sampler'} looks in one way only: modes are py-spy's")
        else:
            self._front.ask(choose_mode(status, _threads(update, status.pid)), partial(self._switch_to, status.pid))

    def save(self, asked: SaveAsked) -> None:
        """Ask for the format, then write."""

        def answered(button: str | None) -> None:
            if button not in (None, CANCEL):
                self._front.in_session(partial(self._front.session.save_flame, button, asked.view))

        self._front.ask(choose_format(), answered)

    def _switch_to(self, pid: int, button: str | None) -> None:
        if button not in (None, CANCEL):
            self._front.in_session(partial(self._front.session.set_profile_mode, cast(Mode, button), pid))

    def _read_source(self, asked: SourceAsked) -> None:
        try:
            answer = SourceRead(asked, self._front.session.source_of(asked.pid, asked.file))
        except (PerftuiError, OSError) as error:
            answer = SourceRead(asked, missing=str(error))
        self._post(answer)


def _threads(update: Update, pid: int) -> int:
    section = update.sample.threads
    return max(1, list(section.threads.ints("pid")).count(pid)) if section is not None else 1
