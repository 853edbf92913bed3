"""``perftui explain``."""

import click

from perftui.cli import options as shared
from perftui.cli.options import Options


@click.command()
@click.argument("page_id", metavar="ID", required=False)
@shared.common
def explain(options: Options, page_id: str | None) -> None:
    """Print the page of a rule or knob; without ID, list them."""
    from perftui.cli.output import put
    from perftui.cli.pages import listing, page

    put(page(page_id) if page_id else listing(), options)
