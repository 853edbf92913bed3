"""``perftui diagnose``."""

import click

from perftui.cli import options as shared
from perftui.cli.options import DEFAULT_SECONDS, Options


@click.command()
@click.argument("target", required=False)
@click.option(
    "--fail-on",
    multiple=True,
    metavar="SEVERITY|RULE",
    help="End with 1 when a finding is at least this severe, or is of this rule. May be repeated.",
)
@shared.plain
@shared.as_json
@shared.watching
@shared.children
@shared.common
def diagnose(options: Options, target: str | None, fail_on: tuple[str, ...]) -> int:
    """Watch TARGET (or this host), print what limits it, and why."""
    from perftui.cli.gate import check, checked
    from perftui.cli.target import open_target
    from perftui.cli.watch import measure, present
    from perftui.host.procfs import Host

    gates = checked(fail_on)
    options.config()  # a wrong configuration is said before the target is looked at
    host = Host()
    held = open_target(host, target, options)
    update = measure(host, held, options, seconds=options.seconds or DEFAULT_SECONDS)
    present(update, options)
    return check(update, gates)
