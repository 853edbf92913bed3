"""Without a terminal, ``perftui`` and ``perftui attach`` print a report; with one they show the screen."""

import errno
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import termios
from collections.abc import Callable

from tests.cli.conftest import SLEEP, Perftui

NOTICE = "perftui: no terminal here: printing a plain report instead (--plain asks for it)\n"


def test_without_a_terminal_a_report_is_printed_with_a_notice(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child(SLEEP)
    done = perftui("attach", pid, "--for", "2")
    assert (done.returncode, done.stderr) == (0, NOTICE)
    assert done.stdout.startswith(f"IDLE\n{pid} ")


def test_the_host_alone(perftui: Perftui) -> None:
    done = perftui("--for", "2", "--plain")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\nthis host, watched for " in done.stdout


def test_json_needs_no_notice(perftui: Perftui, child: Callable[..., int]) -> None:
    done = perftui("attach", child(SLEEP), "--for", "2", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["state"] == "idle"


def test_a_dumb_terminal_gets_text(perftui: Perftui, child: Callable[..., int]) -> None:
    text = on_a_terminal(perftui, "attach", str(child(SLEEP)), "--for", "2", TERM="dumb")
    assert "TERM=dumb cannot show the screen: printing a plain report instead" in text
    assert "IDLE" in text
    assert "\x1b" not in text


def test_on_a_terminal_the_screen_opens_and_q_leaves_it(perftui: Perftui, child: Callable[..., int]) -> None:
    text = on_a_terminal(perftui, "attach", str(child(SLEEP)), keys=b"q")
    assert text.startswith("\x1b")
    assert "\x1b[?1049l" in text


def test_run_shows_the_commands_output_after_the_screen_and_leaves_with_its_code(perftui: Perftui) -> None:
    text = on_a_terminal(perftui, "run", "--", "sh", "-c", "sleep 4; echo from the command; exit 9", keys=b"q", code=9)
    assert text.endswith("from the command\r\n")
    assert text.index("\x1b[?1049l") < text.index("from the command")


def test_no_such_target_is_said_before_the_screen_opens(perftui: Perftui) -> None:
    text = on_a_terminal(perftui, "attach", "99999999", code=3)
    assert text == "perftui: there is no process 99999999\r\n"


def test_a_state_folder_that_is_not_ours_makes_the_screen_read_only(
    perftui: Perftui, child: Callable[..., int]
) -> None:
    (perftui.home / "state" / "perftui").mkdir(parents=True, mode=0o755)
    text = on_a_terminal(perftui, "attach", str(child(SLEEP)), keys=b"q")
    assert "going on without the journal of changes, read-only" in text
    assert "\x1b[?1049l" in text


def on_a_terminal(perftui: Perftui, *args: str, code: int = 0, keys: bytes = b"", **extra: str) -> str:
    """All that a run writes to a pseudo-terminal; ``keys`` are typed once the screen is up."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        perftui.argv(*args),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**perftui.env, **extra},
        start_new_session=True,
    )
    os.close(slave)
    written = b""
    try:
        while chunk := _read(master):
            written += chunk
            if keys and b"\x1b[?1049h" in written:
                os.write(master, keys)
                keys = b""
        assert process.wait(60) == code, written
    finally:
        os.close(master)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
    return written.decode()


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError as error:
        if error.errno == errno.EIO:
            return b""
        raise


def test_colours_on_a_terminal_unless_refused(perftui: Perftui) -> None:
    assert "\x1b[1" in on_a_terminal(perftui, "diagnose", "--for", "1")
    assert "\x1b" not in on_a_terminal(perftui, "diagnose", "--for", "1", NO_COLOR="1")
