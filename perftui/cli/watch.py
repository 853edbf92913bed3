"""Watching a target from the command line: on the screen, or headless to a report."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from perftui.cli.options import DEFAULT_SECONDS, Options
from perftui.cli.output import colors, is_dumb, notice, put, put_json
from perftui.cli.remembered import remember
from perftui.config import Config
from perftui.errors import StoreError
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget, resolve
from perftui.model.update import Update
from perftui.report.build import changes, diagnosis_document
from perftui.report.text import diagnosis_text
from perftui.session import Session, SessionOptions
from perftui.store.journal import Journal


def open_target(host: Host, spec: str | None, options: Options) -> HeldTarget | None:
    """None for the whole host. NoSuchTarget, NotPermitted, UsageError."""
    if spec is None:
        return None
    return HeldTarget.open(host, resolve(host, spec), with_children=not options.no_children)


def session_options(config: Config, window_seconds: float) -> SessionOptions:
    return SessionOptions(
        interval_seconds=config.interval_seconds,
        window_seconds=window_seconds,
        deadline_seconds=config.deadline_seconds,
        profiling=config.profiling,
        profile_rate_hz=config.profile_rate_hz,
        profile_budget_ratio=config.profile_budget_pct / 100,
        read_only=config.read_only,
    )


def measure(
    host: Host,
    held: HeldTarget | None,
    options: Options,
    *,
    seconds: float,
    window_seconds: float | None = None,
    on_update: Callable[[Update], None] | None = None,
) -> Update:
    """Watch headless; ``held`` is closed at the end. TargetEnded when nothing was measured."""
    config = options.config()
    ended = False

    def seen(update: Update) -> None:
        nonlocal ended
        ended = held is not None and held.ended
        if on_update is not None:
            on_update(update)

    with _journal() as (journal, _):
        session = Session(host, held, session_options(config, window_seconds or seconds), journal)
        update = session.run(seconds, seen)
    if ended:
        notice("the target ended while it was watched: this is what was measured until then")
    return update


def present(update: Update, options: Options) -> None:
    """Print the diagnosis and remember its proposals for ``perftui tune apply``."""
    document = diagnosis_document(update)
    remember_proposals(update, options)
    if options.as_json:
        put_json(document)
    else:
        put(diagnosis_text(document, color=colors(options)), options)


def remember_proposals(update: Update, options: Options) -> None:
    """Without a state folder the report is still worth printing."""
    proposals = changes(update)
    if not proposals or options.read_only:
        return
    try:
        remember(proposals, update.sample)
    except StoreError as error:
        notice(f"the proposals cannot be applied by their id: {error}")


def screen_or_report(spec: str | None, options: Options) -> int:
    """The terminal screen where there is a terminal, else one plain report."""
    config = options.config()
    host = Host()
    held = open_target(host, spec, options)
    if not wants_screen(options):
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
    from perftui.tui.app import run_app

    with _journal() as (journal, lasting):
        if not lasting:
            config = msgspec.structs.replace(config, read_only=True)
        return run_app(
            Session(host, held, session_options(config, config.window_seconds), journal),
            config,
            no_mouse=not config.mouse,
            ascii_only=config.ascii,
            no_color=options.no_color or bool(os.environ.get("NO_COLOR")),
        )


@contextmanager
def _journal() -> Iterator[tuple[Journal, bool]]:
    """The journal, and whether it lasts: where the state folder cannot be used there is a throw-away one.

    Watching writes nothing to it; without one that lasts nothing may be changed.
    """
    with ExitStack() as stack:
        lasting = True
        try:
            journal = Journal()
        except StoreError as error:
            lasting = False
            notice(f"going on without the journal of changes, read-only: {error}")
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="perftui-"))
            journal = Journal(Path(folder) / "journal.sqlite")
        stack.callback(journal.close)
        yield journal, lasting
