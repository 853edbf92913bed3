"""``perftui tune list``."""

import click

from perftui.cli import options as shared
from perftui.cli.options import DEFAULT_SECONDS, Options


@click.command("list")
@click.argument("target", required=False)
@shared.as_json
@shared.watching
@shared.children
@shared.common
def list_proposals(options: Options, target: str | None) -> None:
    """Watch TARGET (or this host) and print what could be changed, and what that would do."""
    from perftui.cli.output import put_document
    from perftui.cli.target import open_target
    from perftui.cli.watch import measure, remember_proposals
    from perftui.host.procfs import Host
    from perftui.report.build import proposals_document
    from perftui.report.text import proposals_text

    options.config()
    host = Host()
    held = open_target(host, target, options)
    update = measure(host, held, options, seconds=options.seconds or DEFAULT_SECONDS)
    document = proposals_document(update)
    remember_proposals(update, options)
    put_document(document, proposals_text, options)
