"""Watching a target headless, and printing what was seen."""

from collections.abc import Callable

import msgspec

from perftui.cli.journal import usable_journal
from perftui.cli.options import Options
from perftui.cli.output import notice, put_document
from perftui.cli.remembered import remember
from perftui.config import Config
from perftui.errors import StoreError
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.update import Update
from perftui.report.build import changes, diagnosis_document
from perftui.report.text import diagnosis_text
from perftui.session import Session, SessionOptions


def session_options(config: Config, window_seconds: float, *, flight_recorder: bool = False) -> SessionOptions:
    return SessionOptions(
        interval_seconds=config.interval_seconds,
        window_seconds=window_seconds,
        deadline_seconds=config.deadline_seconds,
        profiling=config.profiling,
        profile_rate_hz=config.profile_rate_hz,
        profile_budget_ratio=config.profile_budget_pct / 100,
        read_only=config.read_only,
        flight_recorder=flight_recorder,
    )


def measure(
    host: Host,
    held: HeldTarget | None,
    options: Options,
    *,
    seconds: float,
    window_seconds: float | None = None,
    profiling: bool = True,
    on_update: Callable[[Update], None] | None = None,
) -> Update:
    """Watch headless; ``held`` is closed at the end. TargetEnded when nothing was measured.

    Without ``profiling`` no stacks are sampled, whatever the configuration says.
    """
    config = options.config()
    if not profiling:
        config = msgspec.structs.replace(config, profiling=False)
    ended = False

    def seen(update: Update) -> None:
        nonlocal ended
        ended = held is not None and held.ended
        if on_update is not None:
            on_update(update)

    with usable_journal() as (journal, _):
        session = Session(host, held, session_options(config, window_seconds or seconds), journal)
        update = session.run(seconds, seen)
    if ended:
        notice("the target ended while it was watched: this is what was measured until then")
    return update


def present(update: Update, options: Options) -> None:
    """Print the diagnosis and remember its proposals for ``perftui tune apply``."""
    document = diagnosis_document(update)
    remember_proposals(update, options)
    put_document(document, diagnosis_text, options)


def remember_proposals(update: Update, options: Options) -> None:
    """Without a state folder the report is still worth printing."""
    proposals = changes(update)
    if not proposals or options.read_only:
        return
    try:
        remember(proposals, update.sample)
    except StoreError as error:
        notice(f"the proposals cannot be applied by their id: {error}")
