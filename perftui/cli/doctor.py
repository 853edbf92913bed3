"""``perftui doctor``."""

import click

from perftui.cli import options as shared
from perftui.cli.options import Options


@click.command()
@click.argument("target", required=False)
@shared.as_json
@shared.children
@shared.common
def doctor(options: Options, target: str | None) -> None:
    """Say what can be seen and set here, and what not.

    For what cannot it says why, and names the remedy; with TARGET for that process.
    """
    from perftui.cli.examine import examine
    from perftui.cli.output import put_document
    from perftui.report.text import doctor_text

    document = examine(target, options)
    put_document(document, doctor_text, options)
