"""A recording, watched as a live session is: the same face, and the keys of a player."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NoReturn

import msgspec

from perftui.errors import NoData, Refused
from perftui.model.journal import JournalEntry
from perftui.model.update import NOT_IN_A_REPLAY, ReplayStatus, Update
from perftui.profile.tree import View
from perftui.session.moment import moment_of
from perftui.session.options import SessionOptions
from perftui.session.player import Player
from perftui.session.worst import Searched, search_worst
from perftui.store.recording import Recording

SPEEDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
JUMP_SECONDS = 60.0

FRAME_SECONDS = 0.25
"""At high speed so much time lies between two pictures: nobody reads more, and a slow link carries no more."""

LONGEST_WAIT = 3.0
"""In intervals: a gap in the recording (a suspended machine, perftui ended and begun again) is not sat out."""

_START, _END = "the start of the recording", "the end of the recording"

SEARCH_SECONDS = 0.1
"""A search lets keys through so often."""


class ReplaySession:
    """``tui.watching.Watching`` on a recording, and what moves it. Whatever would change something is Refused.

    ``start`` plays in a thread, in which all else happens too: the methods that move it only ask, and do not wait.
    """

    def __init__(
        self,
        recording: Recording,
        options: SessionOptions,
        *,
        at_ns: int | None = None,
        journal: tuple[JournalEntry, ...] = (),
        notices: tuple[str, ...] = (),
    ) -> None:
        """``at_ns``: begin there, standing still. NotDeliverable for a recording without a sample."""
        self.notices = notices
        self._recording = recording
        self._options = options
        self._player = Player(recording, options, journal)
        self._playing = at_ns is None
        if at_ns is not None:
            self._player.seek(at_ns)
        self._lacks_past = False
        self._speed = SPEEDS.index(1.0)
        self._said = ""
        self._damage_told = 0
        self._search: Iterator[Searched] | None = None
        self._searched = Searched(0.0, 0)
        self._asks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._due = 0.0
        self._on_update: Callable[[Update], None] = _nobody
        self._thread: threading.Thread | None = None

    # ---- the face of a session

    @property
    def profiling(self) -> bool:
        """Stacks are shown when they were recorded."""
        return True

    def start(self, on_update: Callable[[Update], None], on_failure: Callable[[Exception], None]) -> None:
        """Begin playing in a thread; both are called from that thread."""
        self._on_update = on_update

        def work() -> None:
            try:
                self._play()
            except Exception as fault:  # noqa: BLE001  (whatever it is, the owner of the screen must know)
                on_failure(fault)

        self._thread = threading.Thread(target=work, name="perftui-replay", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the replay and close the recording. May be called twice."""
        self._asks.put(None)
        if self._thread is not None:
            self._thread.join()
        self._player.close()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise Refused(NOT_IN_A_REPLAY)

    def save_flame(self, format_name: str, view: View = "cpu") -> str:
        """As a session does, with the stacks of the moment that is shown."""
        from perftui.session.flame_file import save_flame  # brings all formats, and is hardly ever needed

        update = self._player.update
        profile, sample = update.profile, update.sample
        if profile is None:
            raise NoData("no stacks were recorded at this moment")
        wall_ns = sample.wall_ns - sample.monotonic_ns + profile.started_ns
        path = save_flame(profile, format_name, view=view, title=sample.target.label, wall_ns=wall_ns)
        return f"saved {path}"

    select = set_profiling = apply = keep = undo = send_signal = toggle_recording = mark_incident = _refuse

    # ---- the player's keys

    def pause(self) -> None:
        """Stand still, or go on."""
        self._asks.put(self._toggle)

    def step(self, count: int) -> None:
        """One moment on (+1) or back (-1), and stand still there."""
        self._asks.put(partial(self._step, count))

    def jump(self, seconds: float) -> None:
        """Go so far on or back."""
        self._asks.put(partial(self._jump, int(seconds * 1e9)))

    def jump_to(self, text: str) -> None:
        """Go to a time as people write it. UsageError for what is none, or outside the recording."""
        self._asks.put(partial(self._go, moment_of(text, self._recording)))

    def next_mark(self) -> None:
        """Go to the next mark, after the last one to the first."""
        self._asks.put(self._next_mark)

    def change_speed(self, by: int) -> None:
        """Faster (+1) or slower (-1), in the steps of ``SPEEDS``."""
        self._asks.put(partial(self._set_speed, by))

    def worst(self) -> None:
        """Look for the worst moment and go there; asked again, stop looking."""
        self._asks.put(self._toggle_search)

    # ---- in the thread

    def _play(self) -> None:
        self._due = time.monotonic() + self._gap_seconds()
        self._show()
        while True:
            try:
                ask = self._asks.get(timeout=self._wait_seconds())
            except queue.Empty:
                self._go_on()
                continue
            if ask is None:
                return
            self._said = ""
            ask()
            self._due = time.monotonic() + self._gap_seconds()
            self._show()

    def _wait_seconds(self) -> float | None:
        if self._search is not None or self._lacks_past:
            return 0.0
        if not self._playing:
            return None
        return max(0.0, self._due - time.monotonic())

    def _go_on(self) -> None:
        """Nobody asked for anything until it was time for the next thing."""
        if self._lacks_past:
            self._lacks_past = False
            self._player.seek(self._player.at_ns)
        elif self._search is not None:
            self._look_further()
        else:
            self._advance()
        self._show()

    def _advance(self) -> None:
        """Show what is due by now, and at high speed what will be within one picture."""
        until = time.monotonic() + FRAME_SECONDS
        while self._player.forward():
            self._due += self._gap_seconds()
            if self._due > until or time.monotonic() > until:
                break
        else:
            self._playing, self._said = False, _END
        self._due = max(self._due, time.monotonic())

    def _gap_seconds(self) -> float:
        """From the moment shown to the next one, at this speed."""
        following = self._player.next_ns
        if following is None:
            return 0.0
        recorded = (following - self._player.at_ns) / 1e9
        return max(0.0, min(recorded, LONGEST_WAIT * self._options.interval_seconds)) / SPEEDS[self._speed]

    def _show(self) -> None:
        damage = self._recording.damage
        if len(damage) > self._damage_told:
            self._said, self._damage_told = damage[-1], len(damage)
        status = ReplayStatus(
            first_ns=self._recording.first_ns,
            last_ns=self._recording.last_ns,
            at_ns=self._player.at_ns,
            wall_ns=self._player.update.sample.wall_ns,
            speed=SPEEDS[self._speed],
            playing=self._playing,
            marks=tuple(self._recording.marks),
            searched_ratio=self._searched.ratio if self._search is not None else None,
            said=self._said,
        )
        self._on_update(msgspec.structs.replace(self._player.update, replay=status))

    def _toggle(self) -> None:
        self._playing = not self._playing

    def _step(self, count: int) -> None:
        self._playing = False
        if not (self._player.forward() if count > 0 else self._player.back()):
            self._said = _END if count > 0 else _START

    def _go(self, time_ns: int) -> None:
        """Show the moment at once; its past follows when nothing else is asked for."""
        self._player.seek(time_ns, 0.0)
        self._lacks_past = True

    def _jump(self, by_ns: int) -> None:
        wanted = self._player.at_ns + by_ns
        self._go(wanted)
        if not self._recording.first_ns <= wanted <= self._recording.last_ns:
            self._said = _END if by_ns > 0 else _START

    def _next_mark(self) -> None:
        marks = self._recording.marks
        if not marks:
            self._said = "there is no mark in this recording"
            return
        at_ns = self._player.at_ns
        mark = next((mark for mark in marks if mark.at_ns > at_ns), marks[0])
        self._playing = False
        # The first moment that has seen the mark: the one before it is still what was.
        self._go(mark.at_ns)
        if self._player.at_ns < mark.at_ns:
            self._player.forward()
        self._said = mark.text

    def _set_speed(self, by: int) -> None:
        self._speed = min(max(0, self._speed + by), len(SPEEDS) - 1)

    def _toggle_search(self) -> None:
        if self._search is not None:
            self._search = None
            self._said = "stopped looking for the worst moment"
        else:
            self._search = search_worst(self._recording, self._options)
            self._searched = Searched(0.0, self._recording.last_ns)

    def _look_further(self) -> None:
        until = time.monotonic() + SEARCH_SECONDS
        for searched in self._search or ():
            self._searched = searched
            if time.monotonic() > until:
                return
        self._search = None
        self._playing = False
        self._go(self._searched.worst_ns)
        diagnosis = self._player.update.diagnosis
        self._said = f"the worst moment: {diagnosis.summary}" if diagnosis else "the worst moment"


def _nobody(_: Update) -> None:
    """Before ``start`` nobody listens."""
