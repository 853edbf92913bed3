"""What the head of the flame pane says: what looks count for, and what is left out. Pure."""

from perftui.model.profile import StackProfile
from perftui.model.stack_filter import INVERSE, StackFilter

WEIGHT_NAMES = {"cpu": "on CPU", "wall": "wall time", "gil": "holding the GIL"}


def head_text(weight: str, wanted: StackFilter, whole: StackProfile | None) -> str:
    """``on CPU, all threads, own code``"""
    held = f" {100 * _held_ratio(whole):.0f} %" if weight == "gil" and whole is not None else ""
    return ", ".join((WEIGHT_NAMES[weight] + held, _thread(wanted, whole), *filter_names(wanted)))


def filter_names(wanted: StackFilter) -> list[str]:
    """What keeps stacks or frames out, the thread apart."""
    pattern = wanted.pattern.removeprefix(INVERSE)
    names = {
        f"PID {wanted.pid}": wanted.pid is not None,
        f"{'not ' if wanted.pattern.startswith(INVERSE) else ''}/{pattern}/": bool(pattern),
        f"in {wanted.file_prefix}": bool(wanted.file_prefix),
        "own code": wanted.own_only,
        "recursion folded": wanted.fold_recursion,
        "no idle": wanted.hide_idle,
    }
    return [name for name, active in names.items() if active]


def _thread(wanted: StackFilter, whole: StackProfile | None) -> str:
    if wanted.tid is None or whole is None:
        return "all threads"
    name = next((thread.name for thread in whole.threads if thread.tid == wanted.tid), "")
    return f"thread {wanted.tid} {name}".rstrip()


def _held_ratio(whole: StackProfile) -> float:
    """In how many of the looks some thread held the lock."""
    return min(1.0, whole.samples / whole.attempts) if whole.attempts else 0.0
