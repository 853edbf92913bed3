"""What a command does not need it does not load."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.cli.conftest import SLEEP, Perftui

PROBE = """
import sys
sys.argv[0] = "perftui"
from perftui.__main__ import main
code = main()
print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


def loaded_by(perftui: Perftui, *args: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *args], capture_output=True, text=True, timeout=90, env=perftui.env, check=False
    )
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stderr.splitlines() if line.startswith("LOADED"))
    return set(line.split()[1:])


@pytest.mark.parametrize(
    "args", [("--help",), ("diagnose", "--help"), ("export", "--help"), ("config", "path"), ("schema",), ("explain",)]
)
def test_light_commands_load_no_toolkit(perftui: Perftui, args: tuple[str, ...]) -> None:
    assert not loaded_by(perftui, *args) & {"textual", "rich", "numpy"}


def test_help_loads_no_room_at_all(perftui: Perftui) -> None:
    assert not loaded_by(perftui, "--help") & {"sqlite3", "ctypes", "asyncio"}


def test_diagnose_loads_no_terminal_toolkit(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child(SLEEP)
    assert not loaded_by(perftui, "diagnose", str(pid), "--for", "1") & {"textual", "rich", "numpy"}
