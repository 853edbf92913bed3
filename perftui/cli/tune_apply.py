"""``perftui tune apply``."""

import click

from perftui.cli import options as shared
from perftui.cli.options import Options


@click.command()
@click.argument("proposal_id", metavar="ID")
@shared.yes
@shared.deadline
@shared.as_json
@shared.common
def apply(options: Options, proposal_id: str, yes: bool, deadline_seconds: float | None) -> int:
    """Carry out the proposal ID that `tune list` or `diagnose` printed, under the dead-man.

    It returns at once. Unless `perftui tune confirm` keeps the change before the deadline, it is put back.
    """
    from perftui.cli.changes import ask, executor, outcome, put_entries, who
    from perftui.cli.output import put
    from perftui.cli.remembered import recall
    from perftui.errors import IdentityUncertain, Refused
    from perftui.host.procfs import Host
    from perftui.host.target import HeldTarget
    from perftui.report.build import proposal_document
    from perftui.report.text import proposal_text
    from perftui.tune.executor import approve

    config = options.config()
    if config.read_only:
        raise Refused("read-only: nothing is written (--read-only, or read_only in the configuration)")
    host = Host()
    found = recall(proposal_id, host.boot_id)
    process = found.target.process
    held = HeldTarget.open(host, process.pid, found.target.with_children) if process else None
    if held is not None:
        click.get_current_context().call_on_close(held.close)
    if held is not None and held.process != process:
        raise IdentityUncertain(f"PID {held.process.pid} is another process by now: list the proposals again")
    if not options.as_json:
        put(proposal_text(proposal_document(found.proposal)), options)
    ask("Apply this?", yes=yes)
    hand = executor(options)
    entry = hand.apply(
        found.proposal,
        approve(found.proposal, who()),
        held,
        deadline_seconds=deadline_seconds or config.deadline_seconds,
    )
    if entry.open:
        entry = hand.hand_over(entry.id)
    put_entries((entry,), options)
    return outcome((entry,))
