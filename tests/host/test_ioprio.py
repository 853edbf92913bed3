"""I/O priorities as the kernel has them."""

import os
import subprocess

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.errors import NoData
from perftui.host.ioprio import io_priority, io_priority_number, io_priority_text


def test_it_agrees_with_what_was_set() -> None:
    with subprocess.Popen(["/bin/sleep", "1000"]) as child:
        try:
            assert io_priority(child.pid) == "none"
            psutil.Process(child.pid).ionice(psutil.IOPRIO_CLASS_BE, 6)
            assert io_priority(child.pid) == "be:6"
            psutil.Process(child.pid).ionice(psutil.IOPRIO_CLASS_IDLE)
            assert io_priority(child.pid) == "idle"
        finally:
            child.kill()


def test_hints_are_left_out() -> None:
    assert io_priority_text(1 << 13 | 1 << 3 | 2) == "rt:2"
    assert io_priority_text(0) == "none"


def test_no_such_thread_is_no_data() -> None:
    assert io_priority(os.getpid())
    with pytest.raises(NoData, match="No such process"):
        io_priority(2**22 + 1)


@given(st.sampled_from(["none", "idle", *(f"{name}:{level}" for name in ("be", "rt") for level in range(8))]))
def test_io_priorities_read_back(text: str) -> None:
    assert io_priority_text(io_priority_number(text)) == text


@pytest.mark.parametrize("text", ["", "be", "be:8", "be:", "idle:1", "best"])
def test_what_is_no_io_priority(text: str) -> None:
    with pytest.raises(ValueError, match="not an I/O priority"):
        io_priority_number(text)
