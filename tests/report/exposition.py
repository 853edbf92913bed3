"""A strict reader of Prometheus' text format, version 0.0.4: what is not exactly right is a ValueError."""

import math
import re
from dataclasses import dataclass, field

NAME = r"[a-zA-Z_][a-zA-Z0-9_]*"
LABEL = rf'({NAME})="((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)")
ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


@dataclass
class Family:
    help: str
    kind: str = ""
    samples: dict[tuple[tuple[str, str], ...], float] = field(default_factory=dict)


def parsed(text: str) -> dict[str, Family]:
    """Families by name. Each begins with HELP and TYPE, stands in one piece, and says each thing once."""
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    families: dict[str, Family] = {}
    current = ""
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            current, _, told = line[7:].partition(" ")
            if current in families or not re.fullmatch(NAME, current) or not told:
                raise ValueError(line)
            families[current] = Family(told)
        elif line.startswith("# TYPE "):
            name, _, kind = line[7:].partition(" ")
            if name != current or families[name].kind or kind not in ("counter", "gauge"):
                raise ValueError(line)
            families[name].kind = kind
        else:
            _sample(line, current, families)
    return families


def _sample(line: str, current: str, families: dict[str, Family]) -> None:
    match = SAMPLE.fullmatch(line)
    if match is None or match[1] != current or not families[current].kind:
        raise ValueError(line)
    labels = tuple((name, _unescaped(value)) for name, value in re.findall(LABEL, match[2] or ""))
    names = [name for name, _ in labels]
    value = float(match[match.lastindex or 0])
    if labels in families[current].samples or len(set(names)) < len(names) or math.isnan(value):
        raise ValueError(line)
    if families[current].kind == "counter" and value < 0:
        raise ValueError(line)
    families[current].samples[labels] = value


def _unescaped(text: str) -> str:
    return re.sub(r"\\.", lambda match: ESCAPES[match[0]], text)
