"""What is asked before stacks are sampled in another way, or written to a file. Both start on Cancel."""

from textual.strip import Strip

from perftui.model.profile import Mode, ProfileStatus
from perftui.profile.modes import BEST_RATE_HZ, needs_confirmation, predicted_cost
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.findings import labelled
from perftui.tui.screens.confirm import CANCEL
from perftui.tui.screens.sheet import Sheet

MODES: tuple[Mode, ...] = ("nonblocking", "exact", "native")
FORMATS = ("svg", "speedscope", "collapsed", "pprof")

_WHAT: dict[Mode, str] = {
    "nonblocking": "reads memory while the target runs; a few stacks come out mixed",
    "exact": "pauses the target for each look: every stack is right",
    "native": "pauses it, and shows the functions of C code too",
}


def choose_mode(status: ProfileStatus, threads: int) -> Sheet:
    """Dismissed with a mode, or with ``CANCEL``. Says what each will cost a target of so many threads."""

    def body(width: int, palette: Palette) -> list[Strip]:
        lines = [
            strip_of([("Sample stacks in another way?", palette.title)], width, palette),
            Strip.blank(width, palette.text),
            *labelled("now", f"{status.mode}, process {status.pid} of {threads} threads", width, palette),
        ]
        for mode in MODES:
            lines += labelled(mode, _cost_text(mode, threads), width, palette)
        lines += labelled(
            "undo", "choose nonblocking again; it is so anyway once another process is the busiest", width, palette
        )
        return lines

    return Sheet(body, (CANCEL, *MODES))


def _cost_text(mode: Mode, threads: int) -> str:
    rate_hz = BEST_RATE_HZ[mode]
    cost = predicted_cost(mode, threads, rate_hz)
    warning = "; with so many threads a heavy load on the target" if needs_confirmation(mode, threads) else ""
    return (
        f"{_WHAT[mode]}. At {rate_hz} Hz the target's work takes about {100 * cost.slowdown_ratio:.1f} % longer, "
        f"the sampler {100 * cost.sampler_cpu_ratio:.0f} % of a core before its budget slows it{warning}"
    )


def choose_format() -> Sheet:
    """Dismissed with a format out of ``FORMATS``, or with ``CANCEL``."""

    def body(width: int, palette: Palette) -> list[Strip]:
        facts = (
            ("svg", "a picture to open in a browser: zoom, search, one file"),
            ("speedscope", "for speedscope.app"),
            ("collapsed", "a line for each stack, for flame graph scripts"),
            ("pprof", "for go tool pprof and what reads its format"),
            ("where", "a private file in perftui's state folder"),
        )
        lines = [strip_of([("Write the stacks to a file?", palette.title)], width, palette)]
        lines.append(Strip.blank(width, palette.text))
        return lines + [line for label, text in facts for line in labelled(label, text, width, palette)]

    return Sheet(body, (CANCEL, *FORMATS))
