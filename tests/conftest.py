"""What holds for every test."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from perftui.store.journal import Journal

# No deadline per example: how long one takes says more about the machine's neighbours than about the code.
settings.register_profile("perftui", deadline=None)
settings.load_profile("perftui")

# Whoever starts the tests may ignore these (nohup, a shell's background job), and what is started here inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# pytest-xdist exports these, and they would override the size of the terminals that tests open.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)

@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()
