import os
import pwd
import stat
from pathlib import Path

import pytest

from perftui.errors import StoreError
from perftui.store.files import open_private, replace_file, state_dir


def test_state_dir_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = state_dir()
    assert folder == tmp_path / "state" / "perftui"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_relative_state_home_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_dir() == tmp_path / ".local" / "state" / "perftui"


def test_a_folder_open_to_others_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "perftui").mkdir(mode=0o755)
    with pytest.raises(StoreError, match="chmod 0700"):
        state_dir()


def test_a_linked_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "perftui").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="not a folder"):
        state_dir()


def test_open_private_creates_and_accepts_its_own_file(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    open_private(path)
    open_private(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_open_private_refuses_a_link_and_an_open_file(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(StoreError, match="plain file"):
        open_private(tmp_path / "link")
    (tmp_path / "real").chmod(0o644)
    with pytest.raises(StoreError, match="chmod 0600"):
        open_private(tmp_path / "real")


@pytest.mark.root
def test_root_with_the_home_of_another_user_keeps_its_state_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, own = tmp_path / "theirs", tmp_path / "root"
    theirs.mkdir()
    own.mkdir()
    os.chown(theirs, 65534, 65534)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(theirs))
    root = pwd.getpwuid(0)
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: pwd.struct_passwd((*root[:5], str(own), root[6])))
    assert state_dir() == own / ".local" / "state" / "perftui"
    assert not list(theirs.iterdir())
    monkeypatch.setenv("XDG_STATE_HOME", str(theirs / "state"))
    assert state_dir() == theirs / "state" / "perftui"


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "out"
    replace_file(path, b"old")
    with path.open("rb") as reader:
        replace_file(path, b"new")
        assert (reader.read(), path.read_bytes()) == (b"old", b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_no_link_folder_or_device_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    for path, why in (
        (tmp_path / "link", "symbolic link"),
        (tmp_path, "not a plain file"),
        (Path("/dev/null"), "not a plain file"),
        (tmp_path / "none" / "out", "there is no folder"),
        (tmp_path / ("x" * 300), "too long"),
    ):
        with pytest.raises(StoreError, match=why):
            replace_file(path, b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link"]
