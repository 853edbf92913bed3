"""The end of a sampler whose thread hangs."""

import os
import sys
import threading
from pathlib import Path

import pytest

from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.profile import pyspy
from perftui.profile.pyspy import PySpySampler
from tests.host.test_target import wait_for
from tests.profile.children import python_child, samplers_of


class _DeadMount(Host):
    """Source files are on a network mount whose server is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.back = threading.Event()

    def open(self, path: str, flags: int = os.O_RDONLY) -> int:
        if path.endswith("slow.py"):
            self.reached.set()
            self.back.wait(60)
        return super().open(path, flags)


def test_stop_does_not_wait_for_a_file_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyspy, "_STOP_SECONDS", 0.3)
    script = tmp_path / "slow.py"
    script.write_text(
        "import time\ndef rest():\n    time.sleep(0.01)\ndef work():\n    sum(range(9999))\n"
        "print('up', flush=True)\nwhile True:\n    rest()\n    work()\n"
    )
    host = _DeadMount()
    with python_child(sys.executable, f"exec(compile(open({str(script)!r}).read(), {str(script)!r}, 'exec'))") as child:
        held = HeldTarget.open(host, child.pid)
        sampler = PySpySampler(host, held)
        try:
            sampler.start()
            assert host.reached.wait(30)
            sampler.stop()
            assert sampler.status.state == "off"
            assert sampler._thread is not None
            assert sampler._thread.is_alive()
        finally:
            host.back.set()
        wait_for(lambda: sampler._thread is not None and not sampler._thread.is_alive())
        assert not samplers_of(child.pid)
        sampler._selector.close()
        os.close(sampler._wake)
        held.close()
