"""What holds for every test."""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

from perftui.store.journal import Journal

# No deadline per example: how long one takes says more about the machine's neighbours than about the code.
# CI tries the same examples each time, so that it speaks about the change; new ones are for those who work on it.
settings.register_profile("perftui", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("perftui")

# Whoever starts the tests may ignore these (nohup, a shell's background job), and what is started here inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# pytest-xdist exports these, and they would override the size of the terminals that tests open.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)


@pytest.fixture(autouse=True)
def room(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests marked ``alone`` wait for those in other processes to end, and these wait for them."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if hasattr(request.config, "workerinput") else base
    alone = request.node.get_closest_marker("alone") is not None
    with open(folder / "door", "w") as door, open(folder / "room", "w") as inside:
        with locked(door.fileno(), fcntl.LOCK_EX):  # whoever waits to be alone stands in it
            fcntl.flock(inside, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


@contextmanager
def locked(fd: int, how: int) -> Iterator[None]:
    fcntl.flock(fd, how)
    yield
    fcntl.flock(fd, fcntl.LOCK_UN)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()
