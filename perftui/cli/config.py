"""``perftui config``."""

from pathlib import Path

import click

from perftui.errors import ConfigError


@click.group()
def config() -> None:
    """Write, check and find the configuration file."""


@config.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def init(file: Path | None, force: bool) -> None:
    """Write the commented example.

    It goes to FILE, or where perftui looks for it. Nothing is overwritten without --force.
    """
    from perftui.config import default_path, example

    path = file or default_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if force else "x", encoding="utf-8") as out:
            out.write(example())
    except FileExistsError:
        raise ConfigError(f"{path}: exists already; --force overwrites it") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    _say(f"{path}: written; every setting in it is commented out")


@config.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
def check(file: Path | None) -> None:
    """Check FILE, or the file that perftui uses.

    Ends with 2 when it is wrong, and names the line and the key.
    """
    from perftui.config import default_path, load

    load(file)
    path = file or default_path()
    _say(f"{path}: correct" if path.exists() else f"{path}: no such file, so the defaults are used")


@config.command("path")
def show_path() -> None:
    """Print where the configuration is looked for."""
    from perftui.config import default_path

    _say(str(default_path()))


def _say(text: str) -> None:
    from perftui.cli.options import Options
    from perftui.cli.output import put
    from perftui.host.text import visible

    put(f"{visible(text)}\n", Options())
