"""The TARGET of a command line."""

from perftui.cli.options import Options
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget, is_group, resolve


def open_target(host: Host, spec: str | None, options: Options) -> HeldTarget | None:
    """None for the whole host. NoSuchTarget, NotPermitted, UsageError.

    Without its children a group is its main process alone.
    """
    if spec is None:
        return None
    if not is_group(spec):
        return HeldTarget.open(host, resolve(host, spec), with_children=not options.no_children)
    return _open_group(host, spec, options)


def _open_group(host: Host, spec: str, options: Options) -> HeldTarget:
    from perftui.host.groups import HeldGroup, find_group  # loads the readers of all container engines

    group = HeldGroup.open_group(host, find_group(host, spec))
    if not options.no_children:
        return group
    pid = group.process.pid
    group.close()
    return HeldTarget.open(host, pid, with_children=False)
