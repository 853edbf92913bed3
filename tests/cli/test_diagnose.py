"""``perftui diagnose`` on real processes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from perftui.report.documents import DiagnosisDocument
from tests.cli.conftest import SLEEP, SPIN, Perftui
from tests.host.test_target import wait_for

HOSTILE = "[red]$(x)\x1b]0;pwn\x07"
SHOWN = "[red]$(x)^[]0;pwn^G"


def diagnosed(perftui: Perftui, *args: str | int) -> dict[str, Any]:
    done = perftui("diagnose", *args, "--json")
    assert done.returncode == 0, done.stderr
    msgspec.json.decode(done.stdout, type=DiagnosisDocument)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_a_spinner_is_diagnosed(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child(SPIN)
    document = diagnosed(perftui, pid, "--for", "4")
    assert document["schema"] == "perftui.diagnosis/1"
    assert document["target"]["pid"] == pid
    assert document["target"]["processes"] == 1
    assert document["state"] == "limited"
    assert document["verdict"]["layer"] in ("cpu", "neighbour")
    assert document["verdict"]["rule"] == document["findings"][0]["rule"]
    assert document["hot"][0]["self_ratio"] > 0.5
    assert document["resources"]["target-cpu"]["mean"] > 0.05
    assert document["own_cost"]["rss_bytes"] > 0


def test_a_sleeper_is_idle_in_text(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child(SLEEP)
    done = perftui("diagnose", pid, "--for", "3")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"IDLE\n{pid} ")
    assert "\x1b" not in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines() if "undo:" not in line and "do:" not in line)


def test_without_a_target_the_host_is_diagnosed(perftui: Perftui) -> None:
    document = diagnosed(perftui, "--for", "2")
    assert document["target"].pop("kind") == "host"
    assert set(document["target"].values()) == {None, ""}
    assert "cpu" in document["resources"]


def test_a_process_that_is_not_python_is_sampled_by_perf(perftui: Perftui, child: Callable[..., int]) -> None:
    document = diagnosed(perftui, child("sleep", "600"), "--for", "5")
    assert document["state"] == "idle"
    assert document["hot"] == []
    assert document["profile"]["sampler"] == "perf"
    assert document["profile"]["state"] in ("starting", "ok")


def test_a_process_without_stacks_has_resources_and_the_gap_is_named(
    perftui: Perftui, child: Callable[..., int]
) -> None:
    pid = child("sleep", "600")
    os.kill(pid, signal.SIGSTOP)
    document = diagnosed(perftui, pid, "--for", "3")
    assert document["state"] == "idle"
    assert document["hot"] == []
    assert document["profile"]["state"] == "unavailable"
    assert document["profile"]["reason"]
    assert document["profile"]["remedy"]
    assert "target-cpu" in document["resources"]
    assert "hot functions:" in perftui("diagnose", pid, "--for", "2").stdout


def test_a_process_that_ends_midway_is_reported_as_far_as_it_went(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child("import time; time.sleep(4)")
    done = perftui("diagnose", pid, "--for", "60", "--interval", "0.5", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "perftui: the target ended while it was watched: this is what was measured until then\n"
    assert json.loads(done.stdout)["window_seconds"] < 10


def test_a_process_that_ends_before_anything_is_measured(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child(SLEEP)
    process = perftui.start("diagnose", str(pid), "--for", "50", "--interval", "50", "--json")
    os.kill(pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    out, err = process.communicate(timeout=80)
    assert (process.returncode, out) == (3, b"")
    assert err.startswith(b"perftui: ")


def test_its_own_children_belong_to_the_target_unless_left_out(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SPIN!r}])")
    try:
        assert diagnosed(perftui, pid, "--for", "2")["target"]["processes"] == 2
        assert diagnosed(perftui, pid, "--for", "2", "--no-children")["target"]["processes"] == 1
    finally:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            os.kill(int(file.read()), signal.SIGKILL)


def test_a_failed_check_ends_with_1_and_says_why(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child(SPIN)
    done = perftui("diagnose", pid, "--for", "3", "--fail-on", "info", "--json")
    assert done.returncode == 1
    assert done.stderr.startswith("perftui: check failed: ")
    assert json.loads(done.stdout)["state"] == "limited"


def test_a_wrong_gate_is_refused_before_anything_is_watched(perftui: Perftui) -> None:
    done = perftui("diagnose", "--for", "600", "--fail-on", "critcal")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean critical?" in done.stderr


@pytest.mark.parametrize("json_output", [True, False])
def test_a_hostile_name_and_command_line_do_nothing(
    perftui: Perftui, child: Callable[..., int], json_output: bool
) -> None:
    code = f"open('/proc/self/comm', 'w').write({HOSTILE[:15]!r})\n{SLEEP}"
    pid = child(HOSTILE, "-c", code, "A" * 100_000, executable=sys.executable)
    done = perftui("diagnose", pid, "--for", "2", *(["--json"] if json_output else []))
    assert done.returncode == 0, done.stderr
    assert SHOWN in done.stdout
    assert not [char for char in done.stdout + done.stderr if char != "\n" and not char.isprintable()]
    assert len(done.stdout) < 60_000


HOSTILE_NAMES = """
import ctypes, os, sys, threading, time
def spin():
    ctypes.CDLL(None).prctl(15, b"th\\x1b[2J\\xff\\x9b\\xe2\\x80\\xae")
    source = "def hot\\u0301():\\n  while True: sum(range(9999))\\nhot\\u0301()"
    exec(compile(source, "/tmp/f\\x1b[2J\\x9b\\u202e.py", "exec"))
threading.Thread(target=spin, daemon=True, name="py\\x1b[2J\\u202e").start()
time.sleep(600)
"""


@pytest.mark.root
@pytest.mark.parametrize("json_output", [True, False])
def test_hostile_names_of_groups_threads_and_files_do_nothing(
    perftui: Perftui, child: Callable[..., int], json_output: bool
) -> None:
    group = Path("/sys/fs/cgroup/cpu") / f"perftui-cli-{os.getpid()}-\x1b[2J\x85\u202e\udcff"
    if not (group.parent / "cpu.cfs_quota_us").exists():
        pytest.skip("no version 1 hierarchy is mounted here")
    pid = child(HOSTILE_NAMES)
    group.mkdir()
    try:
        (group / "cpu.cfs_quota_us").write_text("20000")
        (group / "cgroup.procs").write_text(str(pid))
        done = perftui("diagnose", pid, "--for", "4", *(["--json"] if json_output else []))
    finally:
        (group.parent / "cgroup.procs").write_text(str(pid))
        group.rmdir()
    assert done.returncode == 0, done.stderr
    assert not [char for char in done.stdout + done.stderr if char != "\n" and not char.isprintable()]
    if json_output:
        shown = json.loads(done.stdout)
        name = f"perftui-cli-{os.getpid()}-^[[2J\\x85\\u{{202e}}\\xff"
        assert any(name in text for text in texts(shown))
        assert not [text for text in texts(shown) if not text.isprintable()]


def texts(value: object) -> Iterator[str]:
    """Every string in a JSON document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from (name, *texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


@pytest.mark.root
def test_what_the_rights_hide_is_named_and_the_rest_is_shown(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sleep", "600")
    wait_for(lambda: os.stat(f"/proc/{pid}").st_uid == 65534)
    without = ["setpriv", "--bounding-set=-sys_ptrace,-dac_override,-dac_read_search", "--inh-caps=-all"]
    done = subprocess.run(
        [*without, *perftui.argv("diagnose", pid, "--for", "2", "--json")],
        capture_output=True,
        text=True,
        env=perftui.env,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert "target-cpu" in document["resources"]
    hidden = [entry for entry in document["not_visible"] + document["unknown"] if "65534" in entry["reason"]]
    assert hidden
    assert all(entry["remedy"] for entry in hidden)


def test_a_name_finds_one_process_and_lists_several(perftui: Perftui, child: Callable[..., int]) -> None:
    mark = f"mark-{os.getpid()}"
    code = f"'{mark}'; {SLEEP}"
    first = child(code)
    assert diagnosed(perftui, f"name:{mark}", "--for", "1")["target"]["pid"] == first
    second = child(code)
    done = perftui("diagnose", f"name:{mark}", "--for", "1")
    assert done.returncode == 2
    assert f"  {first} " in done.stderr
    assert f"  {second} " in done.stderr
