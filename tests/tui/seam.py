"""Stand-ins for a session, at the seam that ``tui.watching.Watching`` draws."""

import subprocess
import sys
import threading
from collections.abc import Callable

from perftui.model.journal import JournalEntry
from perftui.model.profile import Mode
from perftui.model.proposal import Proposal
from perftui.model.target import ProcessId
from perftui.model.update import Update
from perftui.profile.tree import View
from tests.tui.fixtures import build_journal, build_update


class StillSession:
    """Ticks when told to, and keeps what it was asked for."""

    fail: Callable[[Exception], None]

    def __init__(self, notices: tuple[str, ...] = ()) -> None:
        self.asked: list[tuple[str, object]] = []
        self.profiling = True
        self.notices = notices
        self.stopped = False
        self.fails: Exception | None = None
        self._on_update: Callable[[Update], None] | None = None

    @property
    def started(self) -> bool:
        return self._on_update is not None

    def start(self, on_update: Callable[[Update], None], on_failure: Callable[[Exception], None]) -> None:
        self._on_update = on_update
        self.fail = on_failure

    def tick(self, update: Update) -> None:
        assert self._on_update is not None
        self._on_update(update)

    def stop(self) -> None:
        self.stopped = True

    def select(self, pid: int | None) -> None:
        self._note("select", pid)

    def set_profiling(self, on: bool) -> None:
        self._note("profiling", on)
        self.profiling = on

    def set_profile_mode(self, mode: Mode, pid: int) -> str:
        self._note("mode", (mode, pid))
        return f"stacks of process {pid} are sampled {mode}"

    def apply(self, proposal: Proposal, by: str) -> JournalEntry:
        self._note("apply", proposal.id)
        return build_journal()[0]

    def keep(self, entry_id: str) -> JournalEntry:
        self._note("keep", entry_id)
        return build_journal()[0]

    def undo(self, entry_id: str) -> JournalEntry:
        self._note("undo", entry_id)
        return build_journal()[0]

    def send_signal(self, process: ProcessId, number: int) -> None:
        self._note("signal", (process.pid, process.start_ticks, number))

    def toggle_recording(self) -> str:
        self._note("record", None)
        return "recording to somewhere"

    def save_flame(self, format_name: str, view: View = "cpu") -> str:
        self._note("flame", (format_name, view))
        return "saved somewhere"

    def mark_incident(self, text: str) -> str:
        self._note("incident", text)
        return "saved somewhere"

    def source_of(self, pid: int, file: str) -> list[str]:
        self._note("source", (pid, file))
        return [f"line {number} of {file}" for number in range(1, 101)]

    def _note(self, what: str, about: object) -> None:
        if self.fails is not None:
            raise self.fails
        self.asked.append((what, about))


class TickingSession(StillSession):
    """Ticks by itself in a thread, and has a child process, as a session with a sampler has."""

    def __init__(self, build: Callable[[int], Update] = build_update, seconds: float = 1.0) -> None:
        super().__init__()
        self._build = build
        self._seconds = seconds
        self._over = threading.Event()
        self.child: subprocess.Popen[bytes] | None = None

    def start(self, on_update: Callable[[Update], None], on_failure: Callable[[Exception], None]) -> None:
        super().start(on_update, on_failure)
        # At the end of its input it ends, also when this process is killed.
        self.child = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, process_group=0
        )
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        super().stop()
        self._over.set()
        if self.child is not None:
            self.child.kill()
            self.child.communicate()

    def _run(self) -> None:
        tick = 1
        try:
            while not self._over.wait(self._seconds):
                self.tick(self._build(tick))
                tick += 1
        except Exception as fault:
            self.fail(fault)
