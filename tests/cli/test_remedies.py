"""A remedy that names a command of perftui must name one that there is."""

import re
from pathlib import Path

from perftui.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
QUOTED = re.compile(r"[\"'`]([^\"'`\n]*)[\"'`]")
COMMAND = re.compile(r"(?:^|sudo |or |with |run |`)perftui ((?:--?[\w-]+ )*)([a-z]\w*)")
PROSE = {"as", "by", "could", "does", "ended", "has", "inside", "is", "itself", "keeps", "may", "on", "or", "runs"}
PROSE |= {"and", "outside", "shows", "wrote"}
"""Words that follow the name of the program in a sentence."""


def named(text: str) -> set[str]:
    return {match[2] for match in COMMAND.finditer(text)}


def test_every_command_that_is_named_is_registered() -> None:
    texts = {ROOT / "README.md": (ROOT / "README.md").read_text().splitlines()}
    for path in (ROOT / "perftui").rglob("*.py"):
        texts[path] = [text for line in path.read_text().splitlines() for text in QUOTED.findall(line)]
    known = PROSE | set(COMMANDS)
    unknown = {(path.name, word) for path, lines in texts.items() for line in lines for word in named(line) - known}
    assert unknown == set()


def test_a_command_that_is_not_there_would_be_found() -> None:
    assert named("perftui ls lists those that run") == {"ls"}
    assert named("sudo perftui attach 12; or perftui --read-only tune list") == {"attach", "tune"}
