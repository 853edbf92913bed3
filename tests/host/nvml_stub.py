"""Compiles the stub of the NVIDIA library, and runs code that finds it by its usual name."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

SOURCE = Path(__file__).parent / "nvml_stub.c"
REPOSITORY = Path(__file__).parents[2]


def compiled(directory: Path) -> Path:
    """``directory`` with a ``libnvidia-ml.so.1`` in it; skips the test where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler here")
    library = directory / "libnvidia-ml.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", "-w", "-o", str(library), str(SOURCE)], check=True, timeout=60)
    return directory


def run_with_stub(stub: Path, how: str, code: str) -> Any:
    """What ``code`` hands to ``tell(…)`` in a process of its own whose cards are in the state ``how``."""
    program = f"import sys, msgspec\ndef tell(it): sys.stdout.buffer.write(msgspec.json.encode(it))\n{code}"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=REPOSITORY,
        env={**os.environ, "LD_LIBRARY_PATH": str(stub), "NVML_STUB": how},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout)
