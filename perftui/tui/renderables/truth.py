"""How far the stacks on the screen can be trusted, in one line. Pure."""

from textual.strip import Strip

from perftui.model.profile import ProfileStatus, StackProfile
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import cells, strip_of

SLOWED_RATIO = 0.02
SUSPECT_RATIO = 0.1
COVERED_RATIO = 0.9
"""From where a figure is marked: the target is slowed, every tenth stack cannot be, a tenth of the time is not seen."""


def truth_strip(profile: StackProfile, status: ProfileStatus, width: int, palette: Palette) -> Strip:
    """What fits, the least telling figures left out; unknown ones are ``?``."""
    slowed, suspect, covered = status.slowdown_ratio, status.suspect_ratio, profile.coverage_ratio
    facts = [
        (0, f"{profile.samples} samples", False),
        (_mode_rank(profile), f"{profile.mode} {status.rate_hz or profile.rate_hz:.0f} Hz", False),
        (3, f"covered {100 * covered:.0f} %", covered < COVERED_RATIO),
        (6, f"gap {_percent(status.gap_ratio)}", False),
        (
            1,
            f"slowdown {'' if slowed is None else '~'}{_percent(slowed)}",
            slowed is not None and slowed >= SLOWED_RATIO,
        ),
        (2, f"suspect {_percent(suspect)}", suspect is not None and suspect >= SUSPECT_RATIO),
        (4, f"sampler {_percent(status.sampler_cpu_ratio)} CPU", False),
    ]
    facts = [(rank, f"{palette.glyphs.warning} {text}" if marked else text, marked) for rank, text, marked in facts]
    while len(facts) > 1 and sum(cells(text) + 2 for _, text, _ in facts) - 1 > width:
        facts.remove(max(facts))
    parts = [(f" {text} ", palette.warning if marked else palette.muted) for _, text, marked in facts]
    return strip_of(parts, width, palette)


def _mode_rank(profile: StackProfile) -> int:
    """A mode that pauses the target is worth knowing before all else."""
    return 0 if profile.mode in ("exact", "native") else 5


def _percent(ratio: float | None) -> str:
    """``0.4 %``: small ones are the usual."""
    if ratio is None:
        return "? %"
    return f"{100 * ratio:.1f} %" if ratio < 0.0995 else f"{100 * ratio:.0f} %"


def _about(ratio: float | None) -> str:
    """An estimate."""
    return _percent(ratio) if ratio is None else f"~{_percent(ratio)}"
