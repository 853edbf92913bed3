"""Options are taken before and after the command; the command line goes over the configuration."""

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from perftui.cli import options as shared
from perftui.cli.options import Options


def parsed(*args: str) -> Options:
    seen: list[Options] = []

    @click.group(invoke_without_command=True)
    @shared.common
    def outer(options: Options) -> None:
        pass

    @outer.command()
    @shared.as_json
    @shared.watching
    @shared.children
    @shared.common
    def inner(options: Options, **_: Any) -> None:
        seen.append(options)

    result = CliRunner().invoke(outer, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return seen[0]


def test_what_is_given_before_the_command_counts_too() -> None:
    options = parsed("--read-only", "--config", "a.toml", "inner", "--ascii", "--for", "3", "--no-children")
    assert options == Options(
        read_only=True, config_file=Path("a.toml"), ascii_only=True, seconds=3.0, no_children=True
    )


def test_the_inner_file_wins() -> None:
    assert parsed("--config", "a.toml", "inner", "--config", "b.toml").config_file == Path("b.toml")


def test_the_command_line_goes_over_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("interval_seconds = 5\nascii = true\ndeadline_seconds = 60\n")
    config = Options(config_file=path, interval=0.5, read_only=True, no_mouse=True).config()
    assert (config.interval_seconds, config.ascii, config.read_only, config.mouse) == (0.5, True, True, False)
    assert config.deadline_seconds == 60


@pytest.mark.parametrize("args", [("--for", "0"), ("--for", "nan"), ("--interval", "61"), ("--interval", "0.1")])
def test_figures_out_of_range_are_refused(args: tuple[str, str]) -> None:
    @click.command()
    @shared.watching
    @shared.common
    def command(options: Options) -> None:
        raise AssertionError(options)

    assert CliRunner().invoke(command, list(args)).exit_code == 2
