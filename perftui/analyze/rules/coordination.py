"""Threads that wait for one another: for the interpreter, for a lock, for an event loop's turn."""

from perftui.analyze import blame, waits
from perftui.analyze.rule import Limit, LookAlike, Rule, Story
from perftui.analyze.scene import Scene
from perftui.analyze.stacks import Place
from perftui.model.target_rates import ThreadUse
from perftui.model.units import ratio_text

_GIL = (Limit("gil_waiters", 2, 2), Limit("gil_wait_seconds", 0.1, 0.1), Limit("gil_wait_ratio", 0.15, 0.15))
_LOCK = (Limit("lock_wait_ratio", 0.4, 0.4), Limit("lock_moves_per_s", 0.3, 0.3), Limit("lock_held_ratio", 0.7, 0.7))


class CoordGil(Rule):
    """Several Python threads want to run; the interpreter lock lets one.

    **Sees** threads asleep for the GIL. A thread that wants it sleeps in a futex call with a time-out (the switch
    interval, 5 ms), on an address in the interpreter's own data; an application's lock lies on the heap, with or
    without a time-out.

    **Signals.** Required, from `/proc/PID/task/*/syscall` (20 looks a second) and `/proc/PID/maps`:
    `gil_wait_seconds`, the sum over all threads, at least 0.1 s/s (clears at 0.05; coroot warns at 0.05, but on a
    process with many threads that is noise: 0.6 % of the looks were seen in threads that do not compete);
    `gil_waiters` at least 2; `gil_wait_ratio`, waiting ÷ (waiting + CPU), at least 0.15 (0.1). Supporting:
    `cpu_share_cores` at least 0.7 and at most 1.3: all of them together use about one CPU. Measured on CPython 3.8
    to 3.13: 38 to 47 % of the looks at four busy threads.

    **Look-alikes.** `coord-lock`: the address tells; a lock held across a computation makes GIL waiters too and
    then comes first. `cpu-one-core`: one thread, and nobody waits. `cpu-affinity`: threads queue for the CPU,
    awake.

    **False positives.** C code that holds the GIL in one long call looks the same and needs the same cure.
    Free-threaded builds have no GIL and no such waits.

    **What to do.** Spread the work over processes, or move the hot function to code that releases the GIL. More
    threads make it worse, and no setting of the system helps.
    """

    id = "coord-gil"
    layer = "coordination"
    metric = "gil_wait_seconds"
    required = (
        Limit("gil_wait_seconds", 0.1, 0.05, full=0.8),
        Limit("gil_waiters", 2, 2, full=3),
        Limit("gil_wait_ratio", 0.15, 0.1, full=0.4),
    )
    supporting = (Limit("cpu_share_cores", 0.7, 0.6), Limit("cpu_share_cores", 1.3, 1.4, above=False))
    look_alikes = (
        LookAlike("coord-lock", _LOCK),
        LookAlike("cpu-one-core", (Limit("single_thread_ratio", 0.9, 0.9), Limit("top_thread_cores", 0.9, 0.9))),
        LookAlike("cpu-saturated", (Limit("cpu_demand_ratio", 0.95, 0.95),)),
        LookAlike(
            "cpu-affinity", (Limit("run_delay_ratio", 0.2, 0.2), Limit("affinity_ratio", 0.99, 0.99, above=False))
        ),
    )

    def tell(self, scene: Scene) -> Story:
        shares = scene.gil_waits or {}
        waiters = sum(1 for ratio in shares.values() if ratio >= 0.02)
        waiting, own = sum(shares.values()), scene.own_cores or 0.0
        place = blame.running(scene)
        where = f"; {blame.text(place)} holds it most" if place else ""
        return Story(
            summary=f"{waiters} threads wait for the interpreter lock, {waiting:.1f} at a time, and together use "
            f"{own:.2f} CPUs{where}",
            advice="Use processes instead of threads for this work, or code that releases the lock. No setting helps.",
            impact=waiting / (waiting + own) if waiting > 0 else 0.0,
            blame=blame.of_place(scene, place),
        )


class CoordLock(Rule):
    """Threads queue for one lock of the application.

    **Sees** several threads asleep in an untimed futex call on the same address outside the interpreter's data,
    moving through it one at a time.

    **Signals.** Required, from `/proc/PID/task/*/{syscall,schedstat}`: `lock_wait_ratio`, the mean share of their
    time that the threads of this lock wait for it, at least 0.4 (clears at 0.3; 77 % measured with a sleeping
    holder, 48 to 63 % with a computing one); `lock_waiters` at least 0.8 at a time (0.6); `lock_moves_per_s`, how
    often they are let go, at least 0.3 (0.1); `lock_held_ratio` at least 0.7 (0.5): while anybody waits for a lock
    somebody holds it, so on average one of its threads is outside the wait.

    **Look-alikes.** An idle pool (`queue.get()`, `join()`) sleeps in the same call, but stands still; a lightly
    used one has nobody outside; a busy one shows pool functions in its stacks. Workers that take turns at a pipe or
    an event wait have a holder that waits for events. `coord-gil`: the address lies in the interpreter's data.

    **Not seen.** Queues made of a bare `SimpleQueue` and locks whose threads are mostly elsewhere look the same; in
    doubt it says nothing. Semaphores and conditions of `threading` give each waiter a lock of its own. Python 3.14
    and later park threads on addresses of their own; outside Python only plain mutexes count (`FUTEX_WAIT`),
    because condition variables are waits for work as a rule.

    **What to do.** Hold the lock for less: move sleeping, I/O and computing out of the protected block, or split
    the lock.
    """

    id = "coord-lock"
    layer = "coordination"
    metric = "lock_wait_ratio"
    required = (
        Limit("lock_wait_ratio", 0.4, 0.3, full=0.7),
        Limit("lock_waiters", 0.8, 0.6, full=2.0),
        Limit("lock_moves_per_s", 0.3, 0.1, full=1.0),
        Limit("lock_held_ratio", 0.7, 0.5, full=0.9),
    )
    look_alikes = (
        LookAlike("coord-gil", _GIL),
        LookAlike("cpu-saturated", (Limit("cpu_demand_ratio", 0.95, 0.95),)),
        LookAlike("io-sync-latency", (Limit("sync_wait_ratio", 0.3, 0.3),)),
    )

    def tell(self, scene: Scene) -> Story:
        lock = scene.lock
        threads = lock.threads if lock else ()
        waiting = lock.waiting if lock else 0.0
        keys = frozenset((use.pid, use.tid) for use in threads)
        wanted, held = _lock_places(scene, keys)
        taken = f" in {blame.text(wanted)}" if wanted else ""
        holder = f"; it is held in {blame.text(held)}" if held and held != wanted else ""
        kind = "lock between processes" if lock and lock.between_processes else "lock"
        return Story(
            summary=f"{waiting:.1f} of {len(threads)} threads wait for one {kind} at any time{taken}{holder}",
            advice="Hold the lock for less: take sleeping, I/O and computing out of the protected block, or split it.",
            impact=waiting / max(1, len(threads)),
            blame=blame.of_place(scene, held or wanted) or blame.of_thread(max(threads, key=_outside, default=None)),
        )


def _outside(use: ThreadUse) -> float:
    """Time a thread spends awake: the holder's is the longest."""
    return use.run_ratio


def _lock_places(scene: Scene, keys: frozenset[tuple[int, int]]) -> tuple[Place | None, Place | None]:
    """Where the lock is waited for (the line that most threads sleep at), and where it is held."""
    asleep = blame.sleeping_lines(scene, keys)
    if not asleep:
        return None, None
    awake = blame.running(scene, keys)
    lock = scene.lock
    computing = awake is not None and lock is not None and sum(use.run_ratio for use in lock.threads) >= 0.5
    return asleep[0], awake if computing else asleep[1] if len(asleep) > 1 else None


class CoordLoopCpu(Rule):
    """A callback computes for long and keeps the event loop from its other work.

    **Sees** the thread of an event loop (asyncio, uvloop, tornado, twisted, trio, gevent: known by the loop's
    frames in its stack) running outside its event wait for 100 ms or more at a stretch. Everything else in that
    loop waits meanwhile.

    **Signals.** Required, from `/proc/PID/task/*/syscall` and the stacks: `loop_busy_ratio`, the share of looks in
    such stretches, at least 0.1 (clears at 0.05); time asleep, in line for a CPU or for the GIL is left out. 100 ms
    is when people notice; a healthy loop was seen in its event wait in 91 % of the looks, a blocked one in 4 %. A
    loop of many short callbacks is outside its event wait in several looks in a row by chance: for a loop that
    sleeps or turns often the square of its CPU share is taken off.

    **Look-alikes.** `cpu-one-core`: a loop that is full of short callbacks (`loop_turn_ratio` at least 0.01: it
    spends CPU between callbacks); this rule causes that one. `coord-loop-sync`: the callback sleeps.

    **Not seen.** Loops without stacks, and loops in other languages.

    **What to do.** Move the computation to a process pool (`run_in_executor`), or cut it into pieces that await in
    between.
    """

    id = "coord-loop-cpu"
    layer = "coordination"
    metric = "loop_busy_ratio"
    required = (Limit("loop_busy_ratio", 0.1, 0.05, full=0.5),)
    look_alikes = (
        LookAlike("coord-loop-sync", (Limit("loop_sync_ratio", 0.1, 0.1),)),
        LookAlike("cpu-one-core", (Limit("top_thread_cores", 0.9, 0.9), Limit("loop_turn_ratio", 0.01, 0.01))),
        LookAlike("neighbour-cpu", (Limit("run_delay_ratio", 0.2, 0.2),)),
        LookAlike("coord-gil", _GIL),
    )

    def tell(self, scene: Scene) -> Story:
        loop = scene.blocked_loop
        busy = Limit("loop_busy_ratio", 0.1, 0.05).measure(scene) or 0.0
        place = blame.running(scene, blame.key_of(loop))
        where = f" in {blame.text(place)}" if place else ""
        return Story(
            summary=f"The event loop computes{where} for 100 ms or more at a stretch, {ratio_text(busy)} of the time; "
            "its other tasks wait",
            advice="Move the computation to a process pool, or let it await in between.",
            impact=busy,
            blame=blame.of_place(scene, place, loop) or blame.of_thread(loop),
        )


class CoordLoopSync(Rule):
    """A callback sleeps in a blocking call and keeps the event loop from its other work.

    **Sees** the thread of an event loop (known by the loop's frames in its stack) asleep in something other than
    its event wait: `time.sleep`, a blocking read or connect, a lock, `fsync`, a child process.

    **Signals.** Required, from `/proc/PID/task/*/syscall`: `loop_sync_ratio`, the share of looks at the loop's
    thread in such a call, at least 0.1 (clears at 0.05). A loop with a sleeping callback was seen in nanosleep in
    94 % of the looks, a healthy one hardly ever outside its event wait. Waits for the GIL do not count.

    **Look-alikes.** `idle`: an idle loop sleeps in epoll, poll or select. `coord-loop-cpu`: the callback computes.
    `coord-lock` and `io-sync-latency`: what the callback sleeps for; then both are shown, this one first.

    **False positives.** A loop that is meant to stop, such as a debugger's.

    **What to do.** Use the awaitable version of the call, or run it in a thread (`asyncio.to_thread`).
    """

    id = "coord-loop-sync"
    layer = "coordination"
    metric = "loop_sync_ratio"
    required = (Limit("loop_sync_ratio", 0.1, 0.05, full=0.5),)
    look_alikes = (
        LookAlike("coord-loop-cpu", (Limit("loop_busy_ratio", 0.1, 0.1),)),
        LookAlike("coord-lock", _LOCK),
        LookAlike("io-sync-latency", (Limit("sync_wait_ratio", 0.3, 0.3),)),
        LookAlike("coord-gil", _GIL),
    )

    def tell(self, scene: Scene) -> Story:
        loop = scene.sleeping_loop
        ratio = scene.loop_sync_ratio(loop) if loop else 0.0
        places = blame.sleeping(scene, blame.key_of(loop))
        place = places[0] if places else None
        where = f" called in {blame.text(place)}" if place else ""
        return Story(
            summary=f"The event loop sleeps in {_call(scene, loop)}{where}, {ratio_text(ratio)} of the time; "
            "its other tasks wait",
            advice="Use the awaitable version of that call, or run it in a thread (asyncio.to_thread).",
            impact=ratio,
            blame=blame.of_place(scene, place, loop) or blame.of_thread(loop),
        )


def _call(scene: Scene, loop: ThreadUse | None) -> str:
    """The system call that the loop was seen asleep in most, its event wait left out."""
    calls = scene.calls
    if loop is None or calls is None:
        return "a blocking call"
    ratios: dict[int, float] = {}
    for wait in loop.waits:
        if waits.asleep(wait) and wait.syscall not in calls.events and not waits.is_gil(wait, calls):
            ratios[wait.syscall] = ratios.get(wait.syscall, 0.0) + wait.ratio
    most = max(ratios, key=lambda number: ratios[number], default=-1)
    return calls.name(most)
