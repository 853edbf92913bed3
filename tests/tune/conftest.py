import os
from collections.abc import Iterator

import pytest

from perftui.host.procfs import Host
from perftui.store.journal import Journal
from perftui.tune.executor import Executor


@pytest.fixture
def executor(journal: Journal) -> Iterator[Executor]:
    made = Executor(Host(), journal)
    yield made
    for entry in journal.entries(open_only=True):
        if entry.owner_pid == os.getpid():
            made.undo(entry.id)
