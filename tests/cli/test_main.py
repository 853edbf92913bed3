"""Every way out of perftui has its code, and a message on stderr."""

import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from perftui import __main__ as entry
from perftui.errors import (
    Drifted,
    IdentityUncertain,
    NoData,
    NoSuchTarget,
    NotDeliverable,
    NotPermitted,
    PerftuiError,
    StoreError,
    TargetEnded,
    UsageError,
)
from tests.cli.conftest import SLEEP, Perftui, children_of, end
from tests.host.test_target import wait_for


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("--help",), 0, ""),
        (("--version",), 0, ""),
        (("bogus",), 2, "perftui: No such command 'bogus'. (see perftui --help)\n"),
        (("attach",), 2, "perftui: Missing argument 'TARGET'. (see perftui attach --help)\n"),
        (("diagnose", "--for", "x"), 2, "perftui: Invalid value for '--for': 'x' is not a valid float range."),
        (("diagnose", "--interval", "0"), 2, "perftui: Invalid value for '--interval'"),
        (("diagnose", "99999999"), 3, "perftui: there is no process 99999999\n"),
        (("diagnose", "no-number"), 2, "perftui: TARGET: 'no-number' is not a target; give a PID, name:PATTERN"),
        (("diagnose", "unit:no-such.service"), 3, "perftui: unit:no-such.service: nothing of that name runs here"),
        (("diagnose", "name:no such process anywhere"), 3, "perftui: no process matches"),
        (("--json", "diagnose", "1"), 2, "perftui: --for, --interval, --json and --plain go after the command"),
        (("schema", "bogus"), 2, 'perftui: no document "bogus": known are perftui.diagnosis/1'),
        (("explain", "cpu-satturated"), 2, 'perftui: no rule or knob "cpu-satturated"; did you mean cpu-saturated'),
    ],
)
def test_the_code_and_the_message(perftui: Perftui, args: tuple[str, ...], code: int, message: str) -> None:
    done = perftui(*args)
    assert done.returncode == code
    assert done.stderr.startswith(message)
    assert (done.stdout == "") is (code != 0)
    assert done.stderr.count("\n") == (code != 0)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("a"), 2),
        (NoSuchTarget("a"), 3),
        (TargetEnded("a"), 3),
        (NotPermitted("a"), 4),
        (NotDeliverable("a"), 5),
        (StoreError("a"), 5),
        (NoData("a"), 5),
        (IdentityUncertain("a"), 6),
        (Drifted("a"), 6),
        (BrokenPipeError(), 141),
    ],
)
def test_every_error_has_its_code(error: Exception, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> int:
        raise error

    monkeypatch.setattr(entry, "_command", fail)
    monkeypatch.setattr(entry, "_end_on_signals", lambda: None)
    monkeypatch.setattr(os, "dup2", lambda *_: 0)
    assert entry.main() == code


def test_a_message_cannot_act_on_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> int:
        raise PerftuiError("two\nlines \x1b]0;pwn\x07")

    monkeypatch.setattr(entry, "_command", fail)
    monkeypatch.setattr(entry, "_end_on_signals", lambda: None)
    entry.main()
    assert capsys.readouterr().err == "perftui: two\nlines ^[]0;pwn^G\n"


def test_a_fault_of_ours_is_no_failed_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> int:
        raise ZeroDivisionError("\x1b[31m")

    monkeypatch.setattr(entry, "_command", fail)
    monkeypatch.setattr(entry, "_end_on_signals", lambda: None)
    assert entry.main() == 5
    shown = capsys.readouterr().err
    assert "ZeroDivisionError: ^[[31m" in shown
    assert "please report it" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_watch_and_leaves_no_sampler(
    perftui: Perftui, child: Callable[..., int], number: signal.Signals, code: int
) -> None:
    pid = child(SLEEP)
    process = perftui.start("diagnose", str(pid), "--for", "60", "--json")
    wait_for(lambda: bool(children_of(process.pid)) or process.poll() is not None)
    helpers = children_of(process.pid)
    returncode, out, err = end(process, number)
    assert (returncode, out, err) == (code, b"", b"")
    wait_for(lambda: not any(os.path.exists(f"/proc/{helper}") for helper in helpers))
    os.kill(pid, 0)


def test_what_was_ignored_stays_ignored(perftui: Perftui) -> None:
    """nohup perftui diagnose … goes on when the terminal goes."""
    process = subprocess.Popen(
        ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *perftui.argv("diagnose", "--for", "2", "--json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=perftui.env,
    )
    wait_for(lambda: (perftui.home / "state").exists() or process.poll() is not None)
    returncode, out, _ = end(process, signal.SIGHUP)
    assert returncode == 0
    assert out.startswith(b"{")


def test_a_reader_that_leaves_is_no_error(perftui: Perftui) -> None:
    process = perftui.start("schema")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), errors) == (141, b"")
