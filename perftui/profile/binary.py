"""Where the py-spy program is."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from perftui.errors import NoData


def find_py_spy() -> str:
    """The absolute path: of this installation first, of the distribution (in a zipapp), then of ``PATH``.

    NoData when there is none.
    """
    for path in _candidates():
        if path.is_file() and os.access(path, os.X_OK):
            return str(path.absolute())
    raise NoData("the program py-spy is not installed", f"{sys.executable} -m pip install py-spy")


def _candidates() -> Iterator[Path]:
    yield Path(sys.executable).parent / "py-spy"
    yield from _of_distribution()
    if found := shutil.which("py-spy"):
        yield Path(found)


def _of_distribution() -> Iterator[Path]:
    from importlib import metadata  # 17 ms that most installations never need

    try:
        distribution = metadata.distribution("py-spy")
    except metadata.PackageNotFoundError:
        return
    for file in distribution.files or ():
        if file.name == "py-spy":
            yield Path(str(file.locate()))
    # `pip install --target`, which zipapps are made with, moves scripts without correcting the list of files.
    yield Path(str(distribution.locate_file("bin/py-spy")))
