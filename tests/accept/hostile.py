"""Names that an attacker chose are shown harmlessly, on the screen and in plain output.

One process calls itself ``[red]$(x)ESC]0;pwnBEL``, in its name and its command line; another has a command line
of 100 kB. Nothing but the escape sequences a screen needs may reach the terminal.
"""

import ctypes
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.accept.story import check, ended, wait_for
from tests.accept.terminals import fresh_state, on_pty
from tests.scenarios.play import ROOT

NAME = b"[red]$(x)\x1b]0;pwn\x07"
C1 = "\u009b31m".encode()
BIDI = "\u202egpj.exe".encode()
LONG_BYTES = 100_000
PR_SET_NAME = 15

SEQUENCES = re.compile(
    rb"\x1b\[[0-9;:]*[mHJKABCDGdX]"  # colours, cursor, erasing
    rb"|\x1b\[[?<>=]?[0-9;]*[hlucnq]"  # modes and questions to the terminal
    rb"|\x1b\[\?[0-9;]*\$p"
    rb"|\x1b\[[0-9;]*[rt]"
    rb"|\x1b[=>78]"
    rb"|\x1bP\+q[0-9A-Fa-f;]*\x1b\\"
    rb"|\x1b\([B0]"
    rb"|\x1b\]22;[a-z-]*\x07"  # the shape of the mouse pointer
)
CONTROLS = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]"
)


def stories() -> Iterator[str]:
    """Yields a line for each place that is safe. Failed for the first that is not."""
    with ended(_hostile()) as hostile, ended(_long()) as long:
        wait_for(lambda: _bytes(hostile, "comm")[:15] == NAME[:15], "the hostile name")
        wait_for(lambda: len(_bytes(long, "cmdline")) > LONG_BYTES, "the long command line")
        for pid, what in ((hostile, "a hostile name"), (long, "a command line of 100 kB")):
            yield from _screen(pid, what)
            yield from _plain(pid, what)
        yield _listed()


def _bytes(pid: int, name: str) -> bytes:
    return Path(f"/proc/{pid}/{name}").read_bytes()


def _hostile() -> int:
    """A process whose name and arguments are an attack."""
    code = (
        "import ctypes, time\n"
        f"ctypes.CDLL(None).prctl({PR_SET_NAME}, ctypes.c_char_p({NAME!r}))\n"
        "while True: time.sleep(0.2)"
    )
    return _spawn([NAME, b"-c", code.encode(), C1, BIDI, b"two\nlines"])


def _long() -> int:
    """Busy enough to stand high in the list, and soon at the part that the screen has to show."""
    return _spawn(
        [b"long", b"-c", b"#" + b"x" * LONG_BYTES + b"\nimport time\nwhile True: sum(range(50000)); time.sleep(0.05)"]
    )


def _spawn(argv: list[bytes]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            ctypes.CDLL(None).prctl(1, 9)  # end with the script that plays this
            null = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(null, fd)
            os.execve(sys.executable, argv, os.environ)
        finally:
            os._exit(127)
    return pid


def _screen(pid: int, what: str) -> Iterator[str]:
    with (
        fresh_state() as environment,
        on_pty([sys.executable, "-m", "perftui", "attach", str(pid)], environment) as terminal,
    ):
        wait_for(lambda: b"\x1b[?1049h" in terminal.output, "the alternate screen")
        shown = b"x" * 8 if "kB" in what else b"[red]"
        wait_for(lambda: shown in terminal.output, f"{what} on the screen", 15)
        for key in b"23456?\x1b1":  # every pane, and the help
            terminal.keys(bytes([key]))
            time.sleep(1)
        terminal.keys(b"q")
        code = terminal.wait_exit()
        check(code == 0, f"{what}: exit code {code}")
        _harmless(bytes(terminal.output), f"{what} on the screen")
    yield f"{what}: the screen shows it harmlessly"


def _plain(pid: int, what: str) -> Iterator[str]:
    for arguments in (["diagnose", str(pid), "--for", "2"], ["diagnose", str(pid), "--for", "2", "--json"]):
        done = _perftui(*arguments)
        check(done.returncode == 0, f"{what}: {arguments} ended with {done.returncode}: {done.stderr[-300:]!r}")
        _harmless(done.stdout + done.stderr, f"{what} in {' '.join(arguments)}")
        if "--json" in arguments:
            command = json.loads(done.stdout)["target"]["command"]
            check(not CONTROLS.search(command.encode()), f"{what}: control characters inside the JSON string")
    yield f"{what}: the plain output and the JSON show it harmlessly"


def _listed() -> str:
    """Both match: the command line lists them, which is where an attacker's name would be printed."""
    done = _perftui("diagnose", r"name:(\[red\]\$\(x\)|x{40})", "--for", "1")
    check(done.returncode == 2, f"an ambiguous name ended with {done.returncode}: {done.stderr[-300:]!r}")
    for shown in (b"[red]$(x)", b"x" * 40):
        check(shown in done.stderr, f"the list of matches lacks {shown!r}: {done.stderr[-300:]!r}")
    _harmless(done.stdout + done.stderr, "a list of matches")
    return "a list of matches shows it harmlessly"


def _perftui(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    argv = [sys.executable, "-m", "perftui", *arguments]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, timeout=60, check=False)


def _harmless(output: bytes, where: str) -> None:
    rest = SEQUENCES.sub(b"", output)
    found = CONTROLS.search(rest)
    if found:
        around = rest[max(0, found.start() - 30) : found.end() + 30]
        check(False, f"{where}: a control byte reached the terminal: {around!r}")
