"""TOML → frozen, typed ``Config``.

The struct below is the only list of settings: types, ranges and descriptions are read from it, so the
commented example that ``perftui config init`` writes cannot fall behind the code.
"""

import math
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from perftui.errors import ConfigError

MAX_FILE_BYTES = 64 * 1024

INTERVAL_SECONDS = (0.2, 60.0)
DEADLINE_SECONDS = (2.0, 3600.0)
"""Both ends are allowed; the command line takes the same ranges."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting with its default. Names carry their unit."""

    interval_seconds: Annotated[
        float,
        Meta(ge=INTERVAL_SECONDS[0], le=INTERVAL_SECONDS[1], description="Time between two looks at the system."),
    ] = 1.0
    window_seconds: Annotated[
        float, Meta(ge=2, le=60, description="How far back a verdict looks. Longer is steadier, shorter is quicker.")
    ] = 10.0
    theme: Annotated[
        str,
        Meta(
            pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$",
            description="Colours of the terminal screen: a theme that ships with perftui,\n"
            "or the name of a file in themes/ beside this one (without .toml).",
        ),
    ] = "dark"
    profiling: Annotated[
        bool,
        Meta(description="Sample stacks of the target (py-spy, perf) from the start. Key p switches it on and off."),
    ] = True
    profile_rate_hz: Annotated[
        int, Meta(ge=1, le=1000, description="Looks at the stacks per second; the budget below may lower it.")
    ] = 100
    profile_budget_pct: Annotated[
        float, Meta(ge=0.1, le=100, description="What the stack sampler may use, in percent of one core.")
    ] = 5.0
    deadline_seconds: Annotated[
        float,
        Meta(
            ge=DEADLINE_SECONDS[0],
            le=DEADLINE_SECONDS[1],
            description="An applied change is put back after this time unless it is confirmed.",
        ),
    ] = 30.0
    read_only: Annotated[bool, Meta(description="Hide and refuse everything that writes to the system.")] = False
    mouse: Annotated[bool, Meta(description="Ask the terminal for mouse clicks.")] = True
    ascii: Annotated[bool, Meta(description="Draw with ASCII only: no boxes, no braille.")] = False


def default_path() -> Path:
    """``$XDG_CONFIG_HOME/perftui/config.toml``, or the same under ``~/.config``."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    root = Path(base) if base.startswith("/") else Path.home() / ".config"
    return root / "perftui" / "config.toml"


def load(path: Path | None = None) -> Config:
    """Read a configuration; without ``path`` the default one, which need not exist.

    ConfigError names file, line and key.
    """
    wanted = path or default_path()
    if path is None and not wanted.exists():
        return Config()
    text = _text_of(wanted)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(wanted, text, str(error)) from error
    for key, entry in table.items():
        _check(wanted, text, key, entry)
    return msgspec.convert(table, Config)


def example() -> str:
    """The commented example: every setting, its meaning, what is allowed, and its default."""
    blocks = [
        "# perftui configuration. Every line is optional: what is commented out shows the default.\n"
        "# `perftui config check` tells whether this file is right, `perftui config path` where it belongs.\n"
    ]
    for field in msgspec.structs.fields(Config):
        meta = _meta(field.type)
        notes = [*(meta.description or "").splitlines(), f"Allowed: {allowed(field.type)}."]
        comment = "".join(f"# {line}\n" for line in notes)
        blocks.append(f"{comment}# {field.name} = {_toml(field.default)}\n")
    return "\n".join(blocks)


def allowed(kind: Any) -> str:
    """What a setting takes, in words: ``a number from 0.2 to 60``."""
    described = msgspec.inspect.type_info(kind)
    inner = described.type if isinstance(described, msgspec.inspect.Metadata) else described
    if isinstance(inner, msgspec.inspect.BoolType):
        return "true or false"
    if isinstance(inner, msgspec.inspect.IntType):
        return f"a whole number from {inner.ge:g} to {inner.le:g}"
    if isinstance(inner, msgspec.inspect.FloatType):
        return f"a number from {inner.ge:g} to {inner.le:g}"
    return 'a name of letters, digits, ".", "_" and "-"'


def _check(path: Path, text: str, key: str, entry: object) -> None:
    kinds = {field.name: field.type for field in msgspec.structs.fields(Config)}
    where = f"{path}:{_line_of(text, key)}: {key}"
    if key not in kinds:
        import difflib  # for a wrong file only: loading it takes a fiftieth of the time to the first frame

        close = difflib.get_close_matches(key, kinds, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(kinds)}"
        raise ConfigError(f"{where}: no such setting; {hint}")
    try:
        msgspec.convert(entry, kinds[key])
    except msgspec.ValidationError:
        raise ConfigError(f"{where}: must be {allowed(kinds[key])}, not {_toml(entry)}") from None


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; `perftui config init` writes an example") from error
    if len(raw) > MAX_FILE_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_FILE_BYTES} bytes: this is not a perftui configuration")
    try:
        return raw.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text") from error


def _syntax_error(path: Path, text: str, message: str) -> ConfigError:
    """tomllib gives the line in its message only, and "end of document" for the last one."""
    found = re.search(r" \(at line (\d+), column \d+\)", message)
    line = int(found[1]) if found else text.rstrip().count("\n") + 1
    reason = message.replace(found[0], "") if found else message.replace(" (at end of document)", "")
    source = text.split("\n")[line - 1] if line <= text.count("\n") + 1 else ""
    key = re.match(r"\s*([A-Za-z0-9_-]+)", source)
    return ConfigError(f"{path}:{line}:{f' {key[1]}:' if key else ''} not TOML: {reason}")


def _line_of(text: str, key: str) -> int:
    """The line on which a top-level key is set: the shortest beginning of the file that has it tells.

    tomllib keeps no positions, and a search for the name would find it inside a string or a comment.
    """
    lines = text.split("\n")
    start = 0
    for end in range(1, len(lines) + 1):
        try:
            table = tomllib.loads("\n".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue  # inside a value of several lines
        if key in table:
            return start + 1
        start = end
    return 1


def _meta(kind: Any) -> Meta:
    return next(entry for entry in kind.__metadata__ if isinstance(entry, Meta))


def _toml(entry: object) -> str:
    """A value as TOML would write it, short enough for a message."""
    if isinstance(entry, bool):
        return "true" if entry else "false"
    if isinstance(entry, float) and math.isfinite(entry):
        return f"{entry:g}" if entry % 1 else f"{entry:.1f}"
    if isinstance(entry, str):
        return '"' + (entry if len(entry) <= 40 else entry[:39] + "…") + '"'
    if isinstance(entry, dict):
        return "a table"
    return "a list" if isinstance(entry, list) else str(entry)
