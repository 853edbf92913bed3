"""How far the stacks on the screen can be trusted, in one line. Pure."""

from typing import Literal

from textual.strip import Strip

from perftui.model.profile import ProfileStatus, StackProfile
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import cells, strip_of

SLOWED_RATIO = 0.02
SUSPECT_RATIO = 0.1
COVERED_RATIO = 0.9
"""From where a figure is marked: the target is slowed, every tenth stack cannot be, a tenth of the time is not seen."""

FEW_SAMPLES = 30
"""With fewer looks a share of 50 % may as well be 30 or 70."""

Weight = Literal["cpu", "wall", "gil"]


def truth_strip(
    profile: StackProfile, status: ProfileStatus, width: int, palette: Palette, weight: Weight = "cpu"
) -> Strip:
    """What fits, the least telling figures left out; unknown ones are ``?``.

    How many looks the shares are of comes first. Who holds the GIL is another chain's: of that only its own figures.
    """
    slowed, suspect, covered = status.slowdown_ratio, status.suspect_ratio, profile.coverage_ratio
    looks = profile.on_cpu if weight == "cpu" else float(profile.samples)
    facts = [
        (0, _looks_text(profile, weight), looks < FEW_SAMPLES),
        (4, f"in {profile.seconds:.0f} s", False),
        (_mode_rank(profile), f"{profile.mode} {profile.rate_hz:.0f} Hz", False),
        (3, f"covered {100 * covered:.0f} %", covered < COVERED_RATIO),
    ]
    if weight != "gil":
        facts += _of_the_main_chain(status, slowed, suspect)
    facts = [(rank, f"{palette.glyphs.warning} {text}" if marked else text, marked) for rank, text, marked in facts]
    while len(facts) > 1 and sum(cells(text) + 2 for _, text, _ in facts) - 1 > width:
        facts.remove(max(facts))
    parts = [(f" {text} ", palette.warning if marked else palette.muted) for _, text, marked in facts]
    return strip_of(parts, width, palette)


def _looks_text(profile: StackProfile, weight: Weight) -> str:
    if weight == "cpu":
        return f"{profile.on_cpu:.0f} of {profile.samples} on CPU"
    if weight == "gil":
        return f"held in {profile.samples} of {profile.attempts} looks"
    return f"{profile.samples} looks"


def _of_the_main_chain(
    status: ProfileStatus, slowed: float | None, suspect: float | None
) -> list[tuple[int, str, bool]]:
    return [
        (7, f"gap {_percent(status.gap_ratio)} now", False),
        (
            1,
            f"slowdown {'' if slowed is None else '~'}{_percent(slowed)}",
            slowed is not None and slowed >= SLOWED_RATIO,
        ),
        (2, f"suspect {_percent(suspect)}", suspect is not None and suspect >= SUSPECT_RATIO),
        (5, f"sampler {_percent(status.sampler_cpu_ratio)} CPU", False),
    ]


def _mode_rank(profile: StackProfile) -> int:
    """A mode that pauses the target is worth knowing before all else."""
    return 0 if profile.mode in ("exact", "native") else 6


def _percent(ratio: float | None) -> str:
    """``0.4 %``: small ones are the usual."""
    if ratio is None:
        return "? %"
    return f"{100 * ratio:.1f} %" if ratio < 0.0995 else f"{100 * ratio:.0f} %"
