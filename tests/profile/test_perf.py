"""The sampler with the real perf on real processes."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.profile import SLOT_NS
from perftui.profile import perf, perf_find, perf_stream
from perftui.profile.perf import PerfSampler
from tests.host.test_target import wait_for
from tests.profile.children import REPOSITORY, python_child, state_of
from tests.profile.natives import SPIN, collect, compiled, perfs_of, running, sampling, shares, whole

THREADS = r"""
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static volatile unsigned long sink;
static void *spin(void *none) { pthread_setname_np(pthread_self(), "a 1/2 3.4:\n\x1b[1m"); for (;;) sink++; }
static void *rest(void *none) { pthread_setname_np(pthread_self(), "rests"); for (;;) pause(); }
int main(void) {
    pthread_t one, two;
    pthread_create(&one, 0, spin, 0);
    pthread_create(&two, 0, rest, 0);
    puts("up"); fflush(stdout);
    for (;;) pause();
}
"""
FORKS = r"""
#include <stdio.h>
#include <unistd.h>
static volatile unsigned long sink;
void of_the_child(void) { for (int at = 0; at < 100000; at++) sink++; }
void of_the_parent(void) { for (int at = 0; at < 100000; at++) sink++; }
int main(void) {
    puts("up"); fflush(stdout);
    for (int at = 0; at < 20000; at++) of_the_parent();
    pid_t parent = getpid();
    if (fork() == 0) {
        while (getppid() == parent) of_the_child();
        return 0;
    }
    for (;;) of_the_parent();
}
"""
RESTS = '#include <stdio.h>\n#include <unistd.h>\nint main(void) { puts("up"); fflush(stdout); for (;;) pause(); }\n'
INNER = r"""
#include <stdio.h>
static volatile unsigned long sink;
__attribute__((noinline)) void inner(void) { for (unsigned long at = 0; at < 200000; at++) sink += at; }
__attribute__((noinline)) void outer(void) { inner(); sink++; }
int main(void) { puts("up"); fflush(stdout); for (;;) { outer(); sink++; } }
"""


def unavailable(sampler: PerfSampler) -> str:
    wait_for(lambda: sampler.status.state == "unavailable", seconds=60)
    return f"{sampler.status.reason} | {sampler.status.remedy}"


@pytest.mark.alone
def test_functions_at_two_to_one_appear_so(tmp_path: Path) -> None:
    with running(compiled(tmp_path, SPIN)) as child, sampling(child.pid, rate_hz=250) as sampler:
        windows = collect(sampler, samples=800)
    seen = shares(windows)

    assert [seen["two_parts"], seen["one_part"]] == pytest.approx([2 / 3, 1 / 3], abs=0.08)
    assert seen["main"] > 0.95
    assert {frame.file for frame in whole(windows).frames if frame.function == "chew"} == {str(tmp_path / "program")}


def test_windows_follow_each_other_and_tell_when(tmp_path: Path) -> None:
    with running(compiled(tmp_path, SPIN)) as child, sampling(child.pid) as sampler:
        windows = collect(sampler, samples=150)
        status = sampler.status

    assert all(older.ended_ns == newer.started_ns for older, newer in pairwise(windows))
    for window in windows:
        assert (window.sampler, window.mode) == ("perf", "perf")
        assert all(row.on_cpu == row.samples and row.pid == child.pid for row in window.rows)
        assert window.samples <= window.attempts
        slots = list(window.slots.rows("row", "slot", "samples"))
        last = (window.ended_ns - window.started_ns) // SLOT_NS
        assert all(0 <= row < len(window.rows) and 0 <= slot <= last for row, slot, _ in slots)
        assert sum(samples for *_, samples in slots) <= window.samples
    # Late ones have no slot: those for which perf had to wait for a CPU.
    assert sum(sum(window.slots.ints("samples")) for window in windows) > 75
    assert (status.state, status.sampler, status.mode, status.reason) == ("ok", "perf", "perf", "")
    assert status.gap_ratio < 0.5
    assert status.sampler_cpu_ratio > 0


def test_only_what_runs_is_seen_and_hostile_thread_names_do_no_harm(tmp_path: Path) -> None:
    with running(compiled(tmp_path, THREADS)) as child, sampling(child.pid) as sampler:
        profile = whole(collect(sampler, samples=50))
        tids = {int(name) for name in os.listdir(f"/proc/{child.pid}/task")}

    assert len(tids) == 3
    assert {row.tid for row in profile.rows if row.samples > 5} < tids
    assert "rests" not in {thread.name for thread in profile.threads}
    assert all(thread.name.isprintable() for thread in profile.threads)


def test_a_process_that_rests_gives_empty_windows(tmp_path: Path) -> None:
    with running(compiled(tmp_path, RESTS)) as child, sampling(child.pid) as sampler:
        wait_for(lambda: sampler.status.state == "ok")
        (window, *_) = sampler.take()

    assert (window.rows, window.coverage_ratio) == ((), 1.0)
    assert window.attempts > 0


def test_children_are_left_out(tmp_path: Path) -> None:
    with running(compiled(tmp_path, FORKS, "-O1")) as child, sampling(child.pid) as sampler:
        wait_for(lambda: bool((Path(f"/proc/{child.pid}/task/{child.pid}/children")).read_text()), seconds=60)
        sampler.take()
        windows = collect(sampler, samples=50)

    assert {row.pid for window in windows for row in window.rows} == {child.pid}
    assert "of_the_child" not in shares(windows)


def test_dwarf_follows_stacks_without_frame_pointers(tmp_path: Path) -> None:
    program = compiled(tmp_path, INNER, "-O1", "-fomit-frame-pointer", "-fno-optimize-sibling-calls")
    with running(program) as child, sampling(child.pid, unwind="dwarf") as sampler:
        windows = collect(sampler, samples=50)

    assert {"main", "outer", "inner"} <= {function for function, share in shares(windows).items() if share > 0.8}


def test_a_small_budget_lowers_the_rate_and_perf_starts_anew(tmp_path: Path) -> None:
    with running(compiled(tmp_path, SPIN)) as child, sampling(child.pid, budget_ratio=0.0001) as sampler:
        wait_for(lambda: any(window.rate_hz < 10 for window in sampler.take()), seconds=60)

        assert sampler.status.rate_hz == 4


def test_a_process_that_ends_midway_is_a_clean_end(tmp_path: Path) -> None:
    with running(compiled(tmp_path, SPIN)) as child, sampling(child.pid) as sampler:
        collect(sampler, samples=20)
        child.kill()
        wait_for(lambda: sampler.status.state == "off")

        assert sampler.status.reason == f"process {child.pid} has ended"
        assert perfs_of(child.pid) == []


def test_a_process_that_is_gone_before_the_start(tmp_path: Path) -> None:
    with running(compiled(tmp_path, RESTS)) as child:
        held = HeldTarget.open(Host(), child.pid)
    sampler = PerfSampler(Host(), held)
    sampler.start()
    wait_for(lambda: sampler.status.state == "off")
    sampler.stop()
    held.close()

    assert sampler.status.reason == ""
    assert sampler.take() == []


def test_stop_leaves_no_process_and_hands_over_the_window_under_way(tmp_path: Path) -> None:
    with running(compiled(tmp_path, SPIN)) as child, sampling(child.pid) as sampler:
        wait_for(lambda: sampler.status.state == "ok")
        assert len(perfs_of(child.pid)) == 3  # the one that records, its helper, and the one that prints
        files = len(os.listdir("/proc/self/fd"))
        sampler.stop()

        assert perfs_of(child.pid) == []
        assert len(os.listdir("/proc/self/fd")) < files
        assert sampler.status.state == "off"
        assert state_of(child.pid) in "RS"
        assert sampler.take()[-1].samples > 0
        sampler.stop()


@pytest.mark.parametrize("which", [b"record", b"script"])
def test_a_killed_perf_is_replaced(tmp_path: Path, which: bytes) -> None:
    with running(compiled(tmp_path, SPIN)) as child, sampling(child.pid) as sampler:
        collect(sampler, samples=20)
        (victim,) = [pid for pid in perfs_of(child.pid) if which in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(victim, signal.SIGKILL)

        assert "killed by signal 9" in unavailable(sampler)
        sampler.take()
        assert collect(sampler, samples=20)
    assert perfs_of(child.pid) == []


def test_no_perf_outlives_a_killed_perftui(tmp_path: Path) -> None:
    program = (
        f"import sys, time\nsys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from perftui.host.procfs import Host\nfrom perftui.host.target import HeldTarget\n"
        "from perftui.profile.perf import PerfSampler\n"
        "sampler = PerfSampler(Host(), HeldTarget.open(Host(), int(sys.argv[1])))\n"
        "sampler.start()\nprint('up')\n"
        "while True: time.sleep(1)\n"
    )
    with running(compiled(tmp_path, RESTS)) as child:  # one that leaves no sample, so that nothing is ever written
        with python_child(sys.executable, program, str(child.pid)):
            wait_for(lambda: len(perfs_of(child.pid)) == 3)
            left = perfs_of(child.pid)  # leaving kills it with SIGKILL
        wait_for(lambda: not any(state_of(pid) for pid in left))


def test_a_stopped_process_is_told_and_sampled_again_when_it_goes_on(tmp_path: Path) -> None:
    with running(compiled(tmp_path, SPIN)) as child, sampling(child.pid) as sampler:
        collect(sampler, samples=20)
        child.send_signal(signal.SIGSTOP)
        said = unavailable(sampler)
        child.send_signal(signal.SIGCONT)
        wait_for(lambda: sampler.status.state == "ok")

    assert f"process {child.pid} is stopped | kill -CONT {child.pid}" in said


@contextmanager
def open_folder() -> Iterator[Path]:
    """One that everybody can enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def sampled_as_nobody(pid: int) -> str:
    """State, reason and remedy of a sampler that runs as uid 65534, once it has an answer."""
    program = (
        f"import os, sys, time\nsys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from perftui.host.procfs import Host\nfrom perftui.host.target import HeldTarget\n"
        "from perftui.profile.perf import PerfSampler\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        f"s = PerfSampler(Host(), HeldTarget.open(Host(), {pid}))\ns.start()\n"
        "while s.status.state == 'starting': time.sleep(0.01)\n"
        "print(s.status.state, '|', s.status.reason, '|', s.status.remedy, '|', sum(w.samples for w in s.take()) > 0)\n"
        "s.stop()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.root
def test_without_rights_the_missing_one_is_named(tmp_path: Path) -> None:
    with running(compiled(tmp_path, SPIN)) as child:
        said = sampled_as_nobody(child.pid)
    level = int(Path("/proc/sys/kernel/perf_event_paranoid").read_text())
    reason, remedy = (
        (f"process {child.pid} belongs to uid 0, perftui runs as uid 65534", f"sudo perftui attach {child.pid}")
        if level <= 2
        else (
            f"kernel.perf_event_paranoid is {level}: only root may use perf",
            "sudo sysctl kernel.perf_event_paranoid=1",
        )
    )

    assert said == f"unavailable | {reason} | {remedy} | False"


@pytest.mark.root
@pytest.mark.skipif(
    Path("/proc/sys/kernel/perf_event_paranoid").read_text() != "2\n", reason="only level 2 hides the kernel alone"
)
def test_a_process_of_ones_own_is_seen_without_the_kernel(tmp_path: Path) -> None:
    with open_folder() as folder, running(compiled(folder, SPIN), user=65534) as child:
        said = sampled_as_nobody(child.pid)

    assert said == "ok | without kernel frames | sudo sysctl kernel.perf_event_paranoid=1 | True"


def test_a_missing_perf_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "perf").write_text("#!/bin/sh\necho I am no program\n")
    (tmp_path / "perf").chmod(0o755)
    monkeypatch.setattr(perf_find, "PLACES", (str(tmp_path / "perf"), str(tmp_path / "*/perf"), str(tmp_path / "no")))
    with running(compiled(tmp_path, RESTS)) as child, sampling(child.pid) as sampler:
        said = unavailable(sampler)

    assert "not installed | apt-get install linux-perf" in said


def stand_in(path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in the place of perf."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(perf, "find_perf", lambda: str(path))


def test_a_perf_that_does_not_start_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path / "perf", "trap '' INT TERM; while :; do sleep 0.1; done", monkeypatch)
    monkeypatch.setattr(perf_stream, "_START_NS", 300_000_000)
    with running(compiled(tmp_path, RESTS)) as child, sampling(child.pid) as sampler:
        assert "did not start in time" in unavailable(sampler)
        assert perfs_of(child.pid) == []


def test_a_perf_that_talks_without_end_does_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path / "perf", "yes noise | head -c 2000000 >&2; echo 'Permission denied' >&2; exit 255", monkeypatch)
    with running(compiled(tmp_path, RESTS)) as child, sampling(child.pid) as sampler:
        said = unavailable(sampler)

    assert "perf failed: " in said


def test_a_perf_that_is_refused_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path / "perf", "echo 'Permission denied' >&2; exit 255", monkeypatch)
    with running(compiled(tmp_path, RESTS)) as child, sampling(child.pid) as sampler:
        said = unavailable(sampler)

    assert said.startswith(f"the kernel does not let perf look at process {child.pid} | sudo perftui attach")


def test_a_perf_that_says_nothing_while_the_process_runs_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path / "perf", "[ $1 = record ] && exec cat >&2\nexec sleep 600", monkeypatch)
    monkeypatch.setattr(perf, "_SILENCE_NS", 50_000_000)
    with running(compiled(tmp_path, SPIN)) as child, sampling(child.pid) as sampler:
        assert "says nothing although the process runs" in unavailable(sampler)


def test_a_perf_that_cannot_be_started_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perf, "find_perf", lambda: str(tmp_path / "none"))
    with running(compiled(tmp_path, RESTS)) as child, sampling(child.pid) as sampler:
        assert "cannot be started: No such file" in unavailable(sampler)
