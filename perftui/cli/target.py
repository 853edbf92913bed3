"""The TARGET of a command line."""

from perftui.cli.options import Options
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget, resolve


def open_target(host: Host, spec: str | None, options: Options) -> HeldTarget | None:
    """None for the whole host. NoSuchTarget, NotPermitted, UsageError."""
    if spec is None:
        return None
    return HeldTarget.open(host, resolve(host, spec), with_children=not options.no_children)
