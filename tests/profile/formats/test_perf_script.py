"""What ``perf script`` prints, in its usual forms and from a real perf."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from perftui.errors import UsageError
from perftui.model.profile import Frame
from perftui.profile.formats.perf_script import parse, recognizes
from tests.profile.formats.profiles import seen

PRINTED = b"""\
# cmdline : perf record -g
python3 4242/4243 [001]  123.456789:   10101010 cpu-clock:pppH:
\t    55d0c0de1234 _PyEval_EvalFrameDefault+0x1f4 (/usr/bin/python3.11)
\t    7f00deadbeef [unknown] (/tmp/lib (copy)/libfoo.so (deleted))
\t    7f0011112222 py::parse:/srv/app.py+0xb (/tmp/perf-4242.map)
\tffffffff81000000 [unknown] ([unknown])

Web Content  77 123.5: cycles:P:
\t    401136 operator() (anonymous)(int)+0x10 (/usr/bin/web)

python3 4242/4243 [000]  123.466789:   10101010 cpu-clock:pppH:

"""


def test_samples_and_frames() -> None:
    assert recognizes(PRINTED)
    read = parse(PRINTED)
    assert read.knows_cpu
    assert {thread.name for thread in read.profile.threads} == {"python3", "Web Content"}
    assert seen(read.profile) == {
        (
            4242,
            4243,
            (
                Frame(function="[unknown]", file="[unknown]"),
                Frame(function="parse", file="/srv/app.py"),
                Frame(function="/tmp/lib (copy)/libfoo.so", file="/tmp/lib (copy)/libfoo.so"),
                Frame(function="_PyEval_EvalFrameDefault", file="/usr/bin/python3.11"),
            ),
        ): 1,
        (77, 77, (Frame(function="operator() (anonymous)(int)", file="/usr/bin/web"),)): 1,
        (4242, 4243, ()): 1,
    }


def test_events_that_are_no_time() -> None:
    assert not parse(PRINTED.replace(b"cycles:P", b"page-faults")).knows_cpu


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (PRINTED + b"nonsense\n", "line 13"),
        (b"\n  401136 main (x)\n" + PRINTED, "line 2: a frame before"),
        (b"", "no stacks"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(raw: bytes, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        parse(raw)


@pytest.mark.skipif(shutil.which("perf") is None, reason="perf is a package of its own")
def test_a_real_perf(tmp_path: Path) -> None:
    record = tmp_path / "perf.data"
    spin = "import time\nuntil = time.monotonic() + 0.5\nwhile time.monotonic() < until: pass"
    argv = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "199", "-g", "-o", record, sys.executable, "-c", spin]
    subprocess.run(argv, check=True, capture_output=True, timeout=60)
    printed = subprocess.run(["perf", "script", "-i", record], check=True, capture_output=True, timeout=60).stdout
    assert recognizes(printed)
    profile = parse(printed).profile
    heads = [line for line in printed.splitlines() if line and not line.startswith((b"\t", b" ", b"#"))]
    assert profile.samples == len(heads) > 10
    assert any(frame.file.endswith("]") or frame.file.startswith("/") for frame in profile.frames)
