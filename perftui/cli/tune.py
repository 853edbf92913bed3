"""``perftui tune``."""

import click

from perftui.cli.tune_apply import apply
from perftui.cli.tune_journal import confirm, history, recover, show, undo
from perftui.cli.tune_list import list_proposals


@click.group()
def tune() -> None:
    """List, apply, confirm and undo changes of settings.

    A change is applied under a dead-man: unless `tune confirm` keeps it before its deadline, it is put back.
    """


for _command in (list_proposals, show, apply, confirm, undo, history, recover):
    tune.add_command(_command)
