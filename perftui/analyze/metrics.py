"""Every figure that rules judge by, under the name that findings, proposals and trials use for it."""

from collections.abc import Callable

import msgspec

from perftui.analyze import figures
from perftui.analyze.scene import Scene
from perftui.model.interval import Interval
from perftui.model.units import bytes_text, ratio_text

Figure = Callable[[Scene], float | None]


class Metric(msgspec.Struct, frozen=True):
    """How one figure is worked out, and what it is called.

    ``needs`` names the collectors without which it is not visible (``profile`` for stacks).
    """

    label: str
    unit: str
    source: str
    needs: tuple[str, ...]
    measure: Figure


def value_of(metric: str, interval: Interval) -> float | None:
    """One figure over any interval; None where it is not visible there. KeyError for an unknown name."""
    return METRICS[metric].measure(Scene(interval))


def text_of(metric: str, value: float) -> str:
    """A figure as people read it: ``41 %``, ``0.59 cores``, ``3.2 ms``."""
    unit = METRICS[metric].unit
    if unit == "ratio":
        return ratio_text(value)
    if unit == "bytes":
        return bytes_text(value)
    return f"{value:.0f} {unit}" if value >= 10 or unit == "threads" else f"{value:.2f} {unit}"


_SCHEDSTAT = "/proc/PID/task/*/schedstat"
_STAT = "/proc/stat"
_CPU_PRESSURE = "/proc/pressure/cpu"
_FUTEX = "/proc/PID/task/*/syscall, /proc/PID/maps"
_SYSCALL = "/proc/PID/task/*/syscall"


def _threads(label: str, unit: str, measure: Figure) -> Metric:
    return Metric(label, unit, _SCHEDSTAT, ("threads", "cpu"), measure)


def _host_cpu(label: str, unit: str, measure: Figure) -> Metric:
    return Metric(label, unit, _STAT, ("cpu", "threads"), measure)


def _waits(label: str, unit: str, measure: Figure, source: str = _FUTEX) -> Metric:
    return Metric(label, unit, source, ("waits", "threads"), measure)


def _loops(label: str, unit: str, measure: Figure) -> Metric:
    return Metric(label, unit, f"{_SYSCALL}, stacks", ("waits", "threads", "profile"), measure)


METRICS: dict[str, Metric] = {
    "run_delay_ratio": _threads("part of its runnable time without a CPU", "ratio", figures.run_delay_ratio),
    "run_delay_seconds": _threads("time without a CPU", "s/s", lambda scene: scene.delay_seconds),
    "cpu_share_cores": _threads("CPU it gets", "cores", lambda scene: scene.own_cores),
    "cpu_demand_ratio": _threads("CPU it asks for per CPU it may use", "ratio", figures.cpu_demand_ratio),
    "allowed_busy_ratio": _host_cpu("use of the CPUs it may run on", "ratio", figures.allowed_busy_ratio),
    "cpu_contended_ratio": Metric(
        "contention for the CPUs it may run on",
        "ratio",
        f"{_STAT}, {_CPU_PRESSURE}",
        ("cpu", "threads"),
        figures.cpu_contended_ratio,
    ),
    "cpu_pressure_ratio": Metric(
        "time in which something waits for a CPU", "ratio", _CPU_PRESSURE, ("pressure",), figures.cpu_pressure_ratio
    ),
    "excluded_idle_ratio": _host_cpu(
        "idleness of the CPUs it may not run on", "ratio", lambda scene: scene.excluded_idle_ratio
    ),
    "affinity_ratio": Metric(
        "part of the CPUs it may run on", "ratio", "/proc/PID/status Cpus_allowed", ("tree",), figures.affinity_ratio
    ),
    "idle_cores": _host_cpu("idle CPU of the host", "cores", figures.idle_cores),
    "neighbour_cores": _host_cpu("CPU of others on its CPUs", "cores", lambda scene: scene.neighbour_cores),
    "neighbour_loss_ratio": _threads("part of its CPU lost to others", "ratio", figures.neighbour_loss_ratio),
    "neighbour_blame_ratio": _threads(
        "the neighbours' part of the slowdown", "ratio", lambda scene: scene.neighbour_blame_ratio
    ),
    "throttled_periods_ratio": Metric(
        "throttled part of its group's periods", "ratio", "cpu.stat", ("cgroup",), figures.throttled_periods_ratio
    ),
    "quota_use_ratio": Metric(
        "use of its group's CPU quota", "ratio", "cpu.max, cpu.cfs_quota_us", ("cgroup",), figures.quota_use_ratio
    ),
    "top_thread_cores": _threads("CPU the busiest thread asks for", "cores", figures.of_thread(0, figures.demand)),
    "top_thread_delay_ratio": _threads(
        "part of that thread's runnable time without a CPU", "ratio", figures.of_thread(0, figures.delay_share)
    ),
    "second_thread_cores": _threads("CPU the next thread asks for", "cores", figures.of_thread(1, figures.demand)),
    "single_thread_ratio": _threads("the busiest thread's part of the CPU", "ratio", figures.single_thread_ratio),
    "gil_wait_ratio": _waits("part of Python's time spent waiting for the GIL", "ratio", figures.gil_wait_ratio),
    "gil_wait_seconds": _waits("time threads wait for the GIL", "s/s", figures.gil_wait_seconds),
    "gil_waiters": _waits("threads that wait for the GIL", "threads", figures.gil_waiters),
    "lock_wait_ratio": _waits(
        "part of its threads' time spent waiting for one lock", "ratio", figures.of_lock(lambda lock: lock.wait_ratio)
    ),
    "lock_waiters": _waits("threads waiting for it at a time", "threads", figures.of_lock(lambda lock: lock.waiting)),
    "lock_moves_per_s": _waits("moves of its waiters", "1/s", figures.of_lock(lambda lock: lock.moves_per_s)),
    "lock_held_ratio": Metric(
        "time in which somebody holds it",
        "ratio",
        f"{_FUTEX}, stacks",
        ("waits", "threads", "profile"),
        figures.of_lock(lambda lock: lock.held_ratio),
    ),
    "loop_busy_ratio": _loops(
        "part of the loop's time computing for 100 ms or more", "ratio", figures.of_loop(figures.loop_busy_ratio)
    ),
    "loop_turn_ratio": _loops(
        "part of the loop's CPU spent between callbacks", "ratio", figures.of_loop(figures.loop_turn_ratio)
    ),
    "loop_sync_ratio": _loops(
        "part of the loop's time asleep outside its event wait", "ratio", figures.loop_sync_ratio
    ),
    "sync_wait_ratio": _waits(
        "part of a thread's time waiting for data to reach the device",
        "ratio",
        figures.sync_wait_ratio,
        f"{_SYSCALL}, schedstat",
    ),
    "uninterruptible_ratio": _waits(
        "part of a thread's time in state D", "ratio", figures.uninterruptible_ratio, "/proc/PID/task/*/stat"
    ),
    "disk_await_ms": Metric("time of a request", "ms", "/proc/diskstats", ("disks",), figures.disk_await_ms),
    "disk_queue": Metric("requests in flight", "requests", "/proc/diskstats", ("disks",), figures.disk_queue),
    "io_pressure_ratio": Metric(
        "time in which something waits for I/O", "ratio", "/proc/pressure/io", ("pressure",), figures.io_pressure_ratio
    ),
    "switches_per_s": _threads("times a second its threads get a CPU", "1/s", figures.switches_per_s),
    "rss_bytes": Metric("resident memory", "bytes", "/proc/PID/status", ("tree",), figures.rss_bytes),
    "rss_growth_per_hour_ratio": Metric(
        "growth of resident memory in an hour",
        "ratio",
        "/proc/PID/status",
        ("tree",),
        figures.rss_growth_per_hour_ratio,
    ),
}
