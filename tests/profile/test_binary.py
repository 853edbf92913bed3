"""Finding py-spy: beside the interpreter, in the distribution of a zipapp, on PATH, or not at all."""

import os
import sys
from importlib import metadata
from pathlib import Path

import pytest

from perftui.errors import NoData
from perftui.profile.binary import find_py_spy


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An interpreter without scripts beside it, no distribution, nothing on PATH."""

    def missing(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin/python"))
    monkeypatch.setattr(metadata, "distribution", missing)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path


def test_the_installed_one_is_found() -> None:
    assert os.access(find_py_spy(), os.X_OK)


def test_beside_the_interpreter(bare: Path) -> None:
    expected = program(bare / "bin/py-spy")

    assert find_py_spy() == str(expected)


def test_on_the_path(bare: Path) -> None:
    expected = program(bare / "path/py-spy")

    assert find_py_spy() == str(expected)


@pytest.mark.parametrize("listed", ["bin/py-spy", "../../bin/py-spy"])
def test_in_an_unpacked_zipapp(bare: Path, monkeypatch: pytest.MonkeyPatch, listed: str) -> None:
    packages = bare / "unpacked/site-packages"
    expected = program(packages / "bin/py-spy")
    folder = packages / "py_spy-0.4.3.dist-info"
    folder.mkdir()
    (folder / "RECORD").write_text(f"{listed},,\n")
    monkeypatch.setattr(metadata, "distribution", lambda name: metadata.PathDistribution(folder))

    assert find_py_spy() == str(expected)


def test_none_gives_the_command_that_installs_it(bare: Path) -> None:
    with pytest.raises(NoData) as caught:
        find_py_spy()

    assert caught.value.remedy == f"{bare}/bin/python -m pip install py-spy"
