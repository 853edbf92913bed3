"""The command line: one file per command.

A command imports the room it needs inside its function, so that ``perftui --help`` stays quick and
``perftui diagnose`` never loads the terminal toolkit.
"""

from importlib import import_module

import click

from perftui import __version__
from perftui.cli import options as shared
from perftui.cli.options import Options
from perftui.errors import UsageError

COMMANDS = (
    "attach", "run", "diagnose", "record", "replay", "flame", "diff", "allocations", "tune", "doctor", "explain",
    "export", "config", "schema",
)  # fmt: skip
"""As ``perftui --help`` lists them: each in the file of its name, under its name."""

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Program(click.Group):
    """Loads the file of the command that is called, and no other: all of them take 30 ms."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the signature is click's
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"perftui.cli.{cmd_name}"), cmd_name)
        return command


@click.group(cls=_Program, invoke_without_command=True, context_settings=_SETTINGS)
@click.version_option(__version__, message="perftui %(version)s")
@shared.plain
@shared.as_json
@shared.watching
@shared.common
def program(options: Options) -> int:
    """See what limits a process, try a change, prove it, keep it or put it back.

    Without a command: the terminal screen on this host; pick a target in it.

    \b
    TARGET is a PID, name:PATTERN (must match one process), unit:NAME.service, cgroup:PATH or container:ID.
    Exit codes: 0 done, 1 a check failed, 2 wrong usage or configuration,
    3 no such target, 4 not permitted, 5 nothing can be delivered here,
    6 refused for safety, 129 130 143 ended by a signal.
    """
    command = click.get_current_context().invoked_subcommand
    if command is None:
        from perftui.cli.screen import screen_or_report

        return screen_or_report(None, options)
    if options.seconds or options.interval or options.as_json or options.plain:
        raise UsageError(f"--for, --interval, --json and --plain go after the command: perftui {command} …")
    return 0
