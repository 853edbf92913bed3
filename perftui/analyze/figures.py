"""The figures behind the metrics: each a function of one scene, None where it is not visible."""

from collections.abc import Callable

from perftui.analyze.locks import Lock
from perftui.analyze.scene import Scene
from perftui.model.target_rates import ThreadUse


def run_delay_ratio(scene: Scene) -> float | None:
    demand = scene.demand_cores
    if demand is None or scene.delay_seconds is None:
        return None
    return scene.delay_seconds / demand if demand > 0 else 0.0


def cpu_demand_ratio(scene: Scene) -> float | None:
    if scene.demand_cores is None or scene.cpus is None:
        return None
    return scene.demand_cores / len(scene.cpus)


def allowed_busy_ratio(scene: Scene) -> float | None:
    return scene.busy_cores / len(scene.cpus) if scene.busy_cores is not None and scene.cpus else None


CONTENDED_RATIO = 0.85
"""CPUs that are busy to this part are contended (netdata's alarm)."""

_CONTENDED_BUSY = 0.6
_CONTENDED_WAITING = 0.4
"""So are they at this busy ratio, when work waits for a CPU in this part of the time."""


def cpu_contended_ratio(scene: Scene) -> float | None:
    """How contended the CPUs are that the target may use, 0–1.

    Their busy ratio, or 0.85 · min(busy ÷ 0.6, waiting ÷ 0.4), at most 1, where that is more: bursts of many short
    tasks leave idle gaps between them, and yet each task waits. Waiting is the host's PSI cpu "some"; it may come from
    CPUs that the target does not use, which is why the busy ratio of its own must be high as well. Both bounds are
    assumptions that were checked on a database with more clients than CPUs.
    """
    busy, waiting = allowed_busy_ratio(scene), cpu_pressure_ratio(scene)
    if busy is None or waiting is None:
        return busy
    return max(busy, min(1.0, CONTENDED_RATIO * min(busy / _CONTENDED_BUSY, waiting / _CONTENDED_WAITING)))


def cpu_pressure_ratio(scene: Scene) -> float | None:
    return scene.interval.pressure.cpu.some_ratio if scene.interval.pressure else None


def affinity_ratio(scene: Scene) -> float | None:
    hidden = scene.interval.newer.tree is None and not scene.on_host
    if hidden or scene.cpus is None or scene.interval.cpu is None:
        return None
    return len(scene.cpus) / len(scene.interval.cpu.cores)


def idle_cores(scene: Scene) -> float | None:
    cpu = scene.interval.cpu
    return len(cpu.cores) - cpu.busy_cores if cpu else None


def neighbour_loss_ratio(scene: Scene) -> float | None:
    if scene.alone_cores is None or scene.own_cores is None:
        return None
    return max(0.0, 1 - scene.own_cores / scene.alone_cores) if scene.alone_cores > 0 else 0.0


def throttled_periods_ratio(scene: Scene) -> float | None:
    """No quota at any level is a visible 0; a section that is missing is not."""
    if scene.interval.newer.cgroup is None or scene.interval.older.cgroup is None:
        return None
    return scene.interval.quota.throttled_periods_ratio if scene.interval.quota else 0.0


def quota_use_ratio(scene: Scene) -> float | None:
    if scene.interval.newer.cgroup is None or scene.own_cores is None:
        return None
    return scene.own_cores / scene.interval.quota.quota_cores if scene.interval.quota else 0.0


def of_thread(rank: int, figure: Callable[[ThreadUse], float]) -> Callable[[Scene], float | None]:
    """A figure of the thread that asks for the most CPU (rank 0), or of the next."""

    def measure(scene: Scene) -> float | None:
        if scene.threads is None:
            return None
        return figure(scene.by_demand[rank]) if len(scene.by_demand) > rank else 0.0

    return measure


def demand(use: ThreadUse) -> float:
    return use.run_ratio + use.delay_ratio


def delay_share(use: ThreadUse) -> float:
    return use.delay_ratio / demand(use) if demand(use) > 0 else 0.0


def single_thread_ratio(scene: Scene) -> float | None:
    if scene.on_host:
        return 0.0
    if scene.threads is None or scene.demand_cores is None:
        return None
    top = demand(scene.by_demand[0]) if scene.by_demand else 0.0
    return top / scene.demand_cores if scene.demand_cores > 0 else 0.0


_GIL_OFTEN = 0.02
"""Looks in which a thread must wait for the interpreter lock to count as one that competes for it."""


def gil_waiters(scene: Scene) -> float | None:
    shares = scene.gil_waits
    return None if shares is None else float(sum(1 for ratio in shares.values() if ratio >= _GIL_OFTEN))


def gil_wait_seconds(scene: Scene) -> float | None:
    return None if scene.gil_waits is None else sum(scene.gil_waits.values())


def gil_wait_ratio(scene: Scene) -> float | None:
    """Of the time in which threads run or want to run Python, the part spent waiting for the lock."""
    waiting, own = gil_wait_seconds(scene), scene.own_cores
    if waiting is None or own is None:
        return None
    return waiting / (waiting + own) if waiting > 0 else 0.0


def of_lock(figure: Callable[[Lock], float | None]) -> Callable[[Scene], float | None]:
    """A figure of the lock that most threads wait for; without one all are 0."""
    return lambda scene: figure(scene.lock) if scene.lock is not None else None


def of_loop(figure: Callable[[Scene, ThreadUse], float]) -> Callable[[Scene], float | None]:
    """A figure of the loop that is away the longest: 0 without a loop, None where loops cannot be told."""

    def measure(scene: Scene) -> float | None:
        if scene.loops is None:
            return None
        return figure(scene, scene.blocked_loop) if scene.blocked_loop else 0.0

    return measure


_SHORT_STRETCH_SECONDS = 0.02
"""A loop that sleeps after less CPU time than this, on average, is not blocked by each callback."""

_OFTEN_TURNING = 0.01
"""A turn costs some 20 µs between callbacks: at 1 % of the CPU, callbacks take 2 ms on average."""


def loop_busy_ratio(scene: Scene, loop: ThreadUse) -> float:
    """Away for long and neither asleep nor in line for a CPU or the interpreter: computing.

    None of it where computing is less than half of the absence: then it is the other half that makes it long. Twenty
    looks a second show a busy loop of short callbacks outside its event wait several times in a row by mere chance
    (about the square of its busy share); for a loop that turns often that much is taken off.
    """
    gil = (scene.gil_waits or {}).get((loop.pid, loop.tid), 0.0)
    computing = loop.away_long_ratio - scene.loop_sync_ratio(loop) - loop.delay_ratio - gil
    busy = max(0.0, min(computing, loop.run_ratio))
    if busy < 0.5 * loop.away_long_ratio:
        return 0.0
    return max(0.0, busy - loop.run_ratio**2) if _turns_often(scene, loop) else busy


def _turns_often(scene: Scene, loop: ThreadUse) -> bool:
    sleeps = loop.voluntary_per_s or 0.0
    return (sleeps > 0 and loop.run_ratio / sleeps < _SHORT_STRETCH_SECONDS) or (
        loop_turn_ratio(scene, loop) >= _OFTEN_TURNING
    )


def loop_turn_ratio(scene: Scene, loop: ThreadUse) -> float:
    """Share of the loop's on-CPU looks between two callbacks."""
    return (scene.reader.turn_ratio((loop.pid, loop.tid)) or 0.0) if scene.reader else 0.0


def loop_sync_ratio(scene: Scene) -> float | None:
    if scene.loops is None:
        return None
    return scene.loop_sync_ratio(scene.sleeping_loop) if scene.sleeping_loop else 0.0


def sync_wait_ratio(scene: Scene) -> float | None:
    if scene.threads is None or scene.calls is None:
        return None
    return scene.sync_ratio(scene.syncing_thread) if scene.syncing_thread else 0.0


def uninterruptible_ratio(scene: Scene) -> float | None:
    """Share of looks in state D, of the thread that is in it most."""
    if scene.threads is None or scene.calls is None:
        return None
    return max((sum(wait.ratio for wait in use.waits if wait.state == "D") for use in scene.threads), default=0.0)


def disk_await_ms(scene: Scene) -> float | None:
    if scene.interval.disks is None:
        return None
    return (scene.slowest_disk.await_ms or 0.0) if scene.slowest_disk else 0.0


def disk_queue(scene: Scene) -> float | None:
    if scene.interval.disks is None:
        return None
    return scene.slowest_disk.queue if scene.slowest_disk else 0.0


def io_pressure_ratio(scene: Scene) -> float | None:
    return scene.interval.pressure.io.some_ratio if scene.interval.pressure else None


def rss_bytes(scene: Scene) -> float | None:
    return float(scene.interval.tree.rss_bytes) if scene.interval.tree else None


def switches_per_s(scene: Scene) -> float | None:
    """How often threads got a CPU: every wake-up counts once."""
    return sum(use.slices_per_s for use in scene.threads) if scene.threads is not None else None


def rss_growth_per_hour_ratio(scene: Scene) -> float | None:
    """Between two samples only: the memory rule judges a whole series instead."""
    older, newer = scene.interval.older.tree, scene.interval.newer.tree
    if older is None or newer is None:
        return None
    was, now = sum(older.processes.ints("rss_bytes")), sum(newer.processes.ints("rss_bytes"))
    return (now - was) / was * 3600 / scene.interval.seconds if was > 0 else 0.0
