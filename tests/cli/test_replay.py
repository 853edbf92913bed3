"""``perftui replay``: on the screen, or one moment as text or JSON."""

import json
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from perftui.model.incident import Incident
from perftui.store.recording import Recording
from tests.cli.conftest import Perftui
from tests.cli.test_attach import on_a_terminal
from tests.cli.test_imports import loaded_by
from tests.session.tapes import START, write
from tests.session.test_player import busy_in_the_middle
from tests.store.support import HEADER, SECOND


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    write(tmp_path / "r", range(200), busy_in_the_middle).close()
    return tmp_path / "r"


def test_json_is_the_document_of_diagnose(perftui: Perftui, tape: Path) -> None:
    done = perftui("replay", tape, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "perftui.diagnosis/1"
    assert document["window_seconds"] == 10.0
    assert document["resources"]["cpu"]["last"] == pytest.approx(0.1)
    assert "recorded on server" in done.stderr


@pytest.mark.parametrize("moment", ["+115", "worst", datetime.fromtimestamp(START / SECOND + 115).strftime("%H:%M:%S")])
def test_a_moment_is_chosen(perftui: Perftui, tape: Path, moment: str) -> None:
    done = perftui("replay", tape, "--json", "--at", moment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["resources"]["cpu"]["last"] == pytest.approx(0.9)


def test_an_incident_says_what_happened_and_where(perftui: Perftui, tmp_path: Path) -> None:
    incident = Incident(wall_ns=START + 30 * SECOND, text="it hangs \x1b[2J")
    header = msgspec.structs.replace(HEADER, incident=incident, facts={"memory": "4 GB", "system": "Debian"})
    write(tmp_path / "r.perftui-incident", range(30), header=header).close()
    done = perftui("replay", tmp_path / "r.perftui-incident", "--json")
    assert done.returncode == 0, done.stderr
    assert ": it hangs ^[[2J\n" in done.stderr
    assert "server: 6.1.0, x86_64, 2 CPUs, memory 4 GB, system Debian; perftui 1.2.3\n" in done.stderr
    json.loads(done.stdout)


def test_without_a_terminal_a_report_is_printed(perftui: Perftui, tape: Path) -> None:
    done = perftui("replay", tape)
    assert done.returncode == 0
    assert "no terminal here" in done.stderr
    assert "this host, watched for 10" in done.stdout


def test_nothing_is_remembered_for_tune_apply(perftui: Perftui, tape: Path) -> None:
    perftui("replay", tape, "--plain")
    assert not list((perftui.home / "state").rglob("*proposal*"))


@pytest.mark.parametrize(
    ("content", "args", "code", "said"),
    [
        (b"", (), 5, "not a recording"),
        (b"not a database", (), 5, "not a"),
        (None, (), 2, "does not exist"),
        ("tape", ("--at", "soon"), 2, "12:03:04"),
        ("tape", ("--at", "+500"), 2, "outside the recording, which is from"),
    ],
)
def test_what_cannot_be_replayed_is_said(
    perftui: Perftui,
    tape: Path,
    tmp_path: Path,
    content: bytes | str | None,
    args: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    path = tape if content == "tape" else tmp_path / "other"
    if isinstance(content, bytes):
        path.write_bytes(content)
    done = perftui("replay", path, "--plain", *args)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_a_recording_without_a_sample_is_said(perftui: Perftui, tmp_path: Path) -> None:
    write(tmp_path / "r", []).close()
    assert perftui("replay", tmp_path / "r", "--plain").returncode == 5


def test_on_a_terminal_the_screen_opens_and_q_leaves_it(perftui: Perftui, tape: Path) -> None:
    text = on_a_terminal(perftui, "replay", str(tape), keys=b"q")
    assert "\x1b[?1049l" in text


def test_a_report_loads_no_terminal_toolkit(perftui: Perftui, tape: Path) -> None:
    assert not loaded_by(perftui, "replay", str(tape), "--plain") & {"textual", "rich", "numpy"}


def test_a_recording_is_not_changed_by_a_replay(perftui: Perftui, tape: Path) -> None:
    before = tape.read_bytes()
    perftui("replay", tape, "--plain")
    assert tape.read_bytes() == before
    recording = Recording(tape)
    assert recording.count == 200
    recording.close()
