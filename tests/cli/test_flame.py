"""``perftui flame`` on real processes, recordings and files of others."""

import json
import os
import pty
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from perftui.model.profile import Mode, StackProfile
from perftui.model.table import Table
from perftui.profile.formats import read
from perftui.report.flame_documents import FlameDocument
from tests.cli.conftest import SLEEP, Perftui
from tests.cli.test_imports import loaded_by
from tests.host.test_target import wait_for
from tests.session.tapes import write
from tests.session.test_pipeline import profile

BURN = "def burn():\n    while True: sum(range(1000))\nburn()"


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    write(tmp_path / "tape", range(30), profiles=lambda second: (profile(second),)).close()
    return tmp_path / "tape"


@pytest.fixture
def folded(tmp_path: Path) -> Path:
    path = tmp_path / "stacks"
    path.write_text("main;parse (app.py:9) 30\nmain 10\n")
    return path


def test_a_live_target(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child(BURN)
    done = perftui("flame", pid, "--for", "3", "--json")
    assert done.returncode == 0, done.stderr
    document = msgspec.json.decode(done.stdout, type=FlameDocument)
    assert (document.source, document.view, document.sampler) == ("live", "cpu", "py-spy")
    assert document.target.startswith(f"{pid} ")
    assert document.functions[0].function == "burn"
    assert sum(stack.samples for stack in document.stacks) == document.samples > 0


def test_it_loads_no_toolkit(perftui: Perftui, child: Callable[..., int], folded: Path) -> None:
    heavy = {"textual", "rich", "numpy"}
    assert not loaded_by(perftui, "flame", str(child(BURN)), "--for", "3") & heavy
    assert not loaded_by(perftui, "flame", str(folded)) & heavy


@pytest.mark.parametrize(("most", "few"), [("nonblocking", "native"), ("native", "exact")])
def test_only_windows_that_fit_together_are_joined(perftui: Perftui, tmp_path: Path, most: Mode, few: Mode) -> None:
    def windows(second: int) -> tuple[StackProfile, ...]:
        slot = Table.of({"row": [0], "slot": [0], "samples": [1]})
        wall = msgspec.structs.replace(profile(second, few if second % 3 == 2 else most), slots=slot)
        return wall, profile(second, "gil")

    tape = tmp_path / "modes"
    write(tape, range(30), profiles=windows).close()
    document = json.loads(perftui("flame", tape, "--json").stdout)
    assert (document["mode"], document["samples"], document["windows_left_out"]) == (most, 20, 10)
    text = perftui("flame", tape, "--format", "text").stdout
    assert "10 windows of another mode left out" in " ".join(text.split())
    scope = json.loads(perftui("flame", tape, "--format", "speedscope").stdout)
    assert len(scope["profiles"][0]["samples"]) == 20  # each look by itself, in order


def test_one_thread_of_a_recording(perftui: Perftui, tape: Path) -> None:
    whole = perftui("flame", f"{tape}", "--view", "wall", "--json")
    assert whole.returncode == 0, whole.stderr
    document = json.loads(whole.stdout)
    assert document["source"] == "recording"
    tid = document["threads"][0]["tid"]
    alone = json.loads(perftui("flame", f"{tape}@+0..+10", "--view", "wall", "--thread", tid, "--json").stdout)
    assert {thread["tid"] for thread in alone["threads"]} == {tid}
    assert 0 < alone["samples"] < document["samples"]
    missing = perftui("flame", tape, "--thread", 999999)
    assert (missing.returncode, str(tid) in missing.stderr) == (2, True)


@pytest.mark.parametrize(
    ("name", "starts"),
    [("out.svg", b"<?xml"), ("out.pb.gz", b"\x1f\x8b"), ("out.json", b"{"), ("out.folded", b"main;parse")],
)
def test_the_ending_says_the_format(perftui: Perftui, folded: Path, tmp_path: Path, name: str, starts: bytes) -> None:
    output = tmp_path / name
    output.write_bytes(b"what was there")
    done = perftui("flame", folded, "-o", output)
    assert done.returncode == 0, done.stderr
    assert output.read_bytes().startswith(starts)
    assert sorted(path.name for path in tmp_path.glob("*out*")) == [name]


def test_a_new_file_is_as_the_umask_has_it(perftui: Perftui, folded: Path, tmp_path: Path) -> None:
    umask = os.umask(0o027)
    try:
        assert perftui("flame", folded, "-o", tmp_path / "out.svg").returncode == 0
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "out.svg").stat().st_mode) == 0o640


def test_stacks_of_others_go_on_to_others(perftui: Perftui, folded: Path) -> None:
    done = perftui("flame", folded, "--format", "speedscope")
    assert read(done.stdout.encode(), "stdout").profile.samples == 40
    assert perftui("flame", folded).stdout == "main;parse (app.py:9) 30\nmain 10\n"
    text = perftui("flame", folded, "--format", "text").stdout
    assert "40 samples" in text
    assert "75 %" in text


def test_a_pipe_will_do(perftui: Perftui) -> None:
    argv = perftui.argv("flame", "/dev/stdin", "--format", "text")
    done = subprocess.run(argv, input=b"main;parse 3\n", capture_output=True, env=perftui.env, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert b"3 samples" in done.stdout


def on_terminal(perftui: Perftui, *args: str | Path) -> tuple[int, str, str]:
    """Exit code, what the terminal got, and stderr."""
    master, slave = pty.openpty()
    try:
        done = subprocess.run(
            perftui.argv(*args),
            stdin=slave,
            stdout=slave,
            stderr=subprocess.PIPE,
            env=perftui.env,
            timeout=60,
            check=False,
        )
        os.close(slave)
        slave = -1
        shown = b""
        try:
            while piece := os.read(master, 65536):
                shown += piece
        except OSError:  # all of it was read
            pass
        return done.returncode, shown.decode(), done.stderr.decode()
    finally:
        os.close(master)
        if slave >= 0:
            os.close(slave)


def test_a_terminal_gets_text(perftui: Perftui, folded: Path) -> None:
    code, shown, _ = on_terminal(perftui, "flame", folded)
    assert code == 0
    assert "Functions" in shown


@pytest.mark.parametrize("name", ["svg", "pprof"])
def test_what_is_no_text_is_kept_from_a_terminal(perftui: Perftui, folded: Path, name: str) -> None:
    code, shown, err = on_terminal(perftui, "flame", folded, "--format", name)
    assert (code, shown) == (2, "")
    assert "give -o FILE" in err


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("999999999",), 3, "no process"),
        (("./missing",), 2, "No such file"),
        (("STACKS", "--json", "--format", "svg"), 2, "--json is a form of its own"),
        (("STACKS", "-o", "/nowhere/x.svg"), 2, "no folder"),
        (("STACKS", "-o", "/dev/null", "--format", "svg"), 2, "not a plain file"),
        (("STACKS", "--for", "3"), 2, "for a live target"),
        (("STACKS", "-o", "x.pdf"), 2, "give --format"),
        (("STACKS", "--view", "cpu"), 2, "does not tell what ran"),
        (("STACKS", "--format", "pdf"), 2, "pdf"),
        (("/etc/hostname",), 2, "no stacks in a format that is known"),
    ],
)
def test_what_cannot_be_is_said(perftui: Perftui, folded: Path, args: tuple[str, ...], code: int, said: str) -> None:
    done = perftui("flame", *(str(folded) if arg == "STACKS" else arg for arg in args))
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_a_link_is_not_followed(perftui: Perftui, folded: Path, tmp_path: Path) -> None:
    (tmp_path / "link.svg").symlink_to(tmp_path / "elsewhere")
    done = perftui("flame", folded, "-o", tmp_path / "link.svg")
    assert (done.returncode, "symbolic link" in done.stderr) == (2, True)
    assert not (tmp_path / "elsewhere").exists()


def test_what_never_ran_is_said(perftui: Perftui, child: Callable[..., int]) -> None:
    done = perftui("flame", child("/bin/sleep", "600"), "--for", "1")
    assert (done.returncode, done.stdout) == (5, "")
    assert "perf sees only what runs" in done.stderr


@pytest.mark.root
def test_a_missing_right_is_said(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sleep", "600")
    wait_for(lambda: os.stat(f"/proc/{pid}").st_uid == 65534)
    without = ["setpriv", "--bounding-set=-sys_ptrace,-dac_override,-dac_read_search", "--inh-caps=-all"]
    argv = [*without, *perftui.argv("flame", pid, "--for", "2")]
    done = subprocess.run(argv, capture_output=True, text=True, env=perftui.env, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (4, ""), done.stderr
    assert "CAP_SYS_PTRACE" in done.stderr


def test_a_sleeper_has_a_wall_view(perftui: Perftui, child: Callable[..., int]) -> None:
    done = perftui("flame", child(SLEEP), "--for", "3", "--view", "wall", "--format", "text")
    assert done.returncode == 0, done.stderr
    assert "waiting included" in done.stdout
