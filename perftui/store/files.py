"""The private folder that perftui keeps its state in.

Everything in it is the user's own: the folder 0700, files 0600, neither of the two a symbolic link (the folders
above them may be). perftui often runs as root, so a folder that somebody else prepared is refused, not repaired.
"""

import os
import pwd
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from perftui.errors import StoreError


def state_dir() -> Path:
    """``$XDG_STATE_HOME/perftui`` (or ``~/.local/state/perftui``), made if missing.

    For root with the home of somebody else (sudo may leave HOME alone) ``~`` is root's own home: folders of root in
    that home would be in its owner's way, and the owner could replace what root keeps there.
    StoreError when it is not a folder, belongs to somebody else, or is open to others.
    """
    base = os.environ.get("XDG_STATE_HOME", "")
    root = Path(base) if base.startswith("/") else _home() / ".local" / "state"
    folder = root / "perftui"
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True, mode=0o700)
        found = folder.lstat()
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}: set XDG_STATE_HOME to a folder you can write") from error
    if not stat.S_ISDIR(found.st_mode):
        raise StoreError(f"{folder}: not a folder: move it away")
    _require_private(folder, found, "0700")
    return folder


def _home() -> Path:
    home = Path.home()
    try:
        borrowed = os.geteuid() == 0 and home.stat().st_uid != 0
    except OSError:
        borrowed = False  # making the folder says what is wrong with it
    return Path(pwd.getpwuid(0).pw_dir) if borrowed else home


def open_private(path: Path) -> None:
    """Make sure that ``path`` is a regular file of ours with mode 0600, creating it empty when missing.

    For libraries that open by name (SQLite): call this first. StoreError when it is a link or somebody else's.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}: it must be a plain file of your own") from error
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise StoreError(f"{path}: not a plain file: move it away")
        _require_private(path, found, "0600")
    finally:
        os.close(fd)


def check_replaceable(path: Path) -> None:
    """StoreError when ``replace_file`` could not write there: no folder, a link, or else no plain file."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        found = None
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    if found is not None and stat.S_ISLNK(found.st_mode):
        raise StoreError(f"{path}: it is a symbolic link")
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise StoreError(f"{path}: not a plain file")
    if not path.parent.is_dir():
        raise StoreError(f"{path}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise StoreError(f"{path}: no file can be made in {path.parent}")


def replace_file(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a whole file: whoever reads it sees the old one or the new one, never half of one. StoreError.

    ``mode`` is of a new file, less the umask. A link is refused, not followed: somebody may have put it there.
    """
    check_replaceable(path)
    fresh = path.parent / f".perftui-{secrets.token_hex(8)}.tmp"
    try:
        with open(
            os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode), "wb"
        ) as file:
            file.write(content)
        fresh.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    finally:
        with suppress(OSError):  # it has its new name, or is half a file
            fresh.unlink()


def _require_private(path: Path, found: os.stat_result, mode: str) -> None:
    if found.st_uid != os.geteuid():
        raise StoreError(f"{path}: belongs to uid {found.st_uid}, not to you: move it away")
    if found.st_mode & 0o077:
        raise StoreError(f"{path}: open to other users: chmod {mode} {path}")
