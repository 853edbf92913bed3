"""The screen on a recording: the same panes, a bar, and the keys of a player."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar, Protocol, cast

import msgspec
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from perftui.config import Config
from perftui.model.update import NOT_IN_A_REPLAY
from perftui.tui import terminal
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.ask import Ask
from perftui.tui.screens.main import MainScreen
from perftui.tui.watching import Watching

JUMP_SECONDS = 60
KEPT_KEYS = ("help", "quit", "suspend_process", "details")
NO_COMMANDS = ("Pause", "Record", "Mark incident", "Whole host", "Profiling on", "Profiling off")


class Replaying(Watching, Protocol):
    """``session.ReplaySession`` as the screen knows it. Only ``jump_to`` may fail, with UsageError."""

    def pause(self) -> None: ...

    def step(self, count: int) -> None: ...

    def jump(self, seconds: float) -> None: ...

    def jump_to(self, text: str) -> None: ...

    def next_mark(self) -> None: ...

    def change_speed(self, by: int) -> None: ...

    def worst(self) -> None: ...


class ReplayApp(PerftuiApp, inherit_bindings=False):
    """Everything that writes is hidden, and its keys say why: a recording is read-only."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(key for key in PerftuiApp.BINDINGS if isinstance(key, Binding) and key.action in KEPT_KEYS),
        Binding("space", "pause", "stand still, and go on"),
        Binding("left_square_bracket", "step(-1)", "one moment back"),
        Binding("right_square_bracket", "step(1)", "one moment on"),
        Binding("left_curly_bracket", f"jump(-{JUMP_SECONDS})", f"{JUMP_SECONDS} s back"),
        Binding("right_curly_bracket", f"jump({JUMP_SECONDS})", f"{JUMP_SECONDS} s on"),
        Binding("less_than_sign", "speed(-1)", "slower"),
        Binding("greater_than_sign", "speed(1)", "faster"),
        Binding("m", "mark", "the next mark"),
        Binding("at", "ask_time", "a time"),
        Binding("w,W", "worst", "look for the worst moment (in the flame W), and stop looking"),
        Binding("p,R,I,K,U", "not_here", show=False),
    ]

    def __init__(self, open_session: Callable[[], Replaying], config: Config, **settings: bool) -> None:
        """``settings`` are those of ``PerftuiApp``."""
        config = msgspec.structs.replace(config, read_only=True)
        super().__init__(open_session, config, refusal=NOT_IN_A_REPLAY, **settings)
        self.main = MainScreen(read_only=True, replay=True)

    @property
    def player(self) -> Replaying:
        return cast(Replaying, self.session)

    def action_not_here(self) -> None:
        self.tell(NOT_IN_A_REPLAY)

    def action_pause(self) -> None:
        self.player.pause()

    def action_step(self, count: int) -> None:
        self.player.step(count)

    def action_jump(self, seconds: float) -> None:
        self.player.jump(seconds)

    def action_speed(self, by: int) -> None:
        self.player.change_speed(by)

    def action_mark(self) -> None:
        self.player.next_mark()

    def action_worst(self) -> None:
        self.player.worst()

    def action_ask_time(self) -> None:
        question = Ask("Go to", "12:03:04, 2026-01-31T12:03:04, +90 or -30 s", ascii_only=self.ascii_only)
        self.push_screen(question, self._go_to)

    def _go_to(self, text: str | None) -> None:
        if text:
            self.in_session(partial(self.player.jump_to, text))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        for command in super().get_system_commands(screen):
            if command.title not in NO_COMMANDS:
                yield command
        yield SystemCommand("Play or stand still", "Space", self.action_pause)
        yield SystemCommand("Worst moment", "Look for it, and go there", self.action_worst)
        yield SystemCommand("Next mark", "Go to the next mark", self.action_mark)
        yield SystemCommand("Time", "Go to a time", self.action_ask_time)


def run_replay(
    open_session: Callable[[], Replaying],
    config: Config,
    *,
    no_mouse: bool = False,
    ascii_only: bool = False,
    no_color: bool = False,
) -> int:
    """Run the screen on this terminal until it is left; the exit code (128 + n after signal n)."""
    app = ReplayApp(open_session, config, no_mouse=no_mouse, ascii_only=ascii_only, no_color=no_color)
    return terminal.run_to_end(app, mouse=app.mouse, stop=app.stop_session)
