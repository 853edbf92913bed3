"""Where perf is, what is permitted, and whose map of compiled code is read."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.profile import perf, perf_find
from perftui.profile.perf_find import find_perf, sees_kernel, trusts_map
from tests.host.test_target import wait_for
from tests.profile.children import REPOSITORY, ended
from tests.profile.natives import collect, compiled, running, sampling, shares

COMPILES = r"""
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
void turn(unsigned long rounds) { for (volatile unsigned long at = 0; at < rounds; at++); }
int main(int count, char **words) {
    char *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(code, turn, 512);
    __builtin___clear_cache(code, code + 512);
    printf("%lx\n", (unsigned long)code); fflush(stdout);
    while (access(words[1], F_OK)) usleep(1000);
    for (;;) ((void (*)(unsigned long))code)(100000);
}
"""
NOBODY, STRANGER = 65534, 4242


def test_the_program_of_this_machine_is_found() -> None:
    assert Path(find_perf()).read_bytes()[:4] == b"\x7fELF"


def test_a_script_or_nothing_in_its_place_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "perf").write_text("#!/bin/sh\n")
    (tmp_path / "perf").chmod(0o755)
    monkeypatch.setattr(perf_find, "PLACES", (str(tmp_path / "perf"), str(tmp_path / "none")))
    with pytest.raises(NoData, match="not installed") as caught:
        find_perf()
    assert "linux-perf" in caught.value.remedy

    for version in ("5", "6"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "perf").write_bytes(b"\x7fELF")
        (tmp_path / version / "perf").chmod(0o755)
    monkeypatch.setattr(perf_find, "PLACES", (str(tmp_path / "*/perf"),))
    assert find_perf() == str(tmp_path / "6/perf")


def setting(root: Path, level: str, owner: int) -> Host:
    (root / "proc/sys/kernel").mkdir(parents=True)
    (root / "proc/7").mkdir()
    if level:
        (root / "proc/sys/kernel/perf_event_paranoid").write_text(f"{level}\n")
    (root / "proc/7/status").write_text(f"Name:\tx\nUid:\t{owner}\t{owner}\t{owner}\t{owner}\nNSpid:\t7\n")
    return Host(root)


@pytest.mark.parametrize(("level", "kernel"), [("-1", True), ("1", True), ("2", False)])
def test_what_others_than_root_see(level: str, kernel: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perf_find, "has_capability", lambda name: False)

    assert sees_kernel(setting(tmp_path, level, os.geteuid()), 7) is kernel


@pytest.mark.parametrize(
    ("level", "owner", "reason"),
    [
        ("3", os.geteuid(), "kernel.perf_event_paranoid is 3: only root may use perf"),
        ("1", STRANGER, f"process 7 belongs to uid {STRANGER}, perftui runs as uid {os.geteuid()}"),
        ("", os.geteuid(), "this kernel has no perf events"),
    ],
)
def test_what_is_refused(level: str, owner: int, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perf_find, "has_capability", lambda name: False)
    with pytest.raises(NoData) as caught:
        sees_kernel(setting(tmp_path, level, owner), 7)

    assert caught.value.reason == reason
    assert caught.value.remedy


@pytest.mark.root
def test_rights_of_a_real_process_of_another_user() -> None:
    assert sees_kernel(Host(), os.getpid())
    program = (
        f"import os, sys\nsys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from perftui.host.procfs import Host\nfrom perftui.profile.perf_find import sees_kernel\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        f"sees_kernel(Host(), {os.getpid()})\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert "NoData: process" in done.stderr or "NoData: kernel.perf_event_paranoid" in done.stderr


def test_a_process_that_is_gone_has_no_map() -> None:
    assert not trusts_map(Host(), ended())


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that everybody can enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.root
@pytest.mark.parametrize(
    ("user", "owner", "named"),
    [
        (NOBODY, NOBODY, True),
        (NOBODY, STRANGER, False),
        (0, STRANGER, False),
        (0, 0, True),
    ],
)
def test_only_the_targets_own_map_names_its_compiled_code(folder: Path, user: int, owner: int, named: bool) -> None:
    program, go = compiled(folder, COMPILES), folder / "go"
    process = subprocess.Popen(
        [program, str(go)], stdout=subprocess.PIPE, user=user, group=user, extra_groups=[], text=True
    )
    assert process.stdout is not None
    path = Path(f"/tmp/perf-{process.pid}.map")
    try:
        start = process.stdout.readline().strip()
        path.write_text(f"{start} 200 freshly compiled code\n")
        os.chown(path, owner, owner)
        go.touch()
        with sampling(process.pid) as sampler:
            seen = shares(collect(sampler, samples=30))
            status = sampler.status
        assert trusts_map(Host(), process.pid) == (owner == user)
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
        path.unlink(missing_ok=True)

    assert (seen.get("freshly compiled code", 0.0) > 0.8) == named
    assert (status.reason == "code that was compiled at run time has no names") == (not named)


def test_what_is_compiled_later_gets_its_name_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perf, "_MAP_NS", 0)
    go = tmp_path / "go"
    go.touch()
    process = subprocess.Popen([compiled(tmp_path, COMPILES), str(go)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    path = Path(f"/tmp/perf-{process.pid}.map")
    try:
        start = process.stdout.readline().strip()
        with sampling(process.pid) as sampler:
            wait_for(lambda: "compiled at run time" in sampler.status.reason, seconds=60)
            path.write_text(f"{start} 200 compiled later\n")
            sampler.take()
            wait_for(lambda: any("compiled later" in shares([one]) for one in sampler.take() if one.rows), seconds=60)
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("kind", ["link", "fifo"])
def test_perf_is_kept_from_a_map_in_which_it_would_hang(tmp_path: Path, kind: str) -> None:
    with running(compiled(tmp_path, COMPILES), str(tmp_path / "never")) as child:
        path = Path(f"/tmp/perf-{child.pid}.map")
        try:
            path.symlink_to("/dev/zero") if kind == "link" else os.mkfifo(path)
            with sampling(child.pid) as sampler:
                wait_for(lambda: sampler.status.state == "unavailable")
                assert f"rm {path}" in sampler.status.remedy
                path.unlink()
                wait_for(lambda: sampler.status.state == "ok", seconds=60)
        finally:
            path.unlink(missing_ok=True)


def test_a_map_is_not_looked_for_in_a_program_that_compiles_nothing(tmp_path: Path) -> None:
    with running(compiled(tmp_path, COMPILES), str(tmp_path / "never")) as child:
        assert not trusts_map(Host(), child.pid)
