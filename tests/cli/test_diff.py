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


def collapsed(path: Path, parse: int) -> Path:
    path.write_text(f"main;work;parse {parse}\nmain;work;render 300\nmain;work;query 200\nmain;log 100\n")
    return path


def test_files_of_stacks_are_compared_by_their_functions(perftui: Perftui, tmp_path: Path) -> None:
    a, b = collapsed(tmp_path / "a.folded", 400), collapsed(tmp_path / "b.folded", 700)
    done = perftui("diff", a, b, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["metrics"], document["findings"], document["b"]["target"]) == ([], [], None)
    assert document["a"]["format"] == "collapsed"
    assert (document["stacks"]["verdict"], document["stacks"]["view"]) == ("worse", "wall")
    assert document["stacks"]["basis"] == "counts"
    assert [one["function"] for one in document["functions"] if one["own"]["verdict"] == "grew"] == ["parse"]
    text = perftui("diff", a, b).stdout
    assert text.startswith("Changed: 0 findings, 0 metrics and 1 function.\n")
    assert "b.folded (collapsed)" in text


def test_a_recording_beside_a_file_of_stacks(perftui: Perftui, tape: Path, tmp_path: Path) -> None:
    done = perftui("diff", tape, collapsed(tmp_path / "b.folded", 700), "--json")
    assert done.returncode == 0, done.stderr
    stacks = json.loads(done.stdout)["stacks"]
    assert (stacks["verdict"], stacks["reason"]) == ("inconclusive", "no stacks were sampled before")


def test_sizes_are_no_time(perftui: Perftui, tmp_path: Path) -> None:
    sizes = tmp_path / "memory.json"
    profile = {"type": "sampled", "name": "heap", "unit": "bytes", "startValue": 0, "endValue": 1}
    profile |= {"samples": [[0]], "weights": [1]}
    sizes.write_text(json.dumps({"shared": {"frames": [{"name": "f"}]}, "profiles": [profile]}))
    done = perftui("diff", sizes, sizes)
    assert (done.returncode, done.stdout) == (2, "")
    assert "sizes of memory" in done.stderr


def test_what_is_no_file_of_stacks_is_said(perftui: Perftui, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\0\1\2")
    done = perftui("diff", tmp_path / "x", tmp_path / "x")
    assert (done.returncode, done.stdout) == (2, "")
