"""The answer first: what limits the target, how sure that is, what would change it, and what watching costs."""

import msgspec
from rich.style import Style
from textual.strip import Strip

from perftui.model.finding import Diagnosis, Finding
from perftui.model.sample import Sample
from perftui.model.units import bytes_text, ratio_text
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part, cells, elided, fit, harmless, spelled, strip_of, wrap
from perftui.tui.renderables.values import has_ended

WARM_UP_SECONDS = 3.0
"""A window is judged in thirds of a second or more each, so nothing is said before."""

LEAST_ROOM = 10
"""Cells beside the head from which the sentence begins there."""

Headline = tuple[str, Style, str]
"""The head with its style, and the sentence after it."""


def verdict_lines(
    update: Update | None, *, paused: bool, measured_seconds: float, width: int, height: int, palette: Palette
) -> list[Strip]:
    """Up to four rows: the verdict; the rest of its sentence; its runner-up and what would flip it; the watch itself.

    Three rows have the two in the middle as one, of two rows that falls away, of one the last.
    """
    head, style, sentence = _headline(update, measured_seconds, palette)
    sentence, room = spelled(sentence, palette), width - cells(head)
    first, *more = wrap(sentence, room) if room >= LEAST_ROOM else ("", sentence)
    lines = [strip_of([(head, style), (first, palette.text)], width, palette)]
    for text in _between(" ".join(more), _second_thoughts(update), width, height - 2, palette):
        lines.append(strip_of([(text, palette.muted)], width, palette))
    if height >= 2:
        lines.append(strip_of(_watch(update, paused, width, palette), width, palette))
    return lines


def _between(rest: str, thoughts: str, width: int, rows: int, palette: Palette) -> list[str]:
    """The rest of the sentence and the second thoughts, each in rows of its own where there are two."""
    if rows <= 0:
        return []
    lines = [rest, thoughts]
    if rows == 1:
        lines = ["  ".join(part for part in lines if part)]
    elif not rest:
        first, *more = wrap(spelled(thoughts, palette), max(1, width))
        lines = [first, " ".join(more)]
    return [elided(text, width, palette) for text in lines]


def _headline(update: Update | None, measured_seconds: float, palette: Palette) -> Headline:
    glyphs = palette.glyphs
    if update is None:
        return f"{glyphs.info} STARTING ", palette.muted, ""
    if has_ended(update):
        return f"{glyphs.unknown} ENDED ", palette.warning, _last_words(update.diagnosis, palette)
    diagnosis = update.diagnosis
    if diagnosis is None:
        if update.sample.target.kind == "host":
            return f"{glyphs.info} HOST ", palette.accent, f"this host {glyphs.dash} pick a process (Enter)"
        seconds = min(measured_seconds, WARM_UP_SECONDS)
        return f"{glyphs.info} MEASURING ", palette.accent, f"{seconds:.0f} of {WARM_UP_SECONDS:.0f} s"
    return _answer(diagnosis, palette)


def _last_words(diagnosis: Diagnosis | None, palette: Palette) -> str:
    """The last answer, said to be past."""
    if diagnosis is None:
        return "the target has ended before it could be judged"
    head, _, sentence = _answer(diagnosis, palette)
    return f"last: {head.partition(' ')[2]}{sentence}"


def _answer(diagnosis: Diagnosis, palette: Palette) -> Headline:
    if diagnosis.verdict is None:
        return _nothing_limits(diagnosis, palette)
    return _limited(diagnosis.verdict, palette)


def _nothing_limits(diagnosis: Diagnosis, palette: Palette) -> Headline:
    """Rules that could not be judged make it a guess, and it must not look like an all-clear."""
    said = {"idle": "the target waits for work", "healthy": "nothing limits the target"}
    sentence = diagnosis.summary or said.get(diagnosis.state, "nothing that is visible limits the target")
    if diagnosis.state == "healthy" and diagnosis.unknown:
        return f"{palette.glyphs.unknown} NOTHING FOUND ", palette.warning, sentence
    return f"{palette.glyphs.good} {diagnosis.state.upper()} ", palette.good, sentence


def _limited(verdict: Finding, palette: Palette) -> Headline:
    sign, style = palette.of_severity(verdict.severity)
    head = f"{sign} {verdict.severity.upper()} {verdict.rule} ({ratio_text(verdict.confidence)} sure) "
    return head, style, verdict.summary


def _second_thoughts(update: Update | None) -> str:
    """The runner-up, what would flip the verdict, and what is not visible."""
    if update is None:
        return ""
    if has_ended(update):
        return "the target has ended: what it did last stays on screen"
    parts = []
    if update.diagnosis and (second := update.diagnosis.runner_up):
        parts.append(f"next: {second.rule} {ratio_text(second.confidence)}")
    if update.diagnosis and (verdict := update.diagnosis.verdict) and verdict.flips_if:
        parts.append(f"flips if {verdict.flips_if}")
    hidden = [status.name for status in update.sample.collectors if status.state != "ok"]
    if hidden:
        parts.append(f"{len(hidden)} not visible (?): {', '.join(hidden)}")
    return "; ".join(parts)


def _watch(update: Update | None, paused: bool, width: int, palette: Palette) -> list[Part]:
    """Flag, interval and cost first, because they change; the target's identity after them."""
    flag: Part = ("PAUSED ", palette.warning) if paused else ("LIVE ", palette.good)
    if update is None:
        return [flag]
    if update.replay is not None:
        flag = ("REPLAY ", palette.accent)
    elif has_ended(update) and not paused:
        flag = ("ENDED ", palette.warning)
    cost = update.own_cost
    seconds = f"{update.interval.seconds:.1f} s  " if update.interval else ""
    seconds += "(host starved of CPU)  " if cost.starved else ""
    text = f"{seconds}perftui {cost.cpu_pct:.1f} % {bytes_text(cost.rss_bytes)}"
    status = update.profile_status
    if cost.sampler_cpu_pct:
        text += f"  {status.sampler or 'sampler'} {cost.sampler_cpu_pct:.1f} %"
    if cost.target_slowdown_pct:
        text += f"  slows the target {cost.target_slowdown_pct:.1f} %"
    mark = f"  {palette.glyphs.target} "
    room = max(0, width - cells(flag[0]) - cells(text) - cells(mark))
    return [flag, (text, palette.text), (f"{mark}{_identity(update.sample, room, palette)}", palette.title)]


def _identity(sample: Sample, room: int, palette: Palette) -> str:
    """The target, after the container or unit that it is in. Short of room its program loses its folders first."""
    target = sample.target
    group = f"{sample.group.label}: " if sample.group and not target.name else ""
    text = harmless(spelled(f"{group}{target.label}", palette))
    if cells(text) > room:
        program, space, arguments = target.command.partition(" ")
        short = msgspec.structs.replace(target, command=f"{program.rpartition('/')[2]}{space}{arguments}")
        text = harmless(spelled(f"{group}{short.label}", palette))
    return fit(text, min(room, cells(text)), ellipsis=palette.glyphs.ellipsis)
