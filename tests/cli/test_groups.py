"""Groups as targets, and limits as seen from inside: real control groups, a real PID namespace, another user."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SLEEP, SPIN, Perftui, children_of
from tests.host.test_target import wait_for

CG = Path("/sys/fs/cgroup")
QUOTA_US = 30_000
LIMIT_BYTES = 96 << 20


@pytest.fixture
def group() -> Iterator[str]:
    """A group of 0.3 CPUs and 96 MiB in the hierarchies of version 1; whoever is left in it is killed."""
    folders = [CG / name / f"perftui-test-cli-{os.getpid()}" for name in ("cpu", "memory")]
    if not all((folder.parent / "cgroup.sane_behavior").exists() for folder in folders):
        pytest.skip("no version 1 hierarchy is mounted here")
    for folder in folders:
        folder.mkdir()
    (folders[0] / "cpu.cfs_quota_us").write_text(str(QUOTA_US))
    (folders[1] / "memory.limit_in_bytes").write_text(str(LIMIT_BYTES))
    yield folders[0].name
    for folder in folders:
        for pid in (folder / "cgroup.procs").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
    for folder in folders:
        wait_for(lambda: not (folder / "cgroup.procs").read_text())  # noqa: B023 (called at once)
        folder.rmdir()


def put(pid: int, group: str) -> None:
    for name in ("cpu", "memory"):
        (CG / name / group / "cgroup.procs").write_text(str(pid))


def limits(target: dict[str, Any]) -> tuple[tuple[float, str], tuple[int, str]]:
    cpu, memory = target["cpu_limit"], target["memory_limit"]
    return (cpu["limit"], cpu["by"]), (memory["limit"], memory["by"])


WANTED = ((0.3, "quota"), (LIMIT_BYTES, "limit"))


@pytest.mark.root
def test_a_group_is_diagnosed_as_a_whole(perftui: Perftui, child: Callable[..., int], group: str) -> None:
    pids = [child(SPIN), child(SPIN), child(SLEEP)]
    for pid in pids:
        put(pid, group)
    done = perftui("diagnose", f"cgroup:/{group}", "--for", "6", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    target = document["target"]
    assert (target["kind"], target["name"], target["processes"]) == ("cgroup", f"/{group}", 3)
    assert target["pid"] in pids
    assert limits(target) == WANTED
    assert document["verdict"]["rule"] == "cpu-quota"
    mean = document["resources"]["target-cpu"]["mean"]
    assert 0.2 < mean < 0.4


@pytest.mark.root
def test_without_children_it_is_the_main_process_alone(perftui: Perftui, child: Callable[..., int], group: str) -> None:
    for _ in range(2):
        put(child(SLEEP), group)
    done = perftui("diagnose", f"cgroup:/{group}", "--no-children", "--for", "2", "--json")
    assert done.returncode == 0, done.stderr
    target = json.loads(done.stdout)["target"]
    assert (target["kind"], target["processes"], target["name"]) == ("process", 1, "")


@pytest.mark.root
def test_the_text_names_the_group_and_what_it_may_use(perftui: Perftui, child: Callable[..., int], group: str) -> None:
    put(child(SLEEP), group)
    done = perftui("diagnose", f"cgroup:/{group}", "--for", "2")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1].startswith(f"cgroup /{group}: ")
    assert lines[2] == "may use 0.3 CPUs (quota) and 96M of memory (limit)"


@pytest.mark.root
def test_a_group_whose_processes_all_end_has_ended(perftui: Perftui, child: Callable[..., int], group: str) -> None:
    pids = [child(SLEEP), child(SLEEP)]
    for pid in pids:
        put(pid, group)
    watching = perftui.start("diagnose", f"cgroup:/{group}", "--for", "60")
    wait_for(lambda: bool(children_of(watching.pid)))  # it watches: its sampler runs
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    out, err = watching.communicate(timeout=60)
    assert watching.returncode in (0, 3), err
    assert b"ended" in err
    assert out or watching.returncode == 3


@pytest.mark.parametrize(
    ("spec", "code", "said"),
    [
        ("unit:none-such.service", 3, "none-such.service"),
        ("cgroup:/none-such", 3, "no control group /none-such"),
        ("cgroup:/", 2, "the whole host"),
        ("cgroup:none", 2, "begins with /"),
        ("container:none-such", 3, "none-such"),
        ("container:", 2, "container:4f66ad9a1b2c"),
        ("task:1", 2, "unit:NAME.service, cgroup:PATH or container:ID"),
    ],
)
def test_errors(perftui: Perftui, spec: str, code: int, said: str) -> None:
    done = perftui("diagnose", spec, "--for", "1")
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


INSIDE = """
import json, os, subprocess, sys
children = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
try:
    spec = sys.argv[1].replace("CHILD", str(children[0].pid))
    argv = [sys.executable, "-W", "error", "-m", "perftui", "diagnose", spec, "--for", "5", "--json"]
    done = subprocess.run(argv, capture_output=True, text=True)
finally:
    for child in children:
        child.kill()
print(json.dumps([children[0].pid, os.getpid(), done.returncode, done.stdout, done.stderr]))
"""


def diagnosed_inside(perftui: Perftui, group: str, spec: str) -> tuple[int, dict[str, Any]]:
    """What perftui says in a PID namespace of its own, in the group; and the PID there of the one that it looks at."""
    join = 'for name in cpu memory; do echo 0 > /sys/fs/cgroup/$name/$0/cgroup.procs; done; exec "$@"'
    argv = ["/usr/bin/unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", INSIDE, spec]
    done = subprocess.run(
        ["/bin/sh", "-c", join, group, *argv], capture_output=True, text=True, timeout=100, env=perftui.env, check=False
    )
    assert done.returncode == 0, done.stderr
    child, own, code, out, err = json.loads(done.stdout)
    assert own == 1
    assert code == 0, err
    return child, json.loads(out)


@pytest.mark.root
def test_a_process_seen_from_inside_its_pid_namespace(perftui: Perftui, group: str) -> None:
    child, document = diagnosed_inside(perftui, group, "CHILD")
    assert child < 10
    assert (document["target"]["pid"], document["target"]["processes"]) == (child, 1)
    assert document["target"]["group"]["inner_pid"] is None  # this namespace is its own
    assert limits(document["target"]) == WANTED
    assert 0.02 < document["resources"]["target-cpu"]["mean"] < 0.3


@pytest.mark.root
def test_a_group_seen_from_inside_a_pid_namespace(perftui: Perftui, group: str) -> None:
    """Processes of the namespace have their numbers in it; those outside are not there."""
    _, document = diagnosed_inside(perftui, group, f"cgroup:/{group}")
    target = document["target"]
    assert target["pid"] == 1
    assert target["processes"] >= 4  # its first process, both children, perftui itself
    assert limits(target) == WANTED


@pytest.mark.root
def test_from_outside_a_process_has_the_number_of_its_own_namespace_too(
    perftui: Perftui, child: Callable[..., int]
) -> None:
    outer = child("unshare", "--pid", "--fork", "sleep", "600")
    tasks = Path(f"/proc/{outer}/task/{outer}/children")
    wait_for(lambda: bool(tasks.read_text()))
    pid = int(tasks.read_text())
    target: dict[str, Any] = {}

    def has_its_group() -> bool:
        """Its group is read beside the ticks: two seconds of a starved machine may end before that."""
        done = perftui("diagnose", pid, "--for", "2", "--json")
        assert done.returncode == 0, done.stderr
        target.update(json.loads(done.stdout)["target"])
        return target["group"] is not None

    try:
        wait_for(has_its_group, seconds=60)
        assert (target["pid"], target["group"]["inner_pid"]) == (pid, 1)
    finally:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.root
def test_without_the_right_to_trace_each_missing_thing_has_its_remedy(
    perftui: Perftui, child: Callable[..., int]
) -> None:
    pid = child("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sleep", "600")
    wait_for(lambda: Path(f"/proc/{pid}").stat().st_uid == 65534)
    without = ["setpriv", "--bounding-set=-sys_ptrace,-dac_override,-dac_read_search", "--inh-caps=-all"]
    done = subprocess.run(
        [*without, *perftui.argv("doctor", pid, "--json")],
        capture_output=True, text=True, timeout=90, env=perftui.env, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    checks = {(check["area"], check["name"]): check for check in json.loads(done.stdout)["checks"]}
    assert checks["collector", "waits"]["state"] == "missing"
    tree = checks["collector", "tree"]
    assert (tree["state"], tree["detail"]) == ("limited", "not readable: disk I/O")
    hidden = [
        check
        for (area, _), check in checks.items()
        if area in ("collector", "right") and any(word in check["detail"] for word in ("permission", "hidden", "65534"))
    ]
    assert hidden
    assert [check["name"] for check in hidden if not check["remedy"]] == []
