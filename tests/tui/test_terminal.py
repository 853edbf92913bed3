"""The terminal is left as it was found, whatever ends the screen. Real processes on real pseudo-terminals."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from perftui.errors import NotDeliverable
from perftui.tui.palette import Colors
from perftui.tui.terminal import Net, Output, ascii_locale

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 30.0
MODES_LEFT_ON = re.compile(rb"\x1b\[\?(\d+)([hl])")

ALLOWED = re.compile(
    rb"\x1b\[[<>=?]?[\d;]*[A-Za-z]"  # CSI: colours, modes, moves
    rb"|\x1b\[\?\d+\$p"  # may synchronized output be used?
    rb"|\x1b\]22;[a-z]+\x07"  # pointer shape
    rb"|[\r\n]"
)


class Terminal:
    """A program on a pseudo-terminal of its own, as the leader of its own session."""

    def __init__(self, *args: str, cols: int = 100, rows: int = 30, env: dict[str, str] | None = None) -> None:
        self.output = b""
        self.status: int | None = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            clean = {name: text for name, text in os.environ.items() if name not in ("NO_COLOR", "COLORTERM")}
            clean |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **(env or {})}
            os.execve(sys.executable, [sys.executable, "-m", "tests.tui.program", *args], clean)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def read(self, seconds: float = 0.05) -> None:
        """Take what the program wrote; a closed terminal gives nothing more."""
        if select.select([self.fd], [], [], seconds)[0]:
            with suppress(OSError):
                self.output += os.read(self.fd, 65536)

    def wait_for(self, found: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + DEADLINE_SECONDS
        while not found():
            assert time.monotonic() < until, f"waited in vain for {what}: {self.output[-500:]!r}"
            self.read()

    def wait_until_ticking(self) -> None:
        self.wait_for(lambda: b"neighbour-cpu" in self.output, "the first verdict")

    def exit_code(self, *, reading: bool = True) -> int:
        def ended() -> bool:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
            elif not reading:
                time.sleep(0.05)
            return pid != 0

        if reading:
            self.wait_for(ended, "the end of the program")
            self.read()
        else:
            until = time.monotonic() + DEADLINE_SECONDS
            while not ended():
                assert time.monotonic() < until
        assert self.status is not None
        return os.waitstatus_to_exitcode(self.status)

    def modes_left_on(self) -> set[bytes]:
        """Private modes switched on last, the cursor (25) and line wrap (7) the other way round."""
        last = dict(MODES_LEFT_ON.findall(self.output))
        usual = {b"25": b"h", b"7": b"h"}
        return {mode for mode, state in last.items() if state != usual.get(mode, b"l")}

    def close(self) -> None:
        if self.status is None:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
        with suppress(OSError):
            os.close(self.fd)


@pytest.fixture
def opened() -> Iterator[list[Terminal]]:
    terminals: list[Terminal] = []
    yield terminals
    for terminal in terminals:
        terminal.close()


def assert_no_child_left(report: Path) -> None:
    """The program wrote its child's PID and how it ended, after the session was stopped."""
    pid, returncode = report.read_text().split()
    assert returncode == str(-signal.SIGKILL)
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_restores_the_terminal(number: signal.Signals, opened: list[Terminal], tmp_path: Path) -> None:
    terminal = Terminal("", str(tmp_path / "child"))
    opened.append(terminal)
    before = termios.tcgetattr(terminal.fd)
    terminal.wait_until_ticking()
    assert termios.tcgetattr(terminal.fd) != before
    os.kill(terminal.pid, number)
    assert terminal.exit_code() == 128 + number
    assert terminal.modes_left_on() == set()
    assert termios.tcgetattr(terminal.fd) == before
    assert_no_child_left(tmp_path / "child")


@pytest.mark.parametrize("key", [b"q", b"\x03", b"\x1b[21~"], ids=["q", "ctrl+c", "F10"])
def test_a_key_leaves(key: bytes, opened: list[Terminal], tmp_path: Path) -> None:
    terminal = Terminal("", str(tmp_path / "child"))
    opened.append(terminal)
    terminal.wait_until_ticking()
    os.write(terminal.fd, key)
    assert terminal.exit_code() == 0
    assert terminal.modes_left_on() == set()
    assert_no_child_left(tmp_path / "child")


def test_a_closed_terminal_ends_the_program(opened: list[Terminal], tmp_path: Path) -> None:
    terminal = Terminal("", str(tmp_path / "child"))
    opened.append(terminal)
    terminal.wait_until_ticking()
    os.close(terminal.fd)
    assert terminal.exit_code(reading=False) == 128 + signal.SIGHUP
    assert_no_child_left(tmp_path / "child")


@pytest.mark.parametrize("mode", ["crash", "callback", "session"])
def test_an_exception_restores_the_terminal(mode: str, opened: list[Terminal], tmp_path: Path) -> None:
    terminal = Terminal(mode, str(tmp_path / "child"))
    opened.append(terminal)
    before = termios.tcgetattr(terminal.fd)
    assert terminal.exit_code() == NotDeliverable.exit_code
    assert terminal.modes_left_on() == set()
    assert termios.tcgetattr(terminal.fd) == before
    said = terminal.output[terminal.output.rindex(b"\x1b[?1049l") :]
    assert b"RuntimeError: planted" in said
    assert b"secret of the caller" not in said


@pytest.mark.parametrize("way", ["signal", "q"])
def test_a_terminal_that_takes_no_output_does_not_hold_the_program(
    way: str, opened: list[Terminal], tmp_path: Path
) -> None:
    """A stuck link: nothing is read from the other end, and then it is to end."""
    terminal = Terminal("", str(tmp_path / "child"), cols=400, rows=100)
    opened.append(terminal)
    terminal.wait_for(lambda: b"STARTING" in terminal.output, "the first frame")
    for _ in range(40):  # toggling the zoom repaints everything: more than the line holds
        os.write(terminal.fd, b"z")
        time.sleep(0.02)
    if way == "q":
        os.write(terminal.fd, b"q")
        assert terminal.exit_code(reading=False) == 0
    else:
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.exit_code(reading=False) == 128 + signal.SIGTERM


def test_ctrl_z_stops_and_fg_goes_on(opened: list[Terminal], tmp_path: Path) -> None:
    terminal = Terminal("", str(tmp_path / "child"))
    opened.append(terminal)
    before = termios.tcgetattr(terminal.fd)
    terminal.wait_until_ticking()
    os.write(terminal.fd, b"\x1a")

    def stopped() -> bool:
        return os.waitpid(terminal.pid, os.WNOHANG | os.WUNTRACED)[0] != 0

    terminal.wait_for(stopped, "the stop")
    terminal.read()
    assert terminal.modes_left_on() == set()
    assert termios.tcgetattr(terminal.fd) == before
    terminal.output = b""
    os.kill(terminal.pid, signal.SIGCONT)
    terminal.wait_until_ticking()
    os.write(terminal.fd, b"q")
    assert terminal.exit_code() == 0


def test_only_clicks_are_asked_for(opened: list[Terminal], tmp_path: Path) -> None:
    terminal = Terminal("", str(tmp_path / "child"))
    opened.append(terminal)
    terminal.wait_until_ticking()
    assert b"\x1b[?1000h" in terminal.output
    assert not re.search(rb"\x1b\[\?(1002|1003|1015|1016)h", terminal.output)


def test_no_control_byte_of_a_hostile_name_gets_through(opened: list[Terminal], tmp_path: Path) -> None:
    terminal = Terminal("hostile", str(tmp_path / "child"), cols=160, rows=45)
    opened.append(terminal)
    terminal.wait_for(lambda: b"[red]" in terminal.output, "the hostile name")
    os.write(terminal.fd, b"q")
    assert terminal.exit_code() == 0
    left = ALLOWED.sub(b"", terminal.output).decode()
    bad = {char for char in left if not char.isprintable()}
    assert bad == set()
    assert b"]0;pwn\x07" not in terminal.output


def test_no_color_means_no_colour_codes(opened: list[Terminal], tmp_path: Path) -> None:
    terminal = Terminal("", str(tmp_path / "child"), env={"NO_COLOR": "1"})
    opened.append(terminal)
    terminal.wait_until_ticking()
    codes = {code for run in re.findall(rb"\x1b\[([\d;]*)m", terminal.output) for code in run.split(b";")}
    assert codes <= {b"", b"0", b"1", b"2", b"3", b"4", b"7"}


def test_a_plain_locale_gets_ascii_only(opened: list[Terminal], tmp_path: Path) -> None:
    terminal = Terminal("", str(tmp_path / "child"), env={"LC_ALL": "C"})
    opened.append(terminal)
    terminal.wait_until_ticking()
    assert terminal.output.isascii()


def test_the_terminal_itself_says_how_large_it_is(opened: list[Terminal], tmp_path: Path) -> None:
    """Shells and ``docker exec -e`` hand on sizes of another terminal, or of before a resize."""
    terminal = Terminal("", str(tmp_path / "child"), env={"COLUMNS": "80", "LINES": "24"})
    opened.append(terminal)
    terminal.wait_until_ticking()
    assert b"\x1b[30;" in terminal.output


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "xterm"}, "16"),
        ({"TERM": "vt100"}, "none"),
        ({"TERM": "no-such-terminal"}, "16"),
        ({"TERM": "dumb"}, "none"),
        ({}, "none"),
    ],
)
def test_colours_follow_the_environment(environ: dict[str, str], depth: Colors) -> None:
    # A process of its own, because curses reads one terminal description only.
    code = f"from perftui.tui.terminal import color_depth; print(color_depth({environ!r}))"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == depth


@pytest.mark.parametrize(
    ("environ", "is_ascii"),
    [
        ({"LANG": "en_GB.UTF-8"}, False),
        ({"LANG": "de_DE.utf8"}, False),
        ({"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, True),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({}, True),
    ],
)
def test_locale_says_whether_boxes_can_be_drawn(environ: dict[str, str], is_ascii: bool) -> None:
    assert ascii_locale(environ) is is_ascii


@given(st.text())
def test_the_net_lets_nothing_through_that_does_not_print(text: str) -> None:
    for ascii_only in (False, True):
        net = Net(colors=True, ascii_only=ascii_only)
        cleaned = "".join(segment.text for segment in net.apply([Segment(text)], Color(0, 0, 0)))
        assert cleaned.isprintable()
        assert cleaned.isascii() or not ascii_only


def test_the_net_spells_signs_in_the_cells_they_have() -> None:
    net = Net(colors=True, ascii_only=True)
    (segment,) = net.apply([Segment("÷ × → – … ✔ é 日")], Color(0, 0, 0))
    assert segment.text == "/ x - - . + ? ??"


def test_the_net_takes_out_colours() -> None:
    net = Net(colors=False, ascii_only=False)
    (segment,) = net.apply([Segment("x", Style(color="red", bgcolor="blue", bold=True))], Color(0, 0, 0))
    assert segment.style == Style(bold=True)


def test_output_reports_a_closed_end_once() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    gone: list[bool] = []
    output = Output(writer, lambda: gone.append(True))
    for _ in range(2):
        output.write("x")
        assert output.busy
        output.flush()
        assert not output.busy
    os.close(writer)
    assert gone == [True]
