"""``perftui tune show``, ``confirm``, ``undo``, ``history``, ``recover``: what was changed and what becomes of it."""

import click

from perftui.cli import options as shared
from perftui.cli.options import Options


@click.command()
@click.argument("entry_id", metavar="JOURNAL_ID")
@shared.as_json
@shared.common
def confirm(options: Options, entry_id: str) -> int:
    """Keep an applied change: the dead-man steps down."""
    from perftui.cli.changes import executor, outcome, put_entries

    entry = executor(options).keep(entry_id)
    put_entries((entry,), options)
    return outcome((entry,))


@click.command()
@click.argument("entry_id", metavar="JOURNAL_ID", required=False)
@click.option("--last", is_flag=True, help="The latest change that can be undone.")
@shared.yes
@shared.as_json
@shared.common
def undo(options: Options, entry_id: str | None, last: bool, yes: bool) -> int:
    """Put a change back, whether it was confirmed or not."""
    from perftui.cli.changes import ask, executor, outcome, put_entries
    from perftui.errors import UsageError

    if (entry_id is None) is not last:
        raise UsageError("give either a JOURNAL_ID (perftui tune history lists them) or --last")
    hand = executor(options)
    if entry_id is None:
        standing = (entry for entry in hand.journal.entries() if entry.undoable)
        found = next(standing, None)
        if found is None:
            raise UsageError("--last: there is no change to undo")
    else:
        found = hand.journal.get(entry_id)
    proposal = found.proposal
    ask(f"Put {proposal.knob} of {proposal.subject} back from {proposal.after} to {proposal.before}?", yes=yes)
    entry = hand.undo(found.id)
    put_entries((entry,), options)
    return outcome((entry,))


@click.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, help="How many entries (default 20).")
@shared.as_json
@shared.common
def history(options: Options, limit: int) -> None:
    """List the changes that were made, the newest first."""
    from perftui.cli.changes import open_journal, put_entries

    put_entries(open_journal().entries(limit=limit), options)


@click.command()
@shared.as_json
@shared.common
def recover(options: Options) -> int:
    """Put back whatever an earlier run left unconfirmed and nobody watches any more."""
    from perftui.cli.changes import executor, outcome, put_entries

    entries = executor(options).recover()
    put_entries(entries, options, nothing="Nothing was left unconfirmed.")
    return outcome(entries)


@click.command()
@click.argument("shown_id", metavar="ID")
@shared.as_json
@shared.common
def show(options: Options, shown_id: str) -> None:
    """Show one change (JOURNAL_ID) or one proposal (ID) in full."""
    from perftui.cli.changes import open_journal, put_entries
    from perftui.cli.output import colors, put, put_json
    from perftui.cli.remembered import recall
    from perftui.errors import UsageError
    from perftui.host.procfs import Host
    from perftui.report.build import remembered_document
    from perftui.report.text import proposal_text

    try:
        entry = open_journal().get(shown_id)
    except UsageError:
        found = recall(shown_id, Host().boot_id)
        document = remembered_document(found.target, found.proposal)
        if options.as_json:
            put_json(document)
        else:
            put(proposal_text(document.proposals[0], color=colors(options)), options)
    else:
        put_entries((entry,), options)
