"""``perftui diff``."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Perftui
from tests.session.tapes import host_sample, write
from tests.session.test_compare import jittering


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    write(tmp_path / "r@home", range(400), lambda second: host_sample(second, jittering(second))).close()
    return tmp_path / "r@home"


def test_two_ranges_of_one_recording(perftui: Perftui, tape: Path) -> None:
    done = perftui("diff", f"{tape}@+20..+180", f"{tape}@+220..+380", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "perftui.diff/1"
    verdicts = {metric["name"]: metric["verdict"] for metric in document["metrics"]}
    assert (verdicts["cpu"], verdicts["memory"]) == ("higher", "alike")


def test_a_recording_is_like_itself(perftui: Perftui, tape: Path) -> None:
    done = perftui("diff", tape, tape)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Nothing has changed beyond noise.\n")


@pytest.mark.parametrize(("spec", "code"), [("{}@soon", 2), ("{}@+9..+1", 2), ("{}x", 5)])
def test_what_is_no_range_or_no_recording_is_said(perftui: Perftui, tape: Path, spec: str, code: int) -> None:
    done = perftui("diff", tape, spec.format(tape))
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("perftui: ")
