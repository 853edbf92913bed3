"""Two terminals to play in: tmux, which shows a screen, and a bare pty, which keeps every byte."""

import fcntl
import os
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.accept.story import Failed, kill, wait_for
from tests.scenarios.play import ROOT

COLUMNS, ROWS = 160, 45


class Tmux:
    """A tmux server of our own with one window."""

    def __init__(self, argv: list[str], environment: dict[str, str]) -> None:
        self._folder = tempfile.mkdtemp(prefix="perftui-tmux-")
        self._socket = f"{self._folder}/socket"
        settings = [f"{key}={setting}" for key, setting in environment.items()]
        command = shlex.join(["env", *settings, *argv])
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        self._tmux("-f", os.devnull, "new-session", "-d", "-s", "play", *size, "-c", str(ROOT), command)
        self._tmux("set-option", "-g", "remain-on-exit", "on")

    def _tmux(self, *arguments: str) -> str:
        argv = ["tmux", "-S", self._socket, *arguments]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"tmux {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p", "-t", "play")

    def keys(self, *keys: str) -> None:
        """Names as tmux knows them: ``Enter``, ``Tab``, ``q``."""
        self._tmux("send-keys", "-t", "play", *keys)

    def see(self, pattern: str, seconds: float = 20.0) -> re.Match[str]:
        """Wait until the screen matches; Failed shows the screen as it is."""
        try:
            return wait_for(lambda: re.search(pattern, self.screen()), f"/{pattern}/ on the screen", seconds)
        except Failed as error:
            raise Failed(f"{error}; the screen:\n{self.screen()}") from error

    @property
    def pid(self) -> int:
        """The process in the window."""
        return int(self._tmux("display-message", "-p", "-t", "play", "#{pane_pid}"))

    @property
    def dead(self) -> bool:
        return self._tmux("display-message", "-p", "-t", "play", "#{pane_dead}").strip() == "1"

    def close(self) -> None:
        with suppress(Failed):
            self._tmux("kill-server")
        subprocess.run(["rm", "-rf", self._folder], check=False)


@contextmanager
def tmux(argv: list[str], environment: dict[str, str]) -> Iterator[Tmux]:
    window = Tmux(argv, environment)
    try:
        yield window
    finally:
        window.close()


class Pty:
    """A program on a pty of its own; a thread reads all it writes."""

    def __init__(self, argv: list[str], environment: dict[str, str], *, columns: int = COLUMNS) -> None:
        self.output = bytearray()
        self._status: int | None = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            _become(argv, environment, columns)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                ready, _, _ = select.select([self.fd], [], [], 0.2)
                if ready:
                    block = os.read(self.fd, 65536)
                    if not block:
                        return
                    self.output += block
            except (OSError, ValueError):  # EIO: the program is gone; a closed descriptor: we are
                return

    def keys(self, text: bytes) -> None:
        os.write(self.fd, text)

    def hang_up(self) -> None:
        """Close our side, as a lost connection does."""
        fd, self.fd = self.fd, -1
        self._reader.join(2)
        os.close(fd)

    def wait_exit(self, seconds: float = 10.0) -> int:
        """The exit code, negative for a signal. Failed when it does not end."""
        until = time.monotonic() + seconds
        while self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > until:
                raise Failed(f"it had not ended after {seconds:g} s")
            else:
                time.sleep(0.05)
        if self.fd >= 0:
            self._reader.join(2)
        return self._status

    def close(self) -> None:
        if self._status is None:
            kill(self.pid, signal.SIGKILL)
            self.wait_exit()
        if self.fd >= 0:
            self.hang_up()


def _become(argv: list[str], environment: dict[str, str], columns: int) -> None:
    try:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
        os.chdir(ROOT)
        inherited = {key: setting for key, setting in os.environ.items() if key not in ("NO_COLOR", "TMUX")}
        os.execvpe(argv[0], argv, {**inherited, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environment})
    finally:
        os._exit(127)


@contextmanager
def on_pty(argv: list[str], environment: dict[str, str], *, columns: int = COLUMNS) -> Iterator[Pty]:
    terminal = Pty(argv, environment, columns=columns)
    try:
        yield terminal
    finally:
        terminal.close()


MODES = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
HARMLESS_ON = {"7", "12", "25"}
"""Wrapping, a blinking cursor and a visible cursor are how a terminal is found."""


def modes_left(output: bytes) -> set[str]:
    """What the program switched on and not off again: ``1049`` alternate screen, ``1000`` mouse …"""
    last: dict[str, bytes] = {}
    for match in MODES.finditer(output):
        for mode in match[1].decode().split(";"):
            last[mode] = match[2]
    left = {mode for mode, switch in last.items() if switch == b"h" and mode not in HARMLESS_ON}
    if last.get("25") == b"l":
        left.add("hidden cursor")
    return left


@contextmanager
def fresh_state() -> Iterator[dict[str, str]]:
    """State and configuration folders of our own, as environment variables."""
    with tempfile.TemporaryDirectory(prefix="perftui-accept-") as name:
        folders = {"XDG_STATE_HOME": f"{name}/state", "XDG_CONFIG_HOME": f"{name}/config"}
        for folder in folders.values():
            Path(folder).mkdir(mode=0o700)
        yield folders
