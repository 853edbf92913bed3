"""Foreign bytes become text that a terminal, a log or a report can show without harm."""

import re

_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks that Unicode counts as printable and that show nothing: fillers and variation selectors."""

_LONGEST_UTF8 = 4


def visible(raw: bytes | str, limit: int = 4096) -> str:
    """Text of at most ``limit`` characters with nothing in it that acts on a terminal or hides.

    Control characters become ``^[`` or ``\\x9b``; format, bidirectional, zero-width, separator and surrogate
    characters become ``\\u{202e}``; bytes that are not UTF-8 become ``\\xff``. All else stays, so no
    newline survives. Longer text is cut and ends in ``…``.
    """
    if isinstance(raw, bytes):
        # Cut before decoding: a command line may be megabytes long.
        raw = raw[: (limit + 1) * _LONGEST_UTF8].decode("utf-8", "surrogateescape")
    text = raw if len(raw) <= limit else raw[: limit + 1]
    if not text.isprintable() or _INVISIBLE.search(text):
        text = "".join(map(_shown, text))
    return text if len(text) <= limit else f"{text[: max(0, limit - 1)]}…"


def _shown(char: str) -> str:
    code = ord(char)
    if char.isprintable() and not _INVISIBLE.match(char):
        return char
    if code < 0x20 or code == 0x7F:
        return f"^{chr(code ^ 0x40)}"
    if code < 0xA0:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:  # a byte that surrogateescape carried over
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{{{code:x}}}"
