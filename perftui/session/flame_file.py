"""Stacks as files: those of other programs are read, ours are written."""

from datetime import datetime
from pathlib import Path

from perftui.errors import StoreError, UsageError
from perftui.model.profile import StackProfile
from perftui.profile.formats import MAX_BYTES, About, Imported, export, read
from perftui.profile.tree import View
from perftui.store.files import replace_file, state_dir

FOLDER = "flames"


def read_flame(path: Path) -> Imported:
    """The stacks of a file of another program, its format known by what is in it. UsageError.

    A pipe will do: ``perftui flame <(perf script)``.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    return read(raw, str(path))


def save_flame(profile: StackProfile, format_name: str, *, view: View, title: str, wall_ns: int) -> Path:
    """Write the stacks into the state folder. ``title`` is the target's, ``wall_ns`` when the first of them was taken.

    UsageError for a format that there is not, StoreError.
    """
    folder = state_dir() / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}") from error
    return write_flame(profile, About(view=view, title=title, wall_ns=wall_ns), format_name, folder)


def write_flame(profile: StackProfile, about: About, format_name: str, folder: Path) -> Path:
    """A new private file in this folder, named by the time and the process. UsageError, StoreError."""
    chosen = export(format_name)
    pids = {row.pid for row in profile.rows}
    whom = str(next(iter(pids))) if len(pids) == 1 else f"{len(pids)}-processes"
    moment = f"{datetime.now():%Y%m%d-%H%M%S.%f}"[:-3]
    path = folder / f"{moment}-{whom}-{about.view}{chosen.suffix}"
    replace_file(path, chosen.write(profile, about))
    return path
