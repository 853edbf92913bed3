"""The terminal: what it can show, and leaving it as it was found.

Textual restores the terminal after an exception and after ``exit``, but not after SIGTERM or SIGHUP; it reads a closed
terminal again and again, and it waits for ever for one that takes no more output. All of that is dealt with here.
"""

import asyncio
import curses
import os
import select
import signal
import sys
import termios
import threading
import traceback
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import StringIO, TextIOWrapper
from types import FrameType
from typing import Any, Literal, cast

from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.text import Text
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.color import Color
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter

from perftui.errors import NotDeliverable
from perftui.tui.palette import Colors
from perftui.tui.renderables.cells import ASCII_SIGNS, cells, harmless

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
LEAVE_SECONDS = 5.0
STOP_SECONDS = 3.0
"""How long an orderly way out may take before it is cut short: a stuck link can block it for ever."""

SLOW_LINK_SECONDS = 0.25
"""When to look again whether a slow link has taken what was sent."""

ESCAPE_POLL_MS = 100
"""How often to look whether a lone escape was the Escape key, as long as one may be pending."""

RESTORE = (
    "\x1b[?2026l"  # synchronized output
    "\x1b[?1000l\x1b[?1006l"  # mouse
    "\x1b[?2004l\x1b[?2048l\x1b[?1004l"  # bracketed paste, in-band resize, focus
    "\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h\x1b[0m"  # wrap, kitty keys, alternate screen, cursor, colours
)


def color_depth(environ: Mapping[str, str]) -> Colors:
    """What colours the terminal can show, by NO_COLOR, COLORTERM and TERM."""
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term in ("", "dumb", "unknown"):
        return "none"
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return "truecolor"
    if "256color" in term:
        return "256"
    try:
        curses.setupterm(term, sys.__stderr__.fileno() if sys.__stderr__ else 2)
    except curses.error:
        return "16"
    count = curses.tigetnum("colors")
    return "256" if count >= 256 else "16" if count >= 8 else "none"


def console_for(depth: Colors) -> Console:
    """What turns styles into codes, for a depth that is known. Without colours it is the net that takes them out."""
    systems: dict[Colors, Literal["standard", "256", "truecolor"]]
    systems = {"none": "standard", "16": "standard", "256": "256", "truecolor": "truecolor"}
    return Console(
        color_system=systems[depth],
        file=StringIO(),
        force_terminal=True,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        _environ={},
    )


def ascii_locale(environ: Mapping[str, str]) -> bool:
    """Whether the locale promises nothing beyond ASCII (Python itself writes UTF-8 in any case)."""
    name = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "C"
    return "utf" not in name.lower()


class Net(LineFilter):
    """The last thing between a line and the terminal: no control character passes, whoever wrote it.

    It also takes out colours and signs beyond ASCII where these are not wanted.
    """

    def __init__(self, *, colors: bool, ascii_only: bool) -> None:
        super().__init__()
        self.colors = colors
        self.ascii_only = ascii_only

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        return [self._clean(segment) for segment in segments]

    def _clean(self, segment: Segment) -> Segment:
        text, style, control = segment
        if style is not None and not self.colors:
            style = style.without_color
        if not (text.isascii() and text.isprintable()):
            text = harmless(text)
            if self.ascii_only:
                text = "".join(char if char.isascii() else _ascii_cells(char) for char in text)
        return Segment(text, style, control)


def _ascii_cells(char: str) -> str:
    """The sign spelled in ASCII as far as its own cells go: here the line is laid out already."""
    width = cells(char)
    return ASCII_SIGNS.get(char, "?" * width)[:width]


class Output:
    """The end of the writer thread: writes to the terminal until that is gone, then drops everything."""

    def __init__(self, fd: int, on_gone: Callable[[], None]) -> None:
        self._fd = fd
        self._on_gone = on_gone
        self._waiting: list[str] = []
        self.gone = False

    @property
    def busy(self) -> bool:
        """Whether the terminal has not taken everything yet."""
        return bool(self._waiting)

    def write(self, text: str) -> None:
        self._waiting.append(text)

    def flush(self) -> None:
        unsent = b"" if self.gone else "".join(self._waiting).encode(errors="replace")
        while unsent:
            try:
                unsent = unsent[os.write(self._fd, unsent) :]
            except BlockingIOError:  # somebody left the terminal in non-blocking mode
                select.select([], [self._fd], [])
            except OSError:
                self.gone = True
                self._on_gone()
                break
        self._waiting.clear()

    def fileno(self) -> int:
        return self._fd


class TerminalDriver(LinuxDriver):
    """Textual's driver with clicks only, no idle polling, and an end when the terminal goes away."""

    def __init__(
        self, app: "App[Any]", *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.output = Output(_output_fd(), self._hang_up)
        self._file = cast(TextIOWrapper, self.output)
        self._wake_read = self._wake_write = -1
        self.started = False

    @property
    def backlog(self) -> bool:
        """Whether output is still on its way: a slow link, so the next repaint can wait."""
        queued = self._writer_thread is not None and not self._writer_thread._queue.empty()
        return queued or self.output.busy

    def _hang_up(self) -> None:
        """The terminal is gone. Called from the reading or the writing thread."""
        with suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(leave_app, self._app, signal.SIGHUP)

    def _enable_mouse_support(self) -> None:
        if self._mouse:
            self.write("\x1b[?1000h\x1b[?1006h")

    def _enable_mouse_pixels(self) -> None:
        """Cells are enough."""

    def start_application_mode(self) -> None:
        self.started = True
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual leaves it untyped
        if self._writer_thread is not None:
            # A full queue would block the loop, and with it the key that leaves. Ticks wait for an empty one anyway.
            self._writer_thread._queue.maxsize = 0

    def stop_application_mode(self) -> None:
        super().stop_application_mode()
        self.started = False

    def disable_input(self) -> None:
        if self._wake_write >= 0:
            os.write(self._wake_write, b"x")
        super().disable_input()

    def close(self) -> None:
        """Called at the end, and before a suspend."""
        super().close()
        if self._wake_write >= 0:
            os.close(self._wake_read)
            os.close(self._wake_write)
            self._wake_read = self._wake_write = -1

    def run_input_thread(self) -> None:
        """Read keys. Sleeps until there are some, and ends when the terminal does."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        pending = False
        while not self.exit_event.is_set():
            ready = {fd for fd, _ in poll.poll(ESCAPE_POLL_MS if pending else None)}
            pending = self.fileno in ready
            if pending:
                raw = self._read()
                if not raw:
                    self._hang_up()
                    return
                for event in parser.feed(decode(raw)):
                    self.process_message(event)
            for event in parser.tick():
                self.process_message(event)

    def _read(self) -> bytes:
        """What was typed; empty when the terminal is gone (EOF, or EIO from a closed pty)."""
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""


def _output_fd() -> int:
    """The terminal to draw on: stderr as Textual has it, stdout where stderr goes to a file."""
    return 2 if os.isatty(2) else 1


def leave_app(app: "App[Any]", number: int) -> None:
    """End the app with the exit code of a signal."""
    app.exit(return_code=128 + number)


class LeavingApp(App[None]):
    """An app whose way out takes a bounded time and prints nobody's data.

    ``leaving`` is called with the exit code when the app is asked to end, or ends by a fault.
    """

    leaving: Callable[[int], None] | None = None

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        self._leave(return_code)
        super().exit(result, return_code, message)

    def _fatal_error(self) -> None:
        """Textual prints local variables with its traceback: strings of others, secrets among them."""
        self._leave(NotDeliverable.exit_code)
        lines = "".join(traceback.format_exception(self._exception)).splitlines()
        self._exit_renderables.append(Text("\n".join(map(harmless, lines))))
        self._close_messages_no_wait()

    def _leave(self, code: int) -> None:
        if self.leaving is not None:
            self.leaving(code)


@contextmanager
def kept_terminal(app: LeavingApp, stop: Callable[[], None]) -> Iterator[None]:
    """Whatever happens inside, the terminal is put back as it was and ``stop`` is called.

    SIGTERM, SIGHUP and SIGINT end the app in an orderly way. However it is asked to end, one that takes too long is
    cut short.
    """
    fd = sys.__stdin__.fileno() if sys.__stdin__ else 0
    saved = termios.tcgetattr(fd)
    cutters: list[threading.Timer] = []

    def cut_later(code: int) -> None:
        if not cutters:
            cutter = threading.Timer(LEAVE_SECONDS, _cut_short, (code, fd, saved, stop))
            cutter.daemon = True
            cutters.append(cutter)
            cutter.start()

    def on_signal(number: int, _: FrameType | None) -> None:
        loop = app._loop  # Textual offers no public way to reach its loop from a signal handler
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(leave_app, app, number)
        cut_later(128 + number)

    app.leaving = cut_later
    previous = {number: signal.signal(number, on_signal) for number in ENDING_SIGNALS}
    try:
        yield
    finally:
        stop()
        driver = app._driver  # private, but a crash while starting leaves nobody else who knows
        if isinstance(driver, TerminalDriver) and driver.started:
            _restore(fd, saved)
        for cutter in cutters:
            cutter.cancel()
        for number, handler in previous.items():
            signal.signal(number, handler)


def _cut_short(code: int, fd: int, saved: list[Any], stop: Callable[[], None]) -> None:
    """The way out is blocked, most likely by a link that takes no output."""
    _restore(fd, saved)
    ending = threading.Thread(target=stop, daemon=True)  # it may hang or fail: that must not keep us
    ending.start()
    ending.join(STOP_SECONDS)
    os._exit(code)


def _restore(fd: int, saved: list[Any]) -> None:
    """Put the modes back without waiting for a terminal that does not take them."""
    with suppress(termios.error):
        termios.tcsetattr(fd, termios.TCSANOW, saved)
    # A descriptor of its own, so that non-blocking mode does not outlive us in the shell.
    with suppress(OSError):
        terminal = os.open(os.ttyname(fd), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            os.write(terminal, RESTORE.encode())
        finally:
            os.close(terminal)


def run_to_end(app: LeavingApp, *, mouse: bool, stop: Callable[[], None]) -> int:
    """Run the app on this process's terminal; returns the exit code."""
    for name in ("COLUMNS", "LINES"):  # of a shell before a resize, or of another terminal: this one is asked
        os.environ.pop(name, None)
    with kept_terminal(app, stop), suppress(asyncio.CancelledError):
        app.run(mouse=mouse)
    code = app.return_code or 0
    # Textual ends a crash with 1, which is the code of a failed check here.
    return NotDeliverable.exit_code if code == 1 else code
