"""``perftui config``."""

from pathlib import Path

from perftui.config import example
from tests.cli.conftest import Perftui


def test_init_writes_the_example_where_it_belongs(perftui: Perftui) -> None:
    path = Path(perftui("config", "path").stdout.strip())
    assert path == perftui.home / "config" / "perftui" / "config.toml"
    assert "no such file, so the defaults are used" in perftui("config", "check").stdout
    done = perftui("config", "init")
    assert (done.returncode, done.stdout) == (0, f"{path}: written; every setting in it is commented out\n")
    assert path.read_text() == example()
    assert perftui("config", "check").stdout == f"{path}: correct\n"


def test_init_overwrites_only_when_forced(perftui: Perftui, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("mouse = false\n")
    done = perftui("config", "init", str(path))
    assert (done.returncode, done.stderr) == (2, f"perftui: {path}: exists already; --force overwrites it\n")
    assert path.read_text() == "mouse = false\n"
    assert perftui("config", "init", str(path), "--force").returncode == 0
    assert path.read_text() == example()


def test_check_names_file_line_and_key(perftui: Perftui, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text("\nmouze = false\n")
    done = perftui("config", "check", str(path))
    assert done.returncode == 2
    assert done.stderr == f"perftui: {path}:2: mouze: no such setting; did you mean mouse?\n"


def test_a_wrong_configuration_ends_every_command_that_needs_it(perftui: Perftui, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text("interval_seconds = 0\n")
    for args in (("diagnose",), ("attach", "1"), ("run", "--", "true"), ("doctor",), ("tune", "list", "1")):
        done = (
            perftui(args[0], "--config", str(path), *args[1:])
            if args[0] != "tune"
            else perftui("--config", str(path), *args)
        )
        assert done.returncode == 2, args
        assert f"{path}:1: interval_seconds: must be a number from 0.2 to 60, not 0" in done.stderr


def test_nowhere_to_write_is_said(perftui: Perftui) -> None:
    done = perftui("config", "init", "/proc/none/config.toml")
    assert done.returncode == 2
    assert done.stderr.startswith("perftui: /proc/none/config.toml: ")
