"""Showing a recording."""

import os
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec

from perftui.cli.options import Options
from perftui.cli.output import notice, put_document
from perftui.cli.watch import session_options
from perftui.config import Config
from perftui.report.build import diagnosis_document
from perftui.report.text import diagnosis_text
from perftui.session.moment import moment_of
from perftui.session.options import SessionOptions
from perftui.session.player import Player
from perftui.session.replay import ReplaySession
from perftui.session.worst import search_worst
from perftui.store.recording import Recording

WORST = "worst"


def screen(path: Path, moment: str | None, options: Options) -> int:
    """The screen until it is left; its exit code. StoreError for what is no recording."""
    from perftui.tui.replaying import run_replay

    config = msgspec.structs.replace(options.config(), read_only=True)
    recording = Recording(path, lenient=True)
    at_ns = None
    if moment is not None and moment != WORST:
        at_ns = moment_of(moment, recording)
    incident = recording.header.incident
    session = ReplaySession(
        recording,
        replay_options(recording, config),
        at_ns=at_ns,
        journal=incident.journal if incident else (),
        notices=_notices(recording),
    )
    if moment == WORST:
        session.worst()
    return run_replay(
        lambda: session,
        config,
        no_mouse=not config.mouse,
        ascii_only=config.ascii,
        no_color=options.no_color or bool(os.environ.get("NO_COLOR")),
    )


def report(path: Path, moment: str | None, options: Options) -> int:
    """The diagnosis at that moment, printed. StoreError, UsageError; NotDeliverable where nothing can be judged."""
    config = options.config()
    with closing(Recording(path, lenient=True)) as recording:
        settings = replay_options(recording, config)
        player = Player(recording, settings)
        player.seek(_wanted(recording, moment, settings))
        for text in (*_notices(recording), *recording.damage):
            notice(text)
        notice(f"as of {_local(player.update.sample.wall_ns)}, recorded on {recording.header.hostname}")
        document = diagnosis_document(player.update)
    put_document(document, diagnosis_text, options)
    return 0


def replay_options(recording: Recording, config: Config) -> SessionOptions:
    """As the recording was made: the verdicts depend on it."""
    options = session_options(config, recording.header.window_seconds)
    return msgspec.structs.replace(options, interval_seconds=recording.header.interval_seconds, read_only=True)


def _wanted(recording: Recording, moment: str | None, settings: SessionOptions) -> int:
    if moment is None:
        return recording.last_ns
    if moment != WORST:
        return moment_of(moment, recording)
    worst_ns = recording.last_ns
    live = sys.stderr.isatty()
    for searched in search_worst(recording, settings):
        worst_ns = searched.worst_ns
        if live:
            sys.stderr.write(f"\rlooking for the worst moment: {searched.ratio:.0%} ")
    if live:
        sys.stderr.write("\r")
    return worst_ns


def _notices(recording: Recording) -> tuple[str, ...]:
    header = recording.header
    if header.incident is None:
        return ()
    text = header.incident.text or "no words were left with it"
    facts = ", ".join(f"{name} {fact}" for name, fact in header.facts.items())
    return (
        f"incident of {_local(header.incident.wall_ns)}: {text}",
        f"{header.hostname}: {header.kernel}, {header.machine}, {header.cpus} CPUs, {facts}; perftui {header.version}",
    )


def _local(wall_ns: int) -> str:
    return datetime.fromtimestamp(wall_ns / 1e9).strftime("%Y-%m-%d %H:%M:%S")
