"""The options that several commands share."""

import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from perftui.config import DEADLINE_SECONDS, INTERVAL_SECONDS, Config, load

DEFAULT_SECONDS = 10.0
MAX_SECONDS = 7 * 86400.0

Command = Callable[..., Any]


class Seconds(click.FloatRange):
    """A number of seconds in a range; click's own lets ``nan`` pass."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail("nan is not a number of seconds", param, ctx)
        return seconds


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for; the configuration is read when a command wants it."""

    config_file: Path | None = None
    read_only: bool = False
    no_color: bool = False
    ascii_only: bool = False
    no_mouse: bool = False
    as_json: bool = False
    plain: bool = False
    seconds: float | None = None
    interval: float | None = None
    no_children: bool = False

    def config(self) -> Config:
        """The configuration with what the command line says over it. ConfigError."""
        config = load(self.config_file)
        return msgspec.structs.replace(
            config,
            read_only=config.read_only or self.read_only,
            mouse=config.mouse and not self.no_mouse,
            ascii=config.ascii or self.ascii_only,
            interval_seconds=self.interval or config.interval_seconds,
        )

    def over(self, outer: "Options") -> "Options":
        """These options, completed by those given before the command (``perftui --read-only attach 1``)."""
        return msgspec.structs.replace(
            self,
            config_file=self.config_file or outer.config_file,
            read_only=self.read_only or outer.read_only,
            no_color=self.no_color or outer.no_color,
            ascii_only=self.ascii_only or outer.ascii_only,
            no_mouse=self.no_mouse or outer.no_mouse,
        )


_COMMON = (
    click.option(
        "--config",
        "config_file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Configuration to use.",
    ),
    click.option("--read-only", is_flag=True, help="Write nothing to the system."),
    click.option("--no-color", is_flag=True, help="No colours (also: NO_COLOR)."),
    click.option("--ascii", "ascii_only", is_flag=True, help="ASCII characters only."),
    click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal."),
)
_JSON = (click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else."),)
_PLAIN = (click.option("--plain", "--once", "plain", is_flag=True, help="Watch once and print plain text."),)
_FOR = (
    click.option(
        "--for",
        "seconds",
        type=Seconds(0.1, MAX_SECONDS),
        metavar="SECONDS",
        help=f"How long to watch (default {DEFAULT_SECONDS:g}).",
    ),
)
_INTERVAL = (
    click.option(
        "--interval",
        type=Seconds(*INTERVAL_SECONDS),
        metavar="SECONDS",
        help="Time between two looks (default 1).",
    ),
)
_CHILDREN = (click.option("--no-children", is_flag=True, help="Leave out the target's child processes."),)

deadline = click.option(
    "--deadline",
    "deadline_seconds",
    type=Seconds(*DEADLINE_SECONDS),
    metavar="SECONDS",
    help="Put the change back after this time unless it is confirmed (default 30).",
)
yes = click.option("--yes", is_flag=True, help="Do not ask.")


def common(command: Command) -> Command:
    """``--config --read-only --no-color --ascii --no-mouse``; passes ``Options`` as the first argument.

    Goes below all other option decorators, next to the function.
    """

    @functools.wraps(command)
    def collected(**given: Any) -> Any:
        context = click.get_current_context()
        own = {name: given.pop(name) for name in Options.__struct_fields__ if name in given}
        outer = context.parent.find_object(Options) if context.parent else None
        context.obj = Options(**own).over(outer or Options())
        return command(context.obj, **given)

    return _with(_COMMON)(collected)


def _with(decorators: tuple[Callable[[Command], Command], ...]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        return functools.reduce(lambda inner, decorator: decorator(inner), reversed(decorators), command)

    return decorate


as_json = _with(_JSON)
plain = _with(_PLAIN)
watching = _with((*_FOR, *_INTERVAL))
interval = _with(_INTERVAL)
children = _with(_CHILDREN)
