"""The answer first: what limits the target, how sure that is, what would change it, and what watching costs."""

from rich.style import Style
from textual.strip import Strip

from perftui.model.finding import Diagnosis, Finding
from perftui.model.units import bytes_text, ratio_text
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part, cells, fit, strip_of, wrap

WARM_UP_SECONDS = 3.0
"""A window is judged in thirds of a second or more each, so nothing is said before."""

Headline = tuple[str, Style, str]
"""The head with its style, and the sentence after it."""


def verdict_lines(
    update: Update | None, *, paused: bool, measured_seconds: float, width: int, height: int, palette: Palette
) -> list[Strip]:
    """Up to three rows: the verdict; the rest of its sentence, its runner-up and what would flip it; the watch itself.

    Of two rows the middle one falls away, of one the last.
    """
    head, style, sentence = _headline(update, measured_seconds, palette)
    first, *more = wrap(sentence, max(1, width - cells(head)))
    lines = [strip_of([(head, style), (first, palette.text)], width, palette)]
    if height >= 3:
        rest = "  ".join(part for part in (" ".join(more), _second_thoughts(update)) if part)
        lines.append(strip_of([(fit(rest, width, ellipsis=palette.glyphs.ellipsis), palette.muted)], width, palette))
    if height >= 2:
        lines.append(strip_of(_watch(update, paused, palette), width, palette))
    return lines


def _headline(update: Update | None, measured_seconds: float, palette: Palette) -> Headline:
    glyphs = palette.glyphs
    if update is None:
        return f"{glyphs.info} STARTING ", palette.muted, ""
    if update.sample.tree is not None and not update.sample.tree.alive:
        return f"{glyphs.unknown} ENDED ", palette.warning, "the target has ended; what it did last stays on screen"
    diagnosis = update.diagnosis
    if diagnosis is None:
        if update.sample.target.kind == "host":
            return f"{glyphs.info} HOST ", palette.accent, f"this host {glyphs.dash} pick a process (Enter)"
        seconds = min(measured_seconds, WARM_UP_SECONDS)
        return f"{glyphs.info} MEASURING ", palette.accent, f"{seconds:.0f} of {WARM_UP_SECONDS:.0f} s"
    if diagnosis.verdict is None:
        return _nothing_limits(diagnosis, palette)
    return _limited(diagnosis.verdict, palette)


def _nothing_limits(diagnosis: Diagnosis, palette: Palette) -> Headline:
    said = {"idle": "the target waits for work", "healthy": "nothing limits the target"}
    sentence = said.get(diagnosis.state, "nothing that is visible limits the target")
    return f"{palette.glyphs.good} {diagnosis.state.upper()} ", palette.good, sentence


def _limited(verdict: Finding, palette: Palette) -> Headline:
    sign, style = palette.of_severity(verdict.severity)
    head = f"{sign} {verdict.severity.upper()} {verdict.rule} ({ratio_text(verdict.confidence)} sure) "
    return head, style, verdict.summary


def _second_thoughts(update: Update | None) -> str:
    """The runner-up, what would flip the verdict, and what is not visible."""
    if update is None:
        return ""
    parts = []
    if update.diagnosis and (second := update.diagnosis.runner_up):
        parts.append(f"next: {second.rule} {ratio_text(second.confidence)}")
    if update.diagnosis and (verdict := update.diagnosis.verdict) and verdict.flips_if:
        parts.append(f"changes if {verdict.flips_if}")
    hidden = [status.name for status in update.sample.collectors if status.state != "ok"]
    if hidden:
        parts.append(f"{len(hidden)} not visible (?): {', '.join(hidden)}")
    return "; ".join(parts)


def _watch(update: Update | None, paused: bool, palette: Palette) -> list[Part]:
    """Flag, interval and cost first, because they change; the target's identity after them."""
    flag: Part = ("PAUSED ", palette.warning) if paused else ("LIVE ", palette.good)
    if update is None:
        return [flag]
    cost = update.own_cost
    seconds = f"{update.interval.seconds:.1f} s  " if update.interval else ""
    text = f"{seconds}perftui {cost.cpu_pct:.1f} % {bytes_text(cost.rss_bytes)}"
    status = update.profile_status
    if cost.sampler_cpu_pct:
        text += f"  {status.sampler or 'sampler'} {cost.sampler_cpu_pct:.1f} %"
    if cost.target_slowdown_pct:
        text += f"  slows the target {cost.target_slowdown_pct:.1f} %"
    return [flag, (text, palette.text), (f"  {palette.glyphs.target} {update.sample.target.label}", palette.title)]
