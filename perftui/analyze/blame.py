"""Names who is responsible: a place in the code, a thread, a neighbour."""

from perftui.analyze.scene import Scene
from perftui.analyze.stacks import Place, Threads
from perftui.model.finding import Blame
from perftui.model.target_rates import ThreadUse

HALF = 0.5
"""Stacks of processes that use at least half of the target's CPU may speak for it."""


def running(scene: Scene, threads: Threads | None = None) -> Place | None:
    """The place in the user's code that uses most CPU: of the whole target, or of the threads given.

    None without stacks, and for the whole target where they are of processes that use less than half of its CPU.
    """
    if scene.reader is None or (threads is None and scene.stacks_ratio < HALF):
        return None
    places = scene.reader.running_places(threads)
    return places[0] if places else None


def blind_spot(scene: Scene) -> str:
    """Says whose stacks there are when the target's CPU is used elsewhere; empty otherwise."""
    if scene.reader is None or scene.stacks_ratio >= HALF:
        return ""
    return f" (stacks are of PID {', '.join(map(str, sorted(scene.reader.pids)))} only)"


def sleeping(scene: Scene, threads: Threads | None = None) -> list[Place]:
    """The places in the user's code where threads sleep, longest first."""
    return scene.reader.sleeping_places(threads) if scene.reader else []


def sleeping_lines(scene: Scene, threads: Threads) -> list[Place]:
    """The same by line instead of by function."""
    return scene.reader.sleeping_places(threads, by_line=True) if scene.reader else []


def key_of(thread: ThreadUse | None) -> Threads:
    return frozenset({(thread.pid, thread.tid)}) if thread else frozenset()


def text(place: Place) -> str:
    """``parse (app.py:31)``; native code without a file is its name alone."""
    frame = place.frame
    if not frame.file:
        return frame.function
    file = frame.file.rpartition("/")[2]
    return f"{frame.function} ({file}:{frame.line})" if frame.line else f"{frame.function} ({file})"


def of_place(scene: Scene, place: Place | None, thread: ThreadUse | None = None) -> Blame | None:
    if place is None:
        return None
    return Blame(
        pid=thread.pid if thread else scene.interval.newer.target.pid,
        tid=thread.tid if thread else None,
        thread=thread.name if thread else None,
        function=place.frame.function,
        file=place.frame.file or None,
        line=place.frame.line or None,
    )


def of_thread(thread: ThreadUse | None) -> Blame | None:
    return Blame(pid=thread.pid, tid=thread.tid, thread=thread.name) if thread else None
