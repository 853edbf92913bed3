"""``perftui diff``."""

import click

from perftui.cli import options as shared
from perftui.cli.options import Options


@click.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@shared.as_json
@shared.common
def diff(options: Options, a: str, b: str) -> None:
    """What is different in B: metrics, findings and functions beyond noise.

    A and B are recordings, each whole (FILE) or a range of one (FILE@12:00:00-12:05:00, FILE@+60..+120), or files of
    stacks (collapsed, speedscope, perf script, austin), of which the functions are compared.
    """
    from perftui.cli.output import put_document
    from perftui.cli.ranges import compared
    from perftui.report.diff import diff_text
    from perftui.session.compare import compare

    config = options.config()
    with compared(a, config) as older, compared(b, config) as newer:
        document = compare(older, newer)
    put_document(document, diff_text, options)
