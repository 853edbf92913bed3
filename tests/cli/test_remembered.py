"""Proposals are found again by their id, until the machine is restarted."""

import os
import stat
from pathlib import Path

import msgspec
import pytest

from perftui.cli import remembered
from perftui.cli.remembered import recall, remember
from perftui.errors import StoreError, UsageError
from tests.report.samples import NICE, update

SAMPLE = update().sample


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def file() -> Path:
    return Path(os.environ["XDG_STATE_HOME"]) / "perftui" / "proposals.json"


def test_a_proposal_is_found_again_whole() -> None:
    remember((NICE,), SAMPLE)
    found = recall(NICE.id, SAMPLE.boot_id)
    assert (found.proposal, found.proposal.digest, found.target) == (NICE, NICE.digest, SAMPLE.target)
    assert stat.S_IMODE(file().stat().st_mode) == 0o600


def test_an_id_of_an_earlier_boot_or_never_printed_is_refused() -> None:
    remember((NICE,), SAMPLE)
    for proposal_id, boot_id in ((NICE.id, "other"), ("none", SAMPLE.boot_id)):
        with pytest.raises(UsageError, match="perftui tune list"):
            recall(proposal_id, boot_id)


def test_the_newest_are_kept_and_their_number_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "KEPT", 3)
    for name in "abcda":
        remember((msgspec.structs.replace(NICE, id=name),), SAMPLE)
    kept = [entry["proposal"]["id"] for entry in msgspec.json.decode(file().read_bytes())]
    assert kept == ["a", "d", "c"]


def test_a_torn_file_is_forgotten() -> None:
    remember((NICE,), SAMPLE)
    file().write_bytes(file().read_bytes()[:-20])
    with pytest.raises(UsageError):
        recall(NICE.id, SAMPLE.boot_id)
    remember((NICE,), SAMPLE)
    assert recall(NICE.id, SAMPLE.boot_id).proposal == NICE


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    file().parent.mkdir(mode=0o700)
    (tmp_path / "elsewhere").write_text("[]")
    (tmp_path / "elsewhere").chmod(0o600)
    file().symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        remember((NICE,), SAMPLE)
