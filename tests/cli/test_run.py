"""``perftui run``: watches its own child and leaves with the child's code."""

import json
import os
import signal
import sys

import pytest

from tests.cli.conftest import Perftui, end
from tests.host.test_target import wait_for

BUSY = "import time\nuntil = time.monotonic() + 4\nwhile time.monotonic() < until: pass\nprint('from the child')"


def test_the_diagnosis_follows_the_output_and_the_code_is_the_commands(perftui: Perftui) -> None:
    done = perftui("run", "--plain", "--", sys.executable, "-c", f"{BUSY}\nraise SystemExit(7)")
    assert done.returncode == 7
    assert done.stdout.startswith("from the child\n")
    assert "watched for" in done.stdout
    assert "no terminal" not in done.stderr


def test_with_json_stdout_is_the_document_alone(perftui: Perftui) -> None:
    done = perftui("run", "--json", "--", sys.executable, "-c", BUSY)
    assert done.returncode == 0
    assert json.loads(done.stdout)["schema"] == "perftui.diagnosis/1"
    assert "from the child" in done.stderr


def test_without_a_terminal_it_falls_back_with_a_notice(perftui: Perftui) -> None:
    done = perftui("run", "--", "sh", "-c", "sleep 3; exit 3")
    assert done.returncode == 3
    assert done.stderr.startswith("perftui: no terminal here: printing a plain report instead")


def test_options_of_the_command_are_its_own(perftui: Perftui) -> None:
    done = perftui("run", "--plain", "sh", "-c", "echo $0 $1", "--json", "--for")
    assert done.stdout.startswith("--json --for\n")


@pytest.mark.parametrize(("script", "code"), [("exit 5", 5), ("kill -9 $$", 137), ("true", 0)])
def test_a_command_that_ends_at_once_keeps_its_code(perftui: Perftui, script: str, code: int) -> None:
    done = perftui("run", "--plain", "--", "sh", "-c", script)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_a_command_that_cannot_be_started(perftui: Perftui) -> None:
    for command, code in (("/no/such/program", 3), ("/proc/self/mem", 4)):
        done = perftui("run", "--plain", "--", command)
        assert done.returncode == code
        assert done.stderr.startswith(f"perftui: {command}: ")


def test_a_signal_ends_the_command_and_still_prints_what_was_measured(perftui: Perftui) -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    process = perftui.start("run", "--plain", "--interval", "0.5", "--", sys.executable, "-c", code)
    assert process.stdout is not None
    command = int(process.stdout.readline())
    with open(f"/proc/{process.pid}/io") as file:
        assert file.read()
    wait_for(lambda: cpu_ticks(process.pid) > 0)
    wait_for(lambda: os.path.exists(perftui.home / "state" / "perftui" / "journal.sqlite"))
    returncode, out, err = end(process, signal.SIGTERM)
    assert returncode == 143
    assert b"Traceback" not in out + err
    wait_for(lambda: not os.path.exists(f"/proc/{command}"))


def cpu_ticks(pid: int) -> int:
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[11])
