"""The app: keys, dialogs, and the one way from a session's updates to the panes."""

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from typing import Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.screen import Screen
from textual.widgets import Input

from perftui.config import Config
from perftui.errors import PerftuiError
from perftui.model.journal import JournalEntry
from perftui.model.update import Update
from perftui.tui import messages, terminal
from perftui.tui.changes import Changes
from perftui.tui.commands import commands
from perftui.tui.palette import Colors, Palette
from perftui.tui.renderables.banner import countdown, waiting_entry
from perftui.tui.screens.ask import Ask
from perftui.tui.screens.explain import explain_sheet
from perftui.tui.screens.help import help_sheet
from perftui.tui.screens.main import MainScreen, Resumed
from perftui.tui.screens.sheet import Sheet
from perftui.tui.stacks import Stacks
from perftui.tui.themes import load_themes, pick_theme, textual_theme
from perftui.tui.watching import Watching

READ_ONLY = "this is a read-only session: nothing is written"


class PerftuiApp(terminal.LeavingApp):
    """Shows what the session says and asks it for what the user wants; decides nothing itself."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "this page"),
        Binding("q,f10", "quit", "quit"),
        Binding("ctrl+c", "quit", "quit", priority=True),
        Binding("ctrl+z", "suspend_process", "suspend", priority=True),
        Binding("d", "details", "details of the host, the target and the collectors"),
        Binding("space", "pause", "pause and go on: what is shown is frozen, watching goes on"),
        Binding("p", "profiling", "switch stack sampling on or off"),
        Binding("R", "record", "start or stop a recording"),
        Binding("I", "incident", "save the last 15 minutes as an incident"),
        Binding("K", "keep", "keep the change that waits"),
        Binding("U", "undo", "undo the change that waits"),
    ]
    CSS = "CommandPalette > Vertical { background: $background; }"

    def __init__(
        self,
        open_session: Callable[[], Watching],
        config: Config,
        *,
        no_mouse: bool = False,
        ascii_only: bool = False,
        no_color: bool = False,
        refusal: str = "",
    ) -> None:
        """``refusal`` says why nothing can be changed here, where that is so."""
        self.depth: Colors = "none" if no_color else terminal.color_depth(os.environ)
        self.ascii_only = ascii_only or config.ascii or terminal.ascii_locale(os.environ)
        # Without colours Textual must not turn the terminal's own into others.
        super().__init__(driver_class=terminal.TerminalDriver, ansi_color=True if self.depth == "none" else None)
        self.animation_level = "none"
        self._open_session = open_session
        self._session: Watching | None = None
        self.config = config
        self.read_only = config.read_only
        self.mouse = config.mouse and not no_mouse
        self.console = terminal.console_for(self.depth)
        self.net = terminal.Net(colors=self.depth != "none", ascii_only=self.ascii_only)
        self.themes = load_themes()
        for theme in self.themes.values():
            self.register_theme(textual_theme(theme))
        self.palette: Palette
        self.refusal = refusal or (READ_ONLY if self.read_only else "")
        self.changes = Changes(self, config.deadline_seconds, self.refusal)
        self.main = MainScreen(read_only=self.read_only)
        self.stacks = Stacks(self, self.main.flame.post_message)
        self.use_theme(pick_theme(self.themes, config.theme, self.depth).name)
        self.paused = False
        self._curtain = ExitStack()
        self._latest: Update | None = None
        self._tick_due = False

    def get_line_filters(self) -> list[LineFilter]:
        return [*super().get_line_filters(), self.net]

    def get_default_screen(self) -> Screen[Any]:
        return self.main

    def on_mount(self) -> None:
        # Textual paints the screen four times while it starts: 45 kB, seconds on a slow link.
        self._curtain.enter_context(self.batch_update())
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh(layout=True))
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """Paint the first frame; then watching may take its share of the CPU."""
        self._curtain.close()
        self.main.refresh(layout=True, repaint=False)
        self.call_after_refresh(self._watch)

    @property
    def session(self) -> Watching:
        """Opened when first asked for, after the first frame: its rooms take longer to load than that."""
        if self._session is None:
            self._session = self._open_session()
        return self._session

    def _watch(self) -> None:
        self.session.start(self._take, self._fail)
        self.in_session(self._tell_notices)

    def stop_session(self) -> None:
        if self._session is not None:
            self._session.stop()

    def _tell_notices(self) -> None:
        for notice in self.session.notices:
            self.post_message(messages.Said(notice, lasting=True))

    # ---- updates

    def _take(self, update: Update) -> None:
        """Called from the session's thread. Only the newest update counts."""
        self._latest = update
        if not self._tick_due:
            self._tick_due = True
            self.post_message(messages.Ticked())

    def _fail(self, fault: Exception) -> None:
        """Called from the session's thread as its last word."""
        self.post_message(messages.Failed(fault))

    def on_ticked(self) -> None:
        """Show the newest update, unless the link still carries the one before."""
        driver = self._driver  # private, but the only place that knows how much output is on its way
        if isinstance(driver, terminal.TerminalDriver) and driver.backlog:
            self.set_timer(terminal.SLOW_LINK_SECONDS, self.on_ticked)
            return
        self._tick_due = False
        self._show_latest()

    def on_failed(self, message: messages.Failed) -> None:
        """The session's thread has ended: so does the screen, with the fault, rather than stand still."""
        raise message.fault

    def on_resumed(self, _: Resumed) -> None:
        self._show_latest()

    def _show_latest(self) -> None:
        update = self._latest
        if update is None:
            return
        if isinstance(self.screen, Sheet):
            self.screen.remind(countdown(update))
            if not self.paused:
                self.screen.show(update)
        elif self.screen is self.main and self.paused:
            self.main.show_banner(update)
        elif self.screen is self.main:
            self.main.show(update)

    # ---- what the user asks for

    def action_pause(self) -> None:
        self.paused = not self.paused
        self.main.verdict.set_paused(self.paused)
        self._show_latest()

    def action_help(self) -> None:
        everywhere = [*self.BINDINGS, *self.main.BINDINGS]
        self.push_screen(help_sheet(everywhere, self.main.views, read_only=self.read_only))

    def action_details(self) -> None:
        from perftui.tui.screens.details import Details  # its pages stay out of the first frame

        self.push_screen(Details(self.main.latest))

    def action_profiling(self) -> None:
        wanted = not self.session.profiling
        self.in_session(partial(self.session.set_profiling, wanted), f"stack sampling is {'on' if wanted else 'off'}")

    def action_record(self) -> None:
        self.in_session(self.session.toggle_recording)

    def action_incident(self) -> None:
        question = Ask("What is happening? (kept with the incident)", "may stay empty", ascii_only=self.ascii_only)
        self.push_screen(question, self._mark_incident)

    def _mark_incident(self, text: str | None) -> None:
        if text is not None:
            self.in_session(partial(self.session.mark_incident, text))

    def action_leave_target(self) -> None:
        self.post_message(messages.TargetPicked(None))

    def action_keep(self) -> None:
        self._answer(self.changes.keep)

    def action_undo(self) -> None:
        self._answer(self.changes.undo)

    def _answer(self, answer: Callable[[JournalEntry], None]) -> None:
        """Keep or undo the change that the banner shows."""
        entry = waiting_entry(self._latest)
        if entry is not None:
            answer(entry)
        else:
            self.tell(self.refusal or "no change waits for an answer")

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:  # noqa: ARG002 - Textual's
        return commands(self)

    def action_command_palette(self) -> None:
        super().action_command_palette()
        self.call_after_refresh(self._calm_cursor)

    def _calm_cursor(self) -> None:
        """A blinking cursor costs 3 kB/s."""
        for field in self.screen.query(Input):
            field.cursor_blink = False

    def use_theme(self, name: str) -> None:
        """Change the colours of everything."""
        self.palette = Palette.from_theme(self.themes[name].colors, colors=self.depth, ascii_only=self.ascii_only)
        self.theme = name
        if self.main.is_mounted:
            self.main.redraw_all()

    # ---- what the panes ask for

    def on_target_picked(self, message: messages.TargetPicked) -> None:
        whom = f"process {message.pid}" if message.pid is not None else "the whole host"
        self.in_session(partial(self.session.select, message.pid), f"watching {whom}")

    def on_proposal_chosen(self, message: messages.ProposalChosen) -> None:
        self.changes.apply(message.proposal)

    def on_keep_chosen(self, message: messages.KeepChosen) -> None:
        self.changes.keep(message.entry)

    def on_undo_chosen(self, message: messages.UndoChosen) -> None:
        self.changes.undo(message.entry)

    def on_signal_asked(self, message: messages.SignalAsked) -> None:
        self.changes.send_signal(message)

    def on_explain_asked(self, message: messages.ExplainAsked) -> None:
        self.push_screen(explain_sheet(message.rule_id))

    def on_source_asked(self, message: messages.SourceAsked) -> None:
        self.stacks.read_source(message)

    def on_mode_asked(self, _: messages.ModeAsked) -> None:
        self.stacks.switch(self._latest)

    def on_save_asked(self, message: messages.SaveAsked) -> None:
        self.stacks.save(message)

    def on_said(self, message: messages.Said) -> None:
        self.tell(message.text, lasting=message.lasting)

    def tell(self, text: str, *, lasting: bool = False) -> None:
        self.main.tell(text, lasting=lasting)

    def ask(self, sheet: Sheet, answered: Callable[[str | None], None]) -> None:
        self.push_screen(sheet, answered)

    def in_session(self, job: Callable[[], object], done: str = "") -> None:
        """Run a blocking call of the session in a thread, and say how it went: in its own words if it has some."""

        def run() -> None:
            try:
                outcome = job()
            except (PerftuiError, OSError) as error:
                self.post_message(messages.Said(str(error)))
                return
            if text := outcome if isinstance(outcome, str) else done:
                self.post_message(messages.Said(text))

        self.aside(run)

    def aside(self, job: Callable[[], None]) -> None:
        self.run_worker(job, thread=True)
