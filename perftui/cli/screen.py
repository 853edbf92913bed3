"""The screen where there is a terminal. The session's rooms are loaded behind its first frame."""

import os
import sys
from typing import TYPE_CHECKING

import msgspec

from perftui.cli.journal import usable_journal
from perftui.cli.options import DEFAULT_SECONDS, Options
from perftui.cli.output import is_dumb, notice
from perftui.cli.target import open_target
from perftui.config import Config
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget

if TYPE_CHECKING:
    from perftui.session import Session


def screen_or_report(spec: str | None, options: Options) -> int:
    """The terminal screen where there is a terminal, else one plain report."""
    config = options.config()
    host = Host()
    held = open_target(host, spec, options)
    if not wants_screen(options):
        from perftui.cli.watch import measure, present

        present(measure(host, held, options, seconds=options.seconds or DEFAULT_SECONDS), options)
        return 0
    return show_screen(host, held, config, options)


def wants_screen(options: Options) -> bool:
    """False with a notice when there is no terminal to draw on; silently when text was asked for."""
    if options.plain or options.as_json:
        return False
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        notice("no terminal here: printing a plain report instead (--plain asks for it)")
        return False
    if is_dumb():
        notice(f"TERM={os.environ.get('TERM', '')} cannot show the screen: printing a plain report instead")
        return False
    return True


def show_screen(host: Host, held: HeldTarget | None, config: Config, options: Options) -> int:
    """Run the screen until it is left; its exit code."""
    from perftui.tui.run import run_app

    with usable_journal() as (journal, lasting):
        if not lasting:
            config = msgspec.structs.replace(config, read_only=True)

        def open_session() -> "Session":
            from perftui.cli.watch import session_options
            from perftui.session import Session

            return Session(host, held, session_options(config, config.window_seconds, flight_recorder=True), journal)

        return run_app(
            open_session,
            config,
            no_mouse=not config.mouse,
            ascii_only=config.ascii,
            no_color=options.no_color or bool(os.environ.get("NO_COLOR")),
        )
