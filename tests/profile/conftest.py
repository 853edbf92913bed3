import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.profile.children import SLEEPER, python_child


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with python_child(sys.executable, SLEEPER) as process:
        yield process
