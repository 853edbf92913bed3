"""Frames that have no name, and what would give them one."""

from collections import defaultdict

from perftui.errors import NoData
from perftui.model.profile import StackProfile
from perftui.profile.perf_script import UNKNOWN

_WORTH_TELLING = 0.5
"""Part of the samples with a nameless frame of one file. Single ones are common: the C library has a few."""
_COMPILED = ("/tmp/perf-", "//anon", "[anon", "[JIT]")  # noqa: S108 (a name that is compared, nothing is made there)


def nameless(window: StackProfile) -> NoData | None:
    """What to say when one file has no symbols and half of the samples go through it; None when all is well."""
    file = _file_without_symbols(window)
    if not file:
        return None
    if file.startswith(_COMPILED):
        return NoData(
            "code that was compiled at run time has no names",
            "have the program write /tmp/perf-PID.map (node --perf-basic-prof, java with perf-map-agent)",
        )
    return NoData(
        f"{file} has no symbols", f"install its debug symbols (of {file.rpartition('/')[2]}: a -dbgsym package)"
    )


def lacks_map(window: StackProfile) -> bool:
    """Whether that file is code that was compiled at run time."""
    return _file_without_symbols(window).startswith(_COMPILED)


def _file_without_symbols(window: StackProfile) -> str:
    files_of = [
        {window.frames[at].file for at in stack if window.frames[at].function == UNKNOWN} for stack in window.stacks
    ]
    seen: dict[str, int] = defaultdict(int)
    for row in window.rows:
        for file in files_of[row.stack]:
            seen[file] += row.samples
    file = max(seen.keys() - {""}, key=seen.__getitem__, default="")
    return file if file and seen[file] >= _WORTH_TELLING * window.samples else ""
