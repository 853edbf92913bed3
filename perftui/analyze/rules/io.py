"""Waiting for the device."""

from perftui.analyze import blame
from perftui.analyze.rule import Limit, LookAlike, Rule, Story
from perftui.analyze.scene import Scene
from perftui.model.finding import Blame
from perftui.model.units import ratio_text


class IoSyncLatency(Rule):
    """A thread waits, again and again, until its data is on the device.

    **Sees** a thread asleep in `fsync`, `fdatasync`, `msync`, `sync_file_range` or `syncfs`, or in a write that
    waits for its own pages or for the journal (O_SYNC). Each wait is short for the device and long for the program:
    the queue holds one request.

    **Signals.** Required, from `/proc/PID/task/*/{schedstat,syscall}`: `sync_wait_ratio` of the thread that waits
    most: the time that it sleeps, by schedstat, times the part of the looks at it asleep that found it in such a
    call, at least 0.3 (clears at 0.2; an assumption that was checked on the scenarios). A thread that waits for the
    journal may sleep in state S instead of D, so the system call decides and not the state. Supporting:
    `uninterruptible_ratio` at least 0.2, `io_pressure_ratio` of `/proc/pressure/io` at least 0.1, `disk_await_ms`
    of `/proc/diskstats` at least 1.

    **Look-alikes.** `io-device-saturated`: many requests queue for the device; here there is about one. Reads that
    miss the cache and throttled dirty pages wait in other calls.

    **False positives.** A thread whose only task is to flush in the background, which nobody waits for.

    **What to do.** Sync less often (group commits, one fsync for many writes), or put the file on a faster device.
    No scheduler setting shortens a flush by much.
    """

    id = "io-sync-latency"
    layer = "io"
    metric = "sync_wait_ratio"
    required = (Limit("sync_wait_ratio", 0.3, 0.2, full=0.7),)
    supporting = (
        Limit("uninterruptible_ratio", 0.2, 0.15),
        Limit("io_pressure_ratio", 0.1, 0.05),
        Limit("disk_await_ms", 1.0, 0.5),
    )
    look_alikes = (
        LookAlike("io-device-saturated", (Limit("disk_queue", 5, 5),)),
        LookAlike("cpu-one-core", (Limit("top_thread_cores", 0.9, 0.9),)),
        LookAlike("coord-lock", (Limit("lock_wait_ratio", 0.4, 0.4), Limit("lock_moves_per_s", 0.3, 0.3))),
    )

    def tell(self, scene: Scene) -> Story:
        thread = scene.syncing_thread
        ratio = scene.sync_ratio(thread) if thread else 0.0
        places = blame.sleeping(scene, blame.key_of(thread))
        frame = places[0].frame if places else None
        disk = scene.slowest_disk
        where = f" in {blame.text(places[0])}" if places else ""
        device = f"; {disk.name} takes {disk.await_ms:.2g} ms a request" if disk and disk.await_ms is not None else ""
        name = f"{thread.name} (TID {thread.tid})" if thread else "a thread"
        return Story(
            summary=f"{name} spends {ratio_text(ratio)} of its time waiting for data to reach the device"
            f"{where}{device}",
            advice="Sync less often (group several writes into one fsync), or use a faster device.",
            impact=ratio,
            blame=Blame(
                pid=thread.pid if thread else None,
                tid=thread.tid if thread else None,
                thread=thread.name if thread else None,
                function=frame.function if frame else None,
                file=(frame.file or None) if frame else None,
                line=(frame.line or None) if frame else None,
                device=disk.name if disk else None,
            ),
        )
