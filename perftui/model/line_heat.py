"""How often the lines of one file were seen."""

import msgspec

from perftui.model.profile import StackProfile


class LineHeat(msgspec.Struct):
    """Samples of one line: as the innermost (``self_value``), and anywhere in a stack (``total``, once a stack)."""

    self_value: float = 0.0
    total: float = 0.0


def line_heat(profile: StackProfile, file: str, *, on_cpu: bool) -> dict[int, LineHeat]:
    """By line number, of looks on a CPU or of all looks. A line that was never seen is not there."""
    line_of = {index: frame.line for index, frame in enumerate(profile.frames) if frame.file == file}
    lines: dict[int, LineHeat] = {}
    for row in profile.rows:
        weight = row.on_cpu if on_cpu else float(row.samples)
        stack = profile.stacks[row.stack]
        if weight <= 0 or line_of.keys().isdisjoint(stack):
            continue
        for line in {line_of[index] for index in stack if index in line_of}:
            lines.setdefault(line, LineHeat()).total += weight
        if stack[-1] in line_of:
            lines[line_of[stack[-1]]].self_value += weight
    return lines


def process_in(profile: StackProfile, file: str) -> int | None:
    """The process that was seen most often in this file; None for a file that was not seen."""
    frames = {index for index, frame in enumerate(profile.frames) if frame.file == file}
    samples: dict[int, int] = {}
    for row in profile.rows:
        if not frames.isdisjoint(profile.stacks[row.stack]):
            samples[row.pid] = samples.get(row.pid, 0) + row.samples
    return max(samples, key=lambda pid: (samples[pid], -pid), default=None)
