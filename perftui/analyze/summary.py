"""The answer in one sentence when nothing limits the target: no more is claimed than was examined."""

from collections.abc import Sequence

from perftui.analyze.scene import Scene
from perftui.analyze.window import Window
from perftui.model.finding import State, Unknown

MOSTLY = 0.9
"""A thread waits for events when it was seen in such a call in this share of the looks."""


def stopped(window: Window) -> str | None:
    """Says that the main process is stopped, and how it goes on; None when it is not.

    A tracer stops its target for a moment at each look, so that state (``t``) counts only when it lasts.
    """
    trees = [sample.tree for sample in window.samples]
    states = [tree.state if tree else "" for tree in trees]
    newest, pid = trees[-1], window.samples[-1].target.pid
    if states[-2:] == ["T", "T"]:
        return f"The target is stopped (state T): kill -CONT {pid}"
    if newest is not None and set(states) == {"t"}:
        return f"The target is stopped by its tracer (state t): let PID {newest.tracer_pid} go on or detach it"
    return None


def of_nothing_found(state: State, unknown: Sequence[Unknown], rules: int, scene: Scene) -> str:
    """For a target that no rule calls limited; ``rules`` is the number that apply."""
    hidden = f"{len(unknown)} of {rules} rules could not be judged ({', '.join(entry.rule for entry in unknown)})"
    if len(unknown) == rules:
        return f"Too little was seen to judge: {unknown[0].reason}"
    if scene.on_host:
        idle = "; its CPUs are idle" if state == "idle" else ""
        return f"Work does not wait for CPUs on this host{idle}. Pick a process to have the other rules judge it."
    if state == "idle":
        return f"{_sleep(scene)}; {hidden}" if unknown else f"{_sleep(scene)}, and none of the {rules} rules fires."
    if unknown:
        return f"Nothing visible limits it; {hidden}"
    return f"None of the {rules} rules fires: nothing that perftui looks for limits it."


def _sleep(scene: Scene) -> str:
    """What an idle target is known to wait for: a queue of its own, or events, which may be answers as well as work."""
    calls, uses = scene.calls, [use for use in scene.threads or () if use.looks]
    if calls is not None and uses:
        waiting = calls.events | calls.accepts
        if any(sum(wait.ratio for wait in use.waits if wait.syscall in waiting) >= MOSTLY for use in uses):
            return "The target waits for events: for work, or for an answer from elsewhere"
        if scene.reader and all(scene.reader.waits_for_work((use.pid, use.tid)) for use in uses):
            return "The target waits for work"
    return "The target sleeps and hardly uses a CPU"
