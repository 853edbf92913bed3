"""The text that perf gives all the time, cut into windows."""

from perftui.model.profile import StackProfile
from perftui.profile.perf_script import KnownFrames, ScriptSample, parse, profile


class PerfWindows:
    """Each window begins where the last one ended, and none before perf began to look.

    perf holds its last record back until the next one comes. So a process that falls asleep leaves one sample that
    arrives when it wakes: it is counted then, and has no slot.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._known: dict[bool, KnownFrames] = {False: {}, True: {}}
        self._early: list[ScriptSample] = []
        self._until_ns = 0
        self._spent_ns = 0

    def started_ns(self, began_ns: int) -> int:
        """When the window under way started, of a perf that began to look at this moment (CLOCK_MONOTONIC)."""
        return max(began_ns, self._until_ns)

    def cut(
        self, raw: bytes, *, rate_hz: int, trust_map: bool, began_ns: int, until_ns: int, spent_ns: int
    ) -> StackProfile:
        """What was seen until this moment; later samples wait for the next window.

        ``raw`` is whole records of ``perf script``. ``spent_ns`` is the CPU time that sampling took so far, of all
        windows together. Samples that the kernel lost are a gap.
        """
        started_ns = self.started_ns(began_ns)
        script = parse(raw, self._known[trust_map], trust_map=trust_map)
        samples = [sample for sample in (*self._early, *script.samples) if sample.pid == self._pid]
        self._early = [sample for sample in samples if sample.time_ns >= until_ns]
        span_ns = max(1, until_ns - started_ns)
        seen = len(samples)
        window = profile(
            [sample for sample in samples if sample.time_ns < until_ns],
            rate_hz=float(rate_hz),
            started_ns=started_ns,
            ended_ns=started_ns + span_ns,
            covered_ns=round(span_ns * seen / (seen + script.lost)) if script.lost else span_ns,
            sampler_cpu_ns=max(0, spent_ns - self._spent_ns),
            pid=self._pid,
        )
        self._until_ns, self._spent_ns = started_ns + span_ns, spent_ns
        return window
