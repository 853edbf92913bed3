"""py-spy as a continuous sampler: one short run after the other, without a gap.

A run writes its result only at its end. So the next one is started a little early, and when it says that it
samples, the one before is interrupted and hands over its window. By default only memory is read (``--nonblocking``):
the target is never paused. In the modes that pause it a run must end before the next begins, because a process has
one tracer. Not even a killed py-spy leaves it stopped: since 0.4 it pauses threads as their tracer
(``PTRACE_SEIZE``), not by a signal, and the kernel lets them go when their tracer dies.
"""

import contextlib
import math
import os
import selectors
import threading
from collections import deque

import msgspec

from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.profile import Mode, ProfileStatus, StackProfile
from perftui.profile import preflight
from perftui.profile.assemble import Assembler, attempts
from perftui.profile.binary import find_py_spy
from perftui.profile.budget import MAX_RESULT_BYTES, Budget
from perftui.profile.exits import ended_by_target, explain
from perftui.profile.modes import BEST_RATE_HZ, PAUSING, SELECTIVE, predicted_cost
from perftui.profile.stops import StopMeter
from perftui.profile.threads import run_times
from perftui.profile.wake import waking_selector
from perftui.profile.window import Outcome, Window

_SECOND = 1_000_000_000
_KEPT_WINDOWS = 60
_RECENT_WINDOWS = 5
_FIRST_RETRY_SECONDS = 1.0
_LAST_RETRY_SECONDS = 5.0
_LEAD_NS = 40_000_000
"""How long py-spy takes from its start to its first look, before it was measured: 25–37 ms."""
_SUCCESSOR_SLACK_NS = _SECOND
"""A window goes on this much longer for a successor that is slow to start."""
_PAUSING_WINDOW_SECONDS = 2
"""Between two windows of a mode that pauses the target is a gap, as long as py-spy takes to start."""
_NEVER = math.inf
_TOO_LARGE = (
    f"the last window was left out: its stacks took more than {MAX_RESULT_BYTES >> 20} MiB; fewer looks are taken now"
)
_STOP_SECONDS = 5.0
"""``stop`` takes 1.5 s at worst, unless the thread hangs in a file of the target's on a dead network mount."""


class PySpySampler:
    """Samples the stacks of one process until stopped, in a thread of its own.

    ``rate_hz`` (0: the best of the mode) and ``window_seconds`` are the best to be had: the sampler keeps itself below
    ``budget_ratio`` of one core, with fewer looks and longer windows if need be. It tries again by itself, ever less
    often, when stacks cannot be had; ``status`` says why, and also when a window was larger than 4 MiB and left out.
    With ``once`` it ends after its first window.

    In the mode ``gil`` each window has the stacks of whoever held the lock of the interpreter, and none when nobody
    did: the part of the time that it was held is ``samples / attempts``.
    """

    def __init__(
        self,
        host: Host,
        held: HeldTarget,
        *,
        mode: Mode = "nonblocking",
        rate_hz: int = 0,
        window_seconds: int = 1,
        budget_ratio: float = 0.05,
        once: bool = False,
    ) -> None:
        self._host = host
        self._held = held
        self._pid = held.process.pid
        self._rate_hz = rate_hz
        self._window_seconds = window_seconds
        self._budget_ratio = budget_ratio
        self._once = once
        self._budget = self._new_budget(mode)
        self._assembler = Assembler(host, self._pid)
        self._stops = StopMeter(host, self._pid)
        self._finished: deque[StackProfile] = deque(maxlen=_KEPT_WINDOWS)
        self._recent: deque[StackProfile] = deque(maxlen=_RECENT_WINDOWS)
        self._slowdowns: deque[float] = deque(maxlen=_RECENT_WINDOWS)
        self._status = ProfileStatus(state="off", sampler="py-spy", mode=mode)
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._selector, self._wake = waking_selector()
        self._live: list[Window] = []
        self._due_ns: float = 0
        self._lead_ns = _LEAD_NS
        self._retry_seconds = _FIRST_RETRY_SECONDS

    @property
    def status(self) -> ProfileStatus:
        return self._status

    def start(self) -> None:
        """Begin sampling. Once only: a stopped sampler stays stopped."""
        if self._thread is None and not self._stopping.is_set():
            self._status = ProfileStatus(state="starting", sampler="py-spy", mode=self._budget.setting.mode)
            self._thread = threading.Thread(target=self._run, name="perftui-py-spy", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End sampling; no child is left. The window under way is finished if py-spy answers quickly.

        After 5 s a thread that hangs is left behind: it cleans up when it comes back, and its py-spy ends by itself.
        """
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._thread is not None:
            os.eventfd_write(self._wake, 1)
            self._thread.join(_STOP_SECONDS)
        self._status = ProfileStatus(state="off", sampler="py-spy")
        if self._thread is None or not self._thread.is_alive():
            self._selector.close()
            os.close(self._wake)

    def switch(self, mode: Mode) -> None:
        """Look in another way from the next window on. ``modes.needs_confirmation`` tells what to ask before."""
        self._budget = self._new_budget(mode)

    def take(self) -> list[StackProfile]:
        """The windows finished since the last call, oldest first; of more than 60 the oldest are lost."""
        taken = []
        while self._finished:
            taken.append(self._finished.popleft())
        return taken

    def _new_budget(self, mode: Mode) -> Budget:
        return Budget(
            ratio=self._budget_ratio,
            rate_hz=self._rate_hz or BEST_RATE_HZ[mode],
            window_seconds=max(
                self._window_seconds, _PAUSING_WINDOW_SECONDS if mode in PAUSING and not self._once else 0
            ),
            mode=mode,
        )

    # Everything below runs in the sampler's thread.

    def _run(self) -> None:
        try:
            while not self._stopping.is_set() and not (self._once and self._recent):
                self._start_if_due()
                self._wait(self._next_event_ns())
                self._keep_time()
            self._end_politely()
        except Exception as error:  # noqa: BLE001 (this is the thread's edge: the reason becomes a state, the program goes on)
            self._status = ProfileStatus(
                state="unavailable", sampler="py-spy", reason=f"the sampler failed: {error!r}", remedy="report this"
            )
        finally:
            for window in list(self._live):
                window.kill()
                self._let_go(window)

    def _start_if_due(self) -> None:
        if monotonic_ns() < self._due_ns:
            return
        try:
            if not self._live:
                self._look_before_leaping()
            window = self._started_window()
        except NoData as error:
            self._fail(error)
        except OSError as error:
            self._fail(NoData(f"py-spy cannot be started: {error.strerror}", "pip install --force-reinstall py-spy"))
        else:
            self._due_ns = _NEVER
            self._live.append(window)

    def _started_window(self) -> Window:
        """A window that the selector follows. OSError when there is none, and then nothing is left of it."""
        window = Window(find_py_spy(), self._pid, self._budget.setting)
        try:
            self._selector.register(window.output, selectors.EVENT_READ, window)
            self._selector.register(window.pidfd, selectors.EVENT_READ, window)
        except OSError:
            with contextlib.suppress(KeyError):
                self._selector.unregister(window.output)
            window.kill()
            window.reap()
            raise
        return window

    def _look_before_leaping(self) -> None:
        if self._held.ended:
            raise NoData(f"process {self._pid} has ended")
        interpreter = preflight.check(self._host, self._pid)
        if interpreter.free_threaded and self._budget.setting.mode == "gil":
            raise NoData(
                f"process {self._pid} runs a free-threaded Python, which has no GIL", "the other views show it"
            )
        self._budget.expect(len(self._host.names(f"/proc/{self._pid}/task")))

    def _next_event_ns(self) -> float:
        times: list[float] = [self._due_ns]
        for window in self._live:
            times.append(window.deadline_ns)
            if window.sampling:
                times.append(self._last_moment(window))
                if window.pausing:
                    times.append(self._stops.due_ns)
        return min(times)

    def _wait(self, until_ns: float) -> None:
        timeout = None if until_ns == _NEVER else max(0.0, (until_ns - monotonic_ns()) / _SECOND)
        for key, _ in self._selector.select(timeout):
            window: Window | None = key.data
            if window is None:
                os.eventfd_read(self._wake)
                continue
            if window not in self._live:
                continue
            if window.read_output():
                self._begin(window)
            if key.fd == window.pidfd:
                self._finish(window)

    def _begin(self, window: Window) -> None:
        """A window samples: the one before it is over."""
        now = monotonic_ns()
        window.began_ns = now
        window.run_ns_before = run_times(self._host, self._pid)
        for earlier in self._live:
            if earlier is not window and earlier.sampling:
                self._close(earlier, now, window.run_ns_before)
        if window.pausing:
            self._stops.begin(window.run_ns_before)
            return
        self._lead_ns = (self._lead_ns + now - window.started_ns) // 2
        setting = window.setting
        if self._once:  # nobody is to come after it
            return
        self._due_ns = now + (setting.window_seconds + setting.rest_seconds) * _SECOND - self._lead_ns

    def _close(self, window: Window, now: int, run_ns: dict[int, int]) -> None:
        if window.pausing:
            window.slowdown_ratio = self._stops.end()
        window.ended_ns = now
        window.run_ns_after = run_ns
        window.interrupt()

    def _keep_time(self) -> None:
        now = monotonic_ns()
        for window in self._live:
            if window.sampling and now >= self._last_moment(window):
                self._close(window, now, run_times(self._host, self._pid))
            elif window.sampling and window.pausing and now >= self._stops.due_ns:
                self._stops.look()
            window.enforce(now)

    def _last_moment(self, window: Window) -> int:
        slack = 0 if window.setting.rest_seconds or window.pausing or self._once else _SUCCESSOR_SLACK_NS
        return window.began_ns + window.setting.window_seconds * _SECOND + slack

    def _finish(self, window: Window) -> None:
        """py-spy has ended: keep its window, or say why there is none."""
        by_itself = window.sampling
        if by_itself:
            window.ended_ns = monotonic_ns()
            window.run_ns_after = run_times(self._host, self._pid)
        outcome = self._let_go(window)
        try:
            self._keep(window, outcome)
            if ended_by_target(outcome.text) or self._held.ended:
                raise NoData(f"process {self._pid} has ended")
            preflight.check_state(self._host, self._pid)
        except NoData as error:
            self._fail(error)
        else:
            self._go_on(window, by_itself)

    def _go_on(self, window: Window, by_itself: bool) -> None:
        now = monotonic_ns()
        if window.pausing:
            self._due_ns = min(self._due_ns, now + window.setting.rest_seconds * _SECOND)
        elif by_itself:
            self._due_ns = min(self._due_ns, now)

    def _let_go(self, window: Window) -> Outcome:
        self._selector.unregister(window.output)
        self._selector.unregister(window.pidfd)
        self._live.remove(window)
        return window.reap()

    def _keep(self, window: Window, outcome: Outcome) -> None:
        """NoData when nothing was seen. What is too large to be read is left out, and the next one will be smaller."""
        if not window.began_ns or outcome.returncode != 0:
            raise self._reason(window, outcome)
        threads = len(window.run_ns_after)
        if outcome.raw is None:
            self._budget.measured(outcome.cpu_ns, window.planned_looks, threads, outcome.size_bytes)
            self._status = msgspec.structs.replace(self._status, reason=_TOO_LARGE)
            if self._once:
                raise NoData(_TOO_LARGE)
            return
        stacks = self._assembler.read(outcome.raw)
        if window.setting.mode == self._budget.setting.mode:
            self._budget.measured(outcome.cpu_ns, attempts(window, stacks), threads, outcome.size_bytes)
        if not stacks.rows and window.setting.mode not in SELECTIVE:
            raise self._reason(window, outcome)
        self._show(self._assembler.profile(window, stacks, outcome.cpu_ns), self._slowdown(window, outcome.cpu_ns))

    def _slowdown(self, window: Window, cpu_ns: int) -> float:
        """Measured where the target is paused; else what is known of this mode, in proportion to the sampler's CPU."""
        if window.slowdown_ratio is not None:
            return window.slowdown_ratio
        cost = predicted_cost(window.setting.mode, len(window.run_ns_after), window.setting.rate_hz)
        used_ratio = cpu_ns / max(1, window.ended_ns - window.began_ns)
        return cost.slowdown_ratio * used_ratio / cost.sampler_cpu_ratio

    def _show(self, profile: StackProfile, slowdown_ratio: float) -> None:
        if self._recent and self._recent[-1].mode != profile.mode:
            self._recent.clear()
            self._slowdowns.clear()
        self._finished.append(profile)
        self._recent.append(profile)
        self._slowdowns.append(slowdown_ratio)
        self._retry_seconds = _FIRST_RETRY_SECONDS
        first, last = self._recent[0], self._recent[-1]
        span = max(1, last.ended_ns - first.started_ns)
        self._status = ProfileStatus(
            state="ok",
            sampler="py-spy",
            sampler_cpu_ratio=sum(profile.sampler_cpu_ns for profile in self._recent) / span,
            rate_hz=float(self._budget.setting.rate_hz),
            gap_ratio=max(0.0, 1 - sum(profile.covered_ns for profile in self._recent) / span),
            mode=profile.mode,
            slowdown_ratio=sum(self._slowdowns) / len(self._slowdowns),
        )

    def _reason(self, window: Window, outcome: Outcome) -> NoData:
        if window.overdue:
            return NoData("py-spy did not end in time and was killed", "the machine may be too busy to sample")
        if outcome.returncode != 0:
            return explain(self._pid, outcome.returncode, outcome.text)
        try:
            preflight.check(self._host, self._pid)
        except NoData as error:
            return error
        return NoData("py-spy saw no Python stack", "the process may be starting, ending, or busy outside Python")

    def _fail(self, error: NoData) -> None:
        """Say why, and try again later; an ended target is not an error and is not tried again."""
        self._recent.clear()
        self._slowdowns.clear()
        ended = self._held.ended
        if ended:  # whatever was noticed first
            error = NoData(f"process {self._pid} has ended")
        self._status = ProfileStatus(
            state="off" if ended else "unavailable",
            sampler="py-spy",
            reason=error.reason,
            remedy=error.remedy,
            mode=self._budget.setting.mode,
        )
        self._due_ns = _NEVER if ended else monotonic_ns() + self._retry_seconds * _SECOND
        self._retry_seconds = min(_LAST_RETRY_SECONDS, self._retry_seconds * 2)

    def _end_politely(self) -> None:
        """Give py-spy the time of a few looks to write the last window."""
        now = monotonic_ns()
        run_ns = run_times(self._host, self._pid)
        for window in list(self._live):
            if window.sampling:
                self._close(window, now, run_ns)
        self._due_ns = _NEVER
        patience_ns = min(_SECOND, 400_000_000 + 3 * _SECOND // self._budget.setting.rate_hz)
        while self._live and (left := now + patience_ns - monotonic_ns()) > 0:
            self._wait(monotonic_ns() + left)
