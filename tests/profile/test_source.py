"""Source files as the target sees them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.profile.source import source_lines

OWN = os.getpid()


def test_lines_are_fit_to_be_shown(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_bytes(b"def f():\r\n\treturn '\xff\x1b]0;x\x07'\n" + b"x" * 1000)
    lines = source_lines(Host(), OWN, str(file))
    assert lines[:2] == ["def f():", "    return '\\xff^[]0;x^G'"]
    assert len(lines[2]) == 400


def test_a_relative_path_is_that_of_the_target() -> None:
    here = Path(__file__).resolve()
    with subprocess.Popen(["/bin/sleep", "1000"], cwd=here.parent) as child:
        try:
            assert source_lines(Host(), child.pid, here.name)[0] == '"""Source files as the target sees them."""'
        finally:
            child.kill()


def test_only_plain_text_is_read(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("pass")
    (tmp_path / "link.py").symlink_to(tmp_path / "plain.py")
    (tmp_path / "lib.so").write_bytes(b"\x7fELF\0\0")
    (tmp_path / "huge.py").touch()
    os.truncate(tmp_path / "huge.py", (4 << 20) + 1)
    os.mkfifo(tmp_path / "fifo.py")
    for name in ("link.py", "lib.so", "huge.py", "fifo.py", "missing.py", "."):
        with pytest.raises(NoData):
            source_lines(Host(), OWN, str(tmp_path / name))
    for file in ("", "<string>", "<frozen importlib._bootstrap>"):
        with pytest.raises(NoData, match="no file"):
            source_lines(Host(), OWN, file)


@pytest.mark.root
def test_a_file_that_only_the_target_sees(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    assert unshare is not None
    script = f"mount -t tmpfs none {tmp_path} && echo 'x = 1' > {tmp_path}/app.py && echo ready && exec sleep 1000"
    with subprocess.Popen([unshare, "--mount", "/bin/sh", "-c", script], stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            assert not (tmp_path / "app.py").exists()
            assert source_lines(Host(), child.pid, f"{tmp_path}/app.py") == ["x = 1", ""]
        finally:
            child.kill()
