"""The target and the CPUs: all of them used up, one of them, a quota, or a mask."""

from perftui.analyze import blame
from perftui.analyze.metrics import text_of
from perftui.analyze.others import blame_of, heaviest, shares_text
from perftui.analyze.rule import Limit, LookAlike, Rule, Story
from perftui.analyze.scene import Scene
from perftui.analyze.window import Window
from perftui.model.finding import Blame, Finding, Unknown
from perftui.model.target_rates import ThreadUse
from perftui.model.units import ratio_text

THROTTLED = Limit("throttled_periods_ratio", 0.25, 0.15, full=0.8)
CONTENDED = Limit("cpu_contended_ratio", 0.85, 0.75)
DELAYED = Limit("run_delay_ratio", 0.2, 0.12, full=0.6)

IDLE_THREAD_CORES = 0.05
"""A thread that asks for less is idle beside one that asks for a whole CPU."""


class HostSaturated(Rule):
    """``cpu-saturated`` where no process is attached: its page is there."""

    id = "cpu-saturated"
    layer = "cpu"
    metric = "cpu_pressure_ratio"
    required = (Limit("cpu_pressure_ratio", 0.2, 0.12, full=0.8), CONTENDED)

    def tell(self, scene: Scene) -> Story:
        waiting = scene.interval.pressure.cpu.some_ratio if scene.interval.pressure else 0.0
        cpus, used, heavy = len(scene.cpus or ()), scene.busy_cores or 0.0, scene.interval.neighbours
        return Story(
            summary=f"Work waits for a CPU in {ratio_text(waiting)} of the time, {used:.2f} of {cpus} CPUs are in use: "
            f"{shares_text(heavy, used)}",
            advice="Pick the process that uses most and see what it does.",
            impact=waiting,
            blame=blame_of(heaviest(heavy, used)),
        )


HOST_SATURATED = HostSaturated()


class CpuSaturated(Rule):
    """The target asks for more CPU than there is, by itself.

    **Sees** the mean number of the target's threads that run or could run, against the CPUs that it may use. Once
    that number reaches the CPUs, more work only makes everything wait longer.

    **Signals.** Required: `cpu_demand_ratio` = (run + delay) of `/proc/PID/task/*/schedstat` per CPU it may use, at
    least 0.95 (clears at 0.85); the USE method calls a run queue longer than the CPUs saturation.
    `cpu_contended_ratio` at least 0.85 (0.75): the busy ratio in `/proc/stat` of the CPUs it may use (netdata's
    alarm), or 0.85 · min(busy ÷ 0.6, waiting ÷ 0.4) with the waiting of `/proc/pressure/cpu` where that is more: many
    short bursts leave idle gaps and wait all the same. Supporting: `run_delay_ratio` of at least 0.2. Both are
    assumptions that were checked on the scenarios.

    Without a target the host itself is judged: `cpu_pressure_ratio` of `/proc/pressure/cpu`, the share of time in
    which something waits for a CPU, at least 0.2 (0.12), and `cpu_contended_ratio` as above. CPUs that are in use
    with nothing waiting are well used, and no finding.

    **Look-alikes.** `cpu-one-core`: a single thread asks for nearly all of it, so more CPUs would not help (veto).
    `coord-gil`: its threads take turns at the interpreter, which more CPUs do not change (veto). `neighbour-cpu`:
    the delay comes from others; the slowdown is split into the neighbours' part and the target's own, and the
    larger one comes first. `cpu-quota` and `cpu-affinity`: there are CPUs, it may not use them; they cause this
    one.

    **False positives.** A batch job that is meant to use the whole machine.

    **What to do.** Fewer threads or processes do not lose throughput; a cheaper hot function or more CPUs gain
    some.
    """

    id = "cpu-saturated"
    layer = "cpu"
    metric = "run_delay_ratio"
    required = (Limit("cpu_demand_ratio", 0.95, 0.85, full=2.0), CONTENDED)
    supporting = (DELAYED,)
    look_alikes = (
        LookAlike("cpu-one-core", (Limit("single_thread_ratio", 0.9, 0.9),), vetoes=True),
        LookAlike(
            "coord-gil",
            (Limit("gil_wait_ratio", 0.15, 0.15), Limit("cpu_share_cores", 1.3, 1.3, above=False)),
            vetoes=True,
        ),
        LookAlike("neighbour-cpu", (DELAYED, Limit("neighbour_blame_ratio", 0.5, 0.5))),
        LookAlike("cpu-quota", (THROTTLED,)),
        LookAlike(
            "cpu-affinity", (Limit("affinity_ratio", 0.99, 0.99, above=False), Limit("excluded_idle_ratio", 0.5, 0.5))
        ),
    )

    def evaluate(self, window: Window, firing: bool = False) -> tuple[Finding, float] | Unknown | None:
        return HOST_SATURATED.evaluate(window, firing) if window.scene.on_host else super().evaluate(window, firing)

    def tell(self, scene: Scene) -> Story:
        cpus, got = len(scene.cpus or ()), scene.own_cores or 0.0
        asked = scene.demand_cores or 0.0
        place = blame.running(scene)
        where = f", most of it in {blame.text(place)}" if place else blame.blind_spot(scene)
        return Story(
            summary=f"It asks for {asked:.1f} CPUs, there are {cpus}: it gets {got:.2f}{where}",
            advice="Make the hot function cheaper, run fewer threads or processes, or give it more CPUs; "
            "no priority helps against itself.",
            impact=max(0.3, 1 - got / asked if asked > 0 else 0.0),
            blame=blame.of_place(scene, place) or blame.of_thread(scene.by_demand[0] if scene.by_demand else None),
        )


class CpuOneCore(Rule):
    """One thread uses a whole CPU, and the work cannot spread to the others.

    **Sees** a single thread that runs all the time while the rest of the target is mostly idle: its speed is the
    speed of one CPU, however many there are. It needs no Python: a saturated Redis, an nginx worker or a C loop
    look the same.

    **Signals.** Required, from `/proc/PID/task/*/schedstat`: `top_thread_cores`, the busiest thread's run and delay
    time, at least 0.9 (clears at 0.8); `top_thread_delay_ratio` at most 0.2, so that it really runs;
    `second_thread_cores` at most 0.5. Supporting: `idle_cores` of `/proc/stat` at least 0.5: there would be room.
    Thresholds are assumptions that were checked on the scenarios.

    **Look-alikes.** `coord-gil`: other threads want the interpreter too; it causes this one. `coord-loop-cpu`: the
    thread is an event loop that one callback blocks; it causes this one. `cpu-saturated`: several threads fill all
    CPUs. `neighbour-cpu`: the thread wants a CPU and does not get it.

    **False positives.** A thread that spins while it waits for something (busy polling).

    **What to do.** Make the hot function cheaper, or split the work over processes (for Python: not over threads).
    No setting of the system helps.
    """

    id = "cpu-one-core"
    layer = "cpu"
    metric = "top_thread_cores"
    required = (
        Limit("top_thread_cores", 0.9, 0.8, full=0.98),
        Limit("top_thread_delay_ratio", 0.2, 0.3, above=False, full=0.05),
        Limit("second_thread_cores", 0.5, 0.6, above=False, full=0.2),
    )
    supporting = (Limit("idle_cores", 0.5, 0.3),)
    look_alikes = (
        LookAlike("coord-gil", (Limit("gil_waiters", 2, 2), Limit("gil_wait_seconds", 0.1, 0.1))),
        LookAlike("coord-loop-cpu", (Limit("loop_busy_ratio", 0.1, 0.1),)),
        LookAlike("cpu-saturated", (Limit("cpu_demand_ratio", 0.95, 0.95),)),
        LookAlike("neighbour-cpu", (DELAYED,)),
    )

    def tell(self, scene: Scene) -> Story:
        thread = scene.by_demand[0]
        key = frozenset({(thread.pid, thread.tid)})
        place = blame.running(scene, key)
        where = f", in {blame.text(place)}" if place else ""
        return Story(
            summary=f"One thread ({thread.name}, TID {thread.tid}) {_use(thread)}{where}; {_rest(scene)}",
            advice="Make that code cheaper or split the work over processes. No setting helps: one thread cannot use "
            "more than one CPU.",
            impact=0.45,
            blame=blame.of_place(scene, place, thread) or blame.of_thread(thread),
        )


def _use(thread: ThreadUse) -> str:
    """What the evidence says, run and delay, and what comes of it."""
    asked, got = f"{thread.run_ratio + thread.delay_ratio:.2f}", f"{thread.run_ratio:.2f}"
    return f"uses {got} CPUs" if asked == got else f"asks for {asked} CPUs and gets {got}"


def _rest(scene: Scene) -> str:
    second = scene.by_demand[1] if len(scene.by_demand) > 1 else None
    if second is None or second.run_ratio + second.delay_ratio < IDLE_THREAD_CORES:
        return "the rest of the target is idle"
    return f"the next thread ({second.name}) {_use(second)}"


class CpuQuota(Rule):
    """The control group's CPU quota stops the target although CPUs are free.

    **Sees** the scheduler throttling the target's group: it had used its quota, and all its threads waited for the
    next period (100 ms as a rule).

    **Signals.** Required: `throttled_periods_ratio` = Δnr_throttled ÷ Δnr_periods of `cpu.stat`, of the target's
    own group or the ancestor that throttles most, at least 0.25 (clears at 0.15; the Kubernetes mixin's alarm).
    `quota_use_ratio`, the target's CPU over that group's quota, at least 0.5, so that the target and not another
    member uses the quota up.

    **Look-alikes.** `cpu-saturated` and `neighbour-cpu`: the run-queue delay under a quota (0.82 s/s) is nearly
    that beside four hogs (0.90 s/s), so the delay cannot tell; the throttled periods can. A quota causes both.

    **False positives.** Bursts: a group may be throttled in some periods and be idle over the second. Below 0.25 it
    is not shown.

    **What to do.** Raise the quota (`cgroup.cpu-max`), or run as many threads as the quota has CPUs.
    """

    id = "cpu-quota"
    layer = "cpu"
    metric = "throttled_periods_ratio"
    required = (THROTTLED, Limit("quota_use_ratio", 0.5, 0.4, full=0.9))
    supporting = (Limit("quota_use_ratio", 0.85, 0.8),)
    look_alikes = (
        LookAlike("cpu-saturated", (CONTENDED, Limit("cpu_demand_ratio", 0.95, 0.95))),
        LookAlike("neighbour-cpu", (CONTENDED, DELAYED)),
        LookAlike(
            "cpu-one-core",
            (Limit("top_thread_cores", 0.9, 0.9), Limit("top_thread_delay_ratio", 0.2, 0.2, above=False)),
        ),
    )

    def tell(self, scene: Scene) -> Story:
        quota = scene.interval.quota
        path, cores = (quota.path, quota.quota_cores) if quota else ("", 0.0)
        throttled = quota.throttled_periods_ratio if quota else 0.0
        return Story(
            summary=f"Its control group {path} may use {cores:.2f} CPUs and was stopped in "
            f"{text_of('throttled_periods_ratio', throttled)} of the scheduling periods",
            advice=f"Raise the CPU quota of {path} or run fewer threads in it.",
            impact=throttled,
            blame=Blame(cgroup=path),
        )


class CpuAffinity(Rule):
    """The target may use some of the CPUs only; those are full while others are idle.

    **Sees** threads waiting for a CPU of their mask (`taskset`, `sched_setaffinity`, a cpuset) with free CPUs next
    to it.

    **Signals.** Required: `affinity_ratio`, Cpus_allowed of `/proc/PID/status` over the CPUs of the host, below 1;
    `cpu_contended_ratio` of `/proc/stat` and `/proc/pressure/cpu` at least 0.85 (clears at 0.75);
    `excluded_idle_ratio` at least 0.5 (0.4); `run_delay_ratio` at least 0.2 (0.12) and `run_delay_seconds` at least
    0.1 of schedstat: a mask that nobody feels is no bottleneck. Thresholds are assumptions that were checked on the
    scenarios.

    **Look-alikes.** `cpu-saturated`: the same delay with all CPUs of the host in use. `coord-gil`: threads that
    wait for the interpreter sleep and do not queue for the CPU. `cpu-one-core`: a single pinned thread without
    delay is limited by its one thread, not by the mask.

    **False positives.** A mask that keeps two services apart on purpose.

    **What to do.** Widen the mask (`process.affinity`) or the cpuset.
    """

    id = "cpu-affinity"
    layer = "cpu"
    metric = "run_delay_ratio"
    required = (
        Limit("affinity_ratio", 0.99, 0.99, above=False),
        CONTENDED,
        Limit("excluded_idle_ratio", 0.5, 0.4),
        DELAYED,
        Limit("run_delay_seconds", 0.1, 0.05, full=0.5),
    )
    look_alikes = (
        LookAlike("coord-gil", (Limit("gil_waiters", 2, 2), Limit("gil_wait_ratio", 0.15, 0.15))),
        LookAlike(
            "cpu-one-core",
            (Limit("single_thread_ratio", 0.9, 0.9), Limit("top_thread_delay_ratio", 0.2, 0.2, above=False)),
        ),
        LookAlike("neighbour-cpu", (Limit("neighbour_blame_ratio", 0.5, 0.5),)),
        LookAlike("cpu-quota", (THROTTLED,)),
    )

    def tell(self, scene: Scene) -> Story:
        tree, cpu = scene.interval.newer.tree, scene.interval.cpu
        allowed = tree.cpus_allowed if tree else ""
        total = len(cpu.cores) if cpu else 0
        idle = text_of("excluded_idle_ratio", scene.excluded_idle_ratio or 0.0)
        return Story(
            summary=f"It may use CPU {allowed} only, of {total}: it asks for {scene.demand_cores or 0.0:.1f} CPUs "
            f"there, while the others are {idle} idle",
            advice="Widen its CPU mask, or its cpuset when that is what narrows it.",
            impact=(scene.delay_seconds or 0.0) / max(0.01, scene.demand_cores or 0.0),
            blame=blame.of_thread(scene.by_demand[0] if scene.by_demand else None),
        )
