"""The only places that print: documents and text on stdout, messages on stderr."""

import os
import re
import sys
from typing import Protocol, TypeVar

import msgspec

from perftui.cli.options import Options
from perftui.host.text import visible
from perftui.report.layout import to_ascii

_OWN_COLORS = re.compile(r"(\x1b\[(?:[012]|1;3[1-4])m)")
"""The codes that ``report.layout`` gives to its styles."""

_LONGEST_SHOWN = 10
"""``\\u{10ffff}``: one character of text takes at most this many when it is shown."""


Doc = TypeVar("Doc", contravariant=True)


class AsText(Protocol[Doc]):
    def __call__(self, document: Doc, /, *, color: bool) -> str: ...


def put(text: str, options: Options) -> None:
    """Text on stdout. Letters that the terminal's encoding lacks are shown as ``\\xe9``.

    A last net for what others wrote: no control character leaves but the newline and our own colour codes.
    """
    encoding = sys.stdout.encoding or "utf-8"
    text = "\n".join(map(_harmless, text.split("\n")))
    shown = to_ascii(text) if options.ascii_only else text
    sys.stdout.write(shown.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def _harmless(line: str) -> str:
    parts = _OWN_COLORS.split(line)
    parts[::2] = [visible(part, _LONGEST_SHOWN * len(part)) for part in parts[::2]]
    return "".join(parts)


def put_json(document: object) -> None:
    """One JSON document, indented, in ASCII so that any locale can carry it."""
    _put_encoded(msgspec.json.format(msgspec.json.encode(document), indent=2))


def put_document(document: Doc, as_text: AsText[Doc], options: Options) -> None:
    """As JSON or as text, as the options say."""
    if options.as_json:
        put_json(document)
    else:
        put(as_text(document, color=colors(options)), options)


def put_json_line(document: object) -> None:
    """One JSON document on one line, in ASCII."""
    _put_encoded(msgspec.json.encode(document))


def _put_encoded(encoded: bytes) -> None:
    text = encoded.decode()
    sys.stdout.write("".join(char if char.isascii() and char != "\x7f" else _escaped(char) for char in text) + "\n")
    sys.stdout.flush()


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def notice(text: str) -> None:
    """One line on stderr."""
    print(f"perftui: {visible(text)}", file=sys.stderr, flush=True)


def colors(options: Options) -> bool:
    """Colour codes belong on a terminal that knows them, unless somebody said no."""
    refused = options.no_color or options.plain or bool(os.environ.get("NO_COLOR"))
    return not refused and sys.stdout.isatty() and not is_dumb()


def is_dumb() -> bool:
    """True when TERM says that the terminal can only print lines."""
    return os.environ.get("TERM", "") in ("", "dumb", "unknown")
