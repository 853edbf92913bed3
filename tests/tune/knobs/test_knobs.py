"""Every knob is listed, explained and tested."""

import inspect
import pkgutil
import re
from pathlib import Path

import pytest

from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.tune import knobs
from perftui.tune.knobs import KNOBS, read_all
from tests.tune.scenes import sample_at
from tests.tune.support import program


def test_every_file_is_listed_and_has_its_test() -> None:
    files = {module.name for module in pkgutil.iter_modules(knobs.__path__)}
    assert {type(knob).__module__.rpartition(".")[2] for knob in KNOBS} == files
    tests = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
    assert files <= tests


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: str(knob.id))
def test_every_knob_has_a_page(knob: object) -> None:
    page = inspect.getdoc(knob) or ""
    for word in ("Cures", "Visible", "Needs|needs", "Risk"):
        assert re.search(word, page), word


def test_ids_are_unique() -> None:
    assert len({knob.id for knob in KNOBS}) == len(KNOBS)


def test_an_ended_target_has_no_readings() -> None:
    with program() as process:
        held = HeldTarget.open(Host(), process.pid)
        assert read_all(Host(), held, sample_at(1))
    assert read_all(Host(), held, sample_at(1)) == ()
    held.close()
