"""What the commands that write have in common."""

import os
import pwd
import sys
from functools import partial

import click

from perftui.cli.options import Options
from perftui.cli.output import notice, put_document
from perftui.errors import Refused, UsageError
from perftui.host.procfs import Host
from perftui.model.journal import JournalEntry
from perftui.report.build import journal_document
from perftui.report.text import journal_text
from perftui.store.journal import Journal
from perftui.tune.executor import Executor


def open_journal() -> Journal:
    """The journal, open until the command ends. StoreError."""
    journal = Journal()
    click.get_current_context().call_on_close(journal.close)
    return journal


def executor(options: Options) -> Executor:
    return Executor(Host(), open_journal(), read_only=options.config().read_only)


def ask(question: str, *, yes: bool) -> None:
    """Refused when the answer is no, UsageError when there is nobody to ask."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("this writes to the system and there is no terminal to ask on: give --yes")
    if not click.confirm(question, default=False, err=True):
        raise Refused("not confirmed, so nothing was changed")


def who() -> str:
    """Who agrees: the user's name, and the one before sudo."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = f"uid {uid}"
    before = os.environ.get("SUDO_USER")
    return f"{name} ({before})" if before else name


def put_entries(entries: tuple[JournalEntry, ...], options: Options, *, nothing: str = "No change was made.") -> None:
    document = journal_document(entries)
    put_document(document, partial(journal_text, nothing=nothing), options)


def outcome(entries: tuple[JournalEntry, ...]) -> int:
    """6 when a value was left alone because somebody else had changed it, or when a write did not take."""
    bad = [entry for entry in entries if entry.state in ("conflict", "failed")]
    for entry in bad:
        notice(f"{entry.id}: {entry.state}: {entry.detail}")
    return Refused.exit_code if bad else 0
