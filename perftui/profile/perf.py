"""perf as a continuous sampler, for processes that are not Python."""

import math
import os
import selectors
import threading
import time
from collections import deque

from perftui.errors import NoData
from perftui.host.clock import monotonic_ns, process_clock
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.profile import ProfileStatus, StackProfile
from perftui.profile import preflight
from perftui.profile.perf_exits import explain
from perftui.profile.perf_find import find_perf, sees_kernel, trusts_map
from perftui.profile.perf_names import lacks_map, nameless
from perftui.profile.perf_pace import PerfPace
from perftui.profile.perf_stream import Outcome, Plan, Stream, Unwind
from perftui.profile.perf_windows import PerfWindows
from perftui.profile.wake import waking_selector

_SECOND = 1_000_000_000
_KEPT_WINDOWS = 60
_RECENT_WINDOWS = 5
_FIRST_RETRY_SECONDS = 1.0
_LAST_RETRY_SECONDS = 5.0
_LOOK_SECONDS = 0.25
"""How often the pipe is emptied. It holds 1 MiB, so that not every sample has to wake the interpreter."""
_LAG_NS = 200_000_000
"""How long a sample may be on its way: 10–20 ms, and more where perf has to wait for a CPU."""
_SILENCE_NS = 5_000_000_000
"""CPU time of the target without a single sample after which perf hangs: at 4 Hz there should have been 20."""
_MAP_NS = 30_000_000_000
_PATIENCE_SECONDS = 2.0
"""A perf that is killed leaves a small file in /tmp, so it gets the time to end by itself."""
_STOP_SECONDS = 5.0
_NEVER = math.inf
_NO_KERNEL = NoData("without kernel frames", "sudo sysctl kernel.perf_event_paranoid=1")


class PerfSampler:
    """Samples the stacks of one process until stopped, in a thread of its own.

    perf sees only what runs: a thread that sleeps leaves no sample, so there is no view of waiting time, and for
    each row ``on_cpu == samples``. A process that does nothing gives windows without rows. The kernel takes the
    sample, the target goes on, and nothing is left in it. Kernel frames have the file ``[kernel]``; they are missing
    where only root may see them. Children of the process are left out.

    ``rate_hz`` and ``window_seconds`` are the best to be had: the rate falls when perf and the reading of its text take
    more than ``budget_ratio`` of one core. ``unwind="dwarf"`` follows stacks of code without frame pointers, by
    copying 8 KiB of stack for each look. It tries again by itself, ever less often, when there are no stacks.
    """

    def __init__(
        self,
        host: Host,
        held: HeldTarget,
        *,
        rate_hz: int = 100,
        window_seconds: int = 1,
        budget_ratio: float = 0.05,
        unwind: Unwind = "fp",
    ) -> None:
        self._host = host
        self._held = held
        self._pid = held.process.pid
        self._pace = PerfPace(ratio=budget_ratio, rate_hz=rate_hz)
        self._window_ns = window_seconds * _SECOND
        self._unwind = unwind
        self._windows = PerfWindows(self._pid)
        self._finished: deque[StackProfile] = deque(maxlen=_KEPT_WINDOWS)
        self._recent: deque[StackProfile] = deque(maxlen=_RECENT_WINDOWS)
        self._status = _status("off")
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._selector, self._wake = waking_selector()
        self._stream: Stream | None = None
        self._ran_ns = 0
        self._past_ns = 0
        self._due_ns: float = 0
        self._retry_seconds = _FIRST_RETRY_SECONDS

    @property
    def status(self) -> ProfileStatus:
        return self._status

    def start(self) -> None:
        """Begin sampling. Once only: a stopped sampler stays stopped."""
        if self._thread is None and not self._stopping.is_set():
            self._status = _status("starting")
            self._thread = threading.Thread(target=self._run, name="perftui-perf", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End sampling; no child is left. What was seen of the window under way is handed over."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._thread is not None:
            os.eventfd_write(self._wake, 1)
            self._thread.join(_STOP_SECONDS)
        self._status = _status("off")
        if self._thread is None or not self._thread.is_alive():
            self._selector.close()
            os.close(self._wake)

    def take(self) -> list[StackProfile]:
        """The windows finished since the last call, oldest first; of more than 60 the oldest are lost."""
        taken = []
        while self._finished:
            taken.append(self._finished.popleft())
        return taken

    # Everything below runs in the sampler's thread.

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                if self._stream is None:
                    self._start_if_due()
                else:
                    self._follow(self._stream)
                self._wait()
            if self._stream is not None:
                self._leave(self._stream)
        except Exception as error:  # noqa: BLE001 (this is the thread's edge: the reason becomes a state, the program goes on)
            self._status = _status("unavailable", NoData(f"the sampler failed: {error!r}", "report this"))
        finally:
            if self._stream is not None:
                self._end(self._stream, patience_seconds=0)

    def _wait(self) -> None:
        if self._stream is not None:
            timeout: float | None = _LOOK_SECONDS
        else:
            timeout = None if self._due_ns == _NEVER else max(0.0, (self._due_ns - monotonic_ns()) / _SECOND)
        self._selector.select(timeout)

    def _start_if_due(self) -> None:
        if monotonic_ns() < self._due_ns:
            return
        try:
            if self._held.ended:
                raise NoData(f"process {self._pid} has ended")
            preflight.check_state(self._host, self._pid)
            stream = Stream(self._plan())
        except NoData as error:
            self._fail(error)
        except OSError as error:
            self._fail(NoData(f"perf cannot be started: {error.strerror}"))
        else:
            self._stream = stream
            self._ran_ns = self._target_ns
            for fd in (stream.errors, *stream.pidfds):
                self._selector.register(fd, selectors.EVENT_READ)

    def _plan(self) -> Plan:
        return Plan(
            perf=find_perf(),
            pid=self._pid,
            rate_hz=self._pace.rate_hz,
            kernel=sees_kernel(self._host, self._pid),
            unwind=self._unwind,
            trust_map=trusts_map(self._host, self._pid),
        )

    def _follow(self, stream: Stream) -> None:
        stream.read()
        now = monotonic_ns()
        if stream.ended:
            self._perf_ended(stream)
        elif not stream.began_ns:
            if now > stream.deadline_ns:
                self._end(stream, patience_seconds=0)
                self._fail(NoData("perf did not start in time", "the machine may be too busy to sample"))
        elif now >= self._windows.started_ns(stream.began_ns) + self._window_ns + _LAG_NS:
            self._window_ended(stream, now - _LAG_NS)

    def _window_ended(self, stream: Stream, until_ns: int) -> None:
        window = self._keep(stream, until_ns, self._past_ns + stream.cpu_ns)
        try:
            if not window.rows:
                preflight.check_state(self._host, self._pid)
                self._check_silence(stream.plan)
            else:
                self._ran_ns = self._target_ns
            if self._is_new_rate(window, stream) or self._is_new_map(window, stream):
                self._leave(stream)
        except NoData as error:
            self._end(stream, patience_seconds=_PATIENCE_SECONDS)
            self._fail(error)

    def _is_new_rate(self, window: StackProfile, stream: Stream) -> bool:
        if window.started_ns == stream.began_ns:  # it bears the price of the start
            return False
        return self._pace.measured(window.sampler_cpu_ns / (window.ended_ns - window.started_ns))

    def _is_new_map(self, window: StackProfile, stream: Stream) -> bool:
        """perf reads the map of compiled code once; what is compiled later has a name only after a new start."""
        old = monotonic_ns() > stream.began_ns + _MAP_NS
        return old and lacks_map(window) and trusts_map(self._host, self._pid)

    @property
    def _target_ns(self) -> int:
        """CPU time of the target so far; 0 when it is gone."""
        try:
            return time.clock_gettime_ns(process_clock(self._pid))
        except OSError:
            return 0

    def _check_silence(self, plan: Plan) -> None:
        """NoData when perf says nothing although the target runs. (In the kernel it may run where nobody may look.)"""
        if plan.kernel and self._target_ns > self._ran_ns + _SILENCE_NS:
            raise NoData("perf says nothing although the process runs", "it is started anew")

    def _perf_ended(self, stream: Stream) -> None:
        outcome = self._leave(stream)
        if self._held.ended:
            self._fail(NoData(f"process {self._pid} has ended"))
        else:
            self._fail(explain(self._pid, outcome.returncode, outcome.text))

    def _leave(self, stream: Stream) -> Outcome:
        """End perf and keep what it has seen until now."""
        now = monotonic_ns()
        outcome = self._end(stream, patience_seconds=_PATIENCE_SECONDS)
        if stream.began_ns:
            self._keep(stream, now, self._past_ns)
        return outcome

    def _end(self, stream: Stream, *, patience_seconds: float) -> Outcome:
        for fd in (stream.errors, *stream.pidfds):
            self._selector.unregister(fd)
        self._stream = None
        outcome = stream.end(patience_seconds=patience_seconds)
        self._past_ns += outcome.cpu_ns
        return outcome

    def _keep(self, stream: Stream, until_ns: int, perf_ns: int) -> StackProfile:
        """``perf_ns`` is the CPU time of all that was started so far; our own is added."""
        window = self._windows.cut(
            stream.take(),
            rate_hz=stream.plan.rate_hz,
            trust_map=stream.plan.trust_map,
            began_ns=stream.began_ns,
            until_ns=until_ns,
            spent_ns=perf_ns + time.thread_time_ns(),
        )
        self._finished.append(window)
        self._recent.append(window)
        self._retry_seconds = _FIRST_RETRY_SECONDS
        self._status = self._running_status(stream.plan)
        return window

    def _running_status(self, plan: Plan) -> ProfileStatus:
        first, last = self._recent[0], self._recent[-1]
        lacks = nameless(last) or (None if plan.kernel else _NO_KERNEL)
        span = max(1, last.ended_ns - first.started_ns)
        return ProfileStatus(
            state="ok",
            sampler="perf",
            mode="perf",
            reason=lacks.reason if lacks else "",
            remedy=lacks.remedy if lacks else "",
            sampler_cpu_ratio=sum(window.sampler_cpu_ns for window in self._recent) / span,
            rate_hz=float(self._pace.rate_hz),
            gap_ratio=max(0.0, 1 - sum(window.covered_ns for window in self._recent) / span),
        )

    def _fail(self, error: NoData) -> None:
        """Say why, and try again later; an ended target is not an error and is not tried again."""
        self._recent.clear()
        ended = self._held.ended
        self._status = _status("off" if ended else "unavailable", error)
        self._due_ns = _NEVER if ended else monotonic_ns() + self._retry_seconds * _SECOND
        self._retry_seconds = min(_LAST_RETRY_SECONDS, self._retry_seconds * 2)


def _status(state: str, error: NoData | None = None) -> ProfileStatus:
    reason, remedy = (error.reason, error.remedy) if error else ("", "")
    return ProfileStatus(state=state, sampler="perf", mode="perf", reason=reason, remedy=remedy)
