"""The row under the verdict that asks for an answer or tells what happened."""

from textual.strip import Strip

from perftui.host import clock
from perftui.model.update import RecordingStatus
from perftui.tui.renderables.banner import change_strip, notice_strip, recording_strip, waiting_entry
from perftui.tui.widgets.line import LineView

SAID_NS = 8_000_000_000
"""How long the outcome of a key stands before what waits for an answer is shown again."""


class Banner(LineView):
    """What was just said, then a change waiting for keep or undo, then notices, then the recording that is on.

    Notices, and the end of a recording that could not go on, stay until they are dismissed. Its clock is the host's, so
    it runs on in a pause.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.notices: tuple[str, ...] = ()
        self._said = ""
        self._said_until_ns = 0
        self._dismissed = ""

    @property
    def recording(self) -> RecordingStatus | None:
        """The recording that is on, or one that ended by itself and was not dismissed yet."""
        status = self.update_shown.recording if self.update_shown else None
        return status if status and (not status.error or status.error != self._dismissed) else None

    @property
    def said(self) -> str:
        """What was said a moment ago; empty when that is over."""
        return self._said if clock.monotonic_ns() < self._said_until_ns else ""

    @property
    def wanted(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.said or self.notices or self.recording) or waiting_entry(self.update_shown) is not None

    def tell(self, text: str, *, lasting: bool) -> None:
        """Show a text: for some seconds, or (``lasting``) until it is dismissed."""
        if lasting:
            self.notices = (*self.notices, text)
        else:
            self._said, self._said_until_ns = text, clock.monotonic_ns() + SAID_NS
        self.redraw()

    def dismiss(self) -> bool:
        """Drop the text that is shown; False when there was none."""
        if self.said:
            self._said = ""
        elif self.notices:
            self.notices = self.notices[1:]
        elif (status := self.recording) is not None and status.error:
            self._dismissed = status.error
        else:
            return False
        self.redraw()
        return True

    def draw(self, width: int, height: int) -> list[Strip]:  # noqa: ARG002 - one line whatever the height
        if said := self.said:
            return [notice_strip((said,), width, self.palette)]
        if (entry := waiting_entry(self.update_shown)) is not None:
            return [change_strip(entry, clock.wall_ns(), width, self.palette)]
        if self.notices:
            return [notice_strip(self.notices, width, self.palette)]
        status = self.recording
        return [recording_strip(status, clock.wall_ns(), width, self.palette)] if status else []
