"""Lines of plain text: wrapped paragraphs, aligned columns, a little colour."""

import textwrap
from collections.abc import Sequence

WIDTH = 80
LABEL_WIDTH = 12

_SGR = {"critical": "1;31", "warning": "1;33", "info": "1;34", "good": "1;32", "heading": "1", "dim": "2"}


class Page:
    """Lines of at most ``width`` columns; styles are dropped unless ``color``."""

    def __init__(self, *, color: bool = False, width: int = WIDTH) -> None:
        self.width = width
        self._color = color
        self._lines: list[str] = []

    def text(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{_SGR[style]}m{text}\x1b[0m" if self._color else text

    def line(self, text: str = "", style: str = "") -> None:
        """One line, cut at the width."""
        cut = clipped(text, self.width)
        self._lines.append(self._styled(cut, style) if style else cut)

    def heading(self, text: str) -> None:
        """A blank line and a title."""
        self._lines.append("")
        self.line(text, "heading")

    def command(self, label: str, text: str) -> None:
        """A line to be copied: never wrapped, never cut."""
        self._lines.append(f"    {label}{text}")

    def paragraph(self, text: str, *, indent: int = 2, style: str = "") -> None:
        """Wrapped text."""
        for line in self._wrapped(text, indent):
            self._lines.append(self._styled(line, style) if style else line)

    def labelled(self, label: str, text: str) -> None:
        """``label`` at the left margin, ``text`` wrapped beside it."""
        lines = self._wrapped(text, LABEL_WIDTH) or [""]
        name = f"{label:<{LABEL_WIDTH - 1}} "
        self._lines.append(self._styled(name.rstrip(), "heading") + name[len(name.rstrip()) :] + lines[0].lstrip())
        self._lines.extend(lines[1:])

    def marked(self, mark: str, style: str, name: str, text: str) -> None:
        """A coloured word, a name beside it, and a text that is wrapped beside both."""
        start = len(mark) + len(name) + 6
        lines = self._wrapped(text, start) or [""]
        self._lines.append(f"  {self._styled(mark, style)}  {name}  {lines[0].lstrip()}".rstrip())
        self._lines.extend(lines[1:])

    def columns(self, rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()) -> None:
        """Aligned cells, two spaces apart; the last column takes what is left."""
        if not rows:
            return
        count = len(rows[0])
        widths = [max(len(row[at]) for row in rows) for at in range(count - 1)]
        for row in rows:
            cells = [
                cell.rjust(width) if at in right else cell.ljust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=False))
            ]
            self.line("  " + "  ".join([*cells, row[-1]]).rstrip())

    def _wrapped(self, text: str, indent: int) -> list[str]:
        pad = " " * indent
        return textwrap.wrap(text, self.width, initial_indent=pad, subsequent_indent=pad, break_on_hyphens=False)


def clipped(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def tail_of(text: str, width: int) -> str:
    """The end of a path says more than its beginning."""
    return text if len(text) <= width else f"…{text[1 - width :]}"


_ASCII = str.maketrans(
    {"…": "...", "→": "->", "←": "<-", "–": "-", "—": "-", "−": "-", "·": "-", "×": "x", "≥": ">=", "≤": "<=", "µ": "u"}
)


def to_ascii(text: str) -> str:
    """Our own signs by their look-alikes, foreign letters as ``\\xe9`` or ``\\u4e2d``."""
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")
