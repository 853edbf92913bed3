"""``perftui allocations``."""

import click

from perftui.cli import options as shared
from perftui.cli.options import DEFAULT_SECONDS, Options, Seconds

MAX_TRACKED_SECONDS = 3600.0


@click.command()
@click.argument("target")
@click.option(
    "--for",
    "seconds",
    type=Seconds(1, MAX_TRACKED_SECONDS),
    metavar="SECONDS",
    help=f"How long to track (default {DEFAULT_SECONDS:g}).",
)
@click.option(
    "--collapsed",
    type=click.Choice(["held", "peak"]),
    help="Print the stacks alone, a line each, for flame graph tools.",
)
@shared.yes
@shared.as_json
@shared.common
def allocations(options: Options, target: str, collapsed: str | None, yes: bool) -> int:
    """Track who allocates memory in TARGET's main process, with memray.

    It loads memray into the running process, and asks before it does. The target's own Python must have memray
    (`pip install memray`); before Python 3.14 a debugger is needed too.
    """
    from perftui.cli.changes import ask
    from perftui.cli.output import colors, notice, put, put_json
    from perftui.cli.target import open_target
    from perftui.errors import Refused, UsageError
    from perftui.host.procfs import Host
    from perftui.model import allocations as model
    from perftui.profile.memray import track
    from perftui.profile.memray_plan import plan, risks
    from perftui.report.allocations import allocations_document, allocations_text

    if collapsed and options.as_json:
        raise UsageError("--collapsed and --json are two forms of one result: give one of them")
    if options.config().read_only:
        raise Refused("read-only: nothing is loaded into a process (--read-only, or read_only in the configuration)")
    host = Host()
    held = open_target(host, target, options)
    if held is None:
        raise UsageError("TARGET: a process is needed")
    click.get_current_context().call_on_close(held.close)
    seconds = options.seconds or DEFAULT_SECONDS
    planned = plan(host, held.process.pid)
    for line in risks(planned, held.target.command, seconds):
        notice(line)
    ask("Attach?", yes=yes)
    found = track(host, held, planned, seconds, lambda: notice(f"tracking for {seconds:g} s; Ctrl+C ends it"))
    if collapsed:
        put(
            "".join(f"{line}\n" for line in model.collapsed(found.held if collapsed == "held" else found.peak)), options
        )
    elif options.as_json:
        put_json(allocations_document(found, held.target))
    else:
        put(allocations_text(found, held.target, color=colors(options)), options)
    return 0
