"""A kept file goes on meaning the same process."""

import os
import subprocess

import pytest

from perftui.errors import NoData
from perftui.host.kept import KeptFile
from perftui.host.procfs import Host
from tests.host.test_target import wait_for


@pytest.mark.parametrize("allowance", [1000, 256])
def test_read_again_until_the_process_is_gone(allowance: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a descriptor of its own, and opened each time when none is left."""
    monkeypatch.setattr("perftui.host.procfs._raised_fd_limit", lambda: allowance)
    before = len(os.listdir("/proc/self/fd"))
    with subprocess.Popen(["/bin/sleep", "1000"]) as child:
        kept = KeptFile(Host(), f"/proc/{child.pid}/statm")
        try:
            assert kept.changed()
            wait_for(lambda: not kept.changed() and kept.content == kept.read())  # once its start is over
        finally:
            child.kill()
    with pytest.raises(NoData):
        kept.read()
    kept.close()
    kept.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_file_that_is_not_there() -> None:
    kept = KeptFile(Host(), "/proc/nothing")
    with pytest.raises(NoData, match="not there"):
        kept.read()
    kept.close()
