"""Nice values as the kernel has them."""

import os

import pytest

from perftui.host.nice import nice


def test_it_agrees_with_the_kernel() -> None:
    assert nice(os.getpid()) == str(os.nice(0))


def test_no_such_thread() -> None:
    with pytest.raises(ProcessLookupError):
        nice(2**22 + 1)
