"""Which sampler a process gets."""

import subprocess
from pathlib import Path

import pytest

from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.profile.choose import runs_python, sampler_for
from perftui.profile.perf import PerfSampler
from perftui.profile.pyspy import PySpySampler
from perftui.profile.sampler import Sampler
from tests.profile.children import ended
from tests.profile.natives import compiled, running

REST = '#include <stdio.h>\n#include <unistd.h>\nint main(void) { puts("up"); fflush(stdout); for (;;) pause(); }\n'


def chosen(pid: int) -> Sampler:
    host = Host()
    held = HeldTarget.open(host, pid)
    try:
        sampler = sampler_for(host, held, rate_hz=100, budget_ratio=0.05)
        assert sampler.status.state == "off"
        sampler.stop()
    finally:
        held.close()
    return sampler


def test_python_gets_py_spy(sleeper: subprocess.Popen[bytes]) -> None:
    assert isinstance(chosen(sleeper.pid), PySpySampler)


def test_all_else_gets_perf(tmp_path: Path) -> None:
    python_in_its_path = tmp_path / "python3.11"
    python_in_its_path.mkdir()
    with running(compiled(python_in_its_path, REST)) as child:
        assert isinstance(chosen(child.pid), PerfSampler)


def test_what_may_not_be_looked_into_gets_the_sampler_that_says_why(tmp_path: Path) -> None:
    with running(compiled(tmp_path, REST)) as child:
        held = HeldTarget.open(Host(), child.pid)
    sampler = sampler_for(Host(), held, rate_hz=100, budget_ratio=0.05)
    sampler.stop()
    held.close()

    assert isinstance(sampler, PySpySampler)
    assert ended() != child.pid


@pytest.mark.parametrize(
    ("path", "python"),
    [
        (b"/usr/bin/python3.11", True),
        (b"/opt/app/lib/libpython3.13t.so.1.0", True),
        (b"/usr/lib/python3.9/lib-dynload/_json.so", True),
        (b"/srv/_fast.cpython-312-x86_64-linux-gnu.so", True),
        (b"/usr/bin/pypy3.10", False),
        (b"/opt/python3.11/bin/node", False),
        (b"/usr/bin/redis-server", False),
    ],
)
def test_what_counts_as_python(path: bytes, python: bool) -> None:
    assert runs_python(b"00400000-00401000 r-xp 00000000 08:01 12 " + path + b"\n7f00-7f01 rw-p 0 00:00 0\n") == python
