"""Stacks in the formats of other programs: one file a format. Pure: bytes in and out."""

from collections.abc import Callable
from functools import wraps
from typing import NamedTuple

from perftui.errors import UsageError
from perftui.model.profile import StackProfile
from perftui.profile.formats import austin, collapsed, mojo, perf_script, pprof, speedscope, svg
from perftui.profile.formats.about import About, Imported, Unit
from perftui.profile.formats.builder import MAX_BYTES
from perftui.profile.formats.weigh import check

__all__ = ["EXPORTS", "IMPORTS", "MAX_BYTES", "About", "Export", "Import", "Imported", "Unit", "export", "read"]


class Export(NamedTuple):
    """A format that can be written. ``terminal``: whether it is text that one may want to see.

    ``write`` raises UsageError for figures that a file has no room for, as a forged recording may have them.
    """

    name: str
    suffix: str
    write: Callable[[StackProfile, About], bytes]
    terminal: bool


class Import(NamedTuple):
    """A format that can be read, known by its content. ``parse`` raises UsageError with the place in the file."""

    name: str
    recognizes: Callable[[bytes], bool]
    parse: Callable[[bytes], Imported]


def _sound(write: Callable[[StackProfile, About], bytes]) -> Callable[[StackProfile, About], bytes]:
    """UsageError for figures that no format has room for."""

    @wraps(write)
    def checked(profile: StackProfile, about: About) -> bytes:
        check(profile)
        return write(profile, about)

    return checked


EXPORTS = (
    Export(collapsed.NAME, collapsed.SUFFIX, _sound(collapsed.write), terminal=True),
    Export(speedscope.NAME, speedscope.SUFFIX, _sound(speedscope.write), terminal=True),
    Export(svg.NAME, svg.SUFFIX, _sound(svg.write), terminal=False),
    Export(pprof.NAME, pprof.SUFFIX, _sound(pprof.write), terminal=False),
)

IMPORTS = (
    Import(mojo.NAME, mojo.recognizes, mojo.parse),
    Import(speedscope.NAME, speedscope.recognizes, speedscope.parse),
    Import(austin.NAME, austin.recognizes, austin.parse),
    Import(perf_script.NAME, perf_script.recognizes, perf_script.parse),
    Import(collapsed.NAME, collapsed.recognizes, collapsed.parse),
)
"""The one that takes nearly any line of text comes last."""


def export(name: str) -> Export:
    """UsageError for a format that there is not."""
    for one in EXPORTS:
        if one.name == name:
            return one
    raise UsageError(f'no format "{name}": there are {", ".join(one.name for one in EXPORTS)}')


def read(raw: bytes, name: str) -> Imported:
    """The stacks of a file with this content; ``name`` is for the message.

    UsageError, with the line where there is one, for what is in no known format, is damaged, or is beyond the bounds.
    """
    if len(raw) > MAX_BYTES:
        raise UsageError(f"{name}: more than {MAX_BYTES >> 20} MiB")
    for one in IMPORTS:
        if one.recognizes(raw):
            try:
                return one.parse(raw)
            except UsageError as error:
                raise UsageError(f"{name} ({one.name}): {error}") from error
    known = ", ".join(one.name for one in IMPORTS)
    packed = (
        " It is packed with gzip: unpack it first; pprof can be written, not read." if raw[:2] == b"\x1f\x8b" else ""
    )
    raise UsageError(f"{name}: no stacks in a format that is known ({known}).{packed}")
