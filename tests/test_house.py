"""The rules of the house that no linter knows. The walls between rooms are import contracts, run by `make check`."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from perftui import __version__

ROOT = Path(__file__).resolve().parents[1]
MAX_LINES = 400
COPIED = {ROOT / "tests/bench/ptybench.py"}
"""Kept as it came but for one option, so that its figures stay comparable."""

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MACHINE = re.compile(r"/work/|/root/|\.\./shared")
"""Paths of the machine it happened to be written on."""

SILENCED = re.compile(r"#\s*(type: ignore|noqa|pragma)(?P<rest>.*)")
HEAVY = {"textual", "rich", "numpy"}


def tracked() -> list[Path]:
    """Every file that is part of the project; those that git does not know yet too."""
    argv = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive is no git clone
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py") if ".venv" not in path.parts]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def sources() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path not in COPIED]


def offending(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """``file:line: text`` for every match."""
    found = []
    for path in paths:
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    return found


def imported_by(*arguments: str) -> set[str]:
    """The top-level modules that ``perftui ARGUMENTS`` has loaded when it ends, whatever its exit code."""
    code = (
        "import sys\n"
        f"sys.argv = ['perftui', *{list(arguments)!r}]\n"
        "from perftui.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('\\nLOADED', *sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stdout.rpartition("LOADED")[2].split())


def test_no_file_is_too_long() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in sources()}
    assert {path: length for path, length in lengths.items() if length >= MAX_LINES} == {}


def test_nothing_is_left_unfinished() -> None:
    others = [path for path in sources() if path != Path(__file__)]
    assert offending(UNFINISHED, others) == []


def test_no_path_of_one_machine() -> None:
    text = {".py", ".md", ".toml", ".txt", ".sh", ""}
    paths = [path for path in tracked() if path.suffix in text and path != Path(__file__)]
    assert offending(MACHINE, paths) == []


def test_a_silenced_checker_says_why() -> None:
    """``# noqa: X`` and ``# type: ignore[x]`` are followed by the reason."""
    unexplained = []
    for path in sources():
        if path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = SILENCED.search(line)
            if match and len(re.sub(r"\[[^]]*\]|:?\s*[A-Z]+\d+,?", "", match["rest"]).strip(" -–(#)")) < 8:
                unexplained.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert unexplained == []


@pytest.mark.parametrize("arguments", [("--help",), ("diagnose", "999999999"), ("tune", "--help"), ("schema",)])
def test_the_command_line_does_not_load_the_screen(arguments: tuple[str, ...]) -> None:
    assert imported_by(*arguments) & HEAVY == set()


def test_a_headless_diagnosis_does_not_load_the_screen() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        try:
            assert imported_by("diagnose", str(child.pid), "--for", "1") & HEAVY == set()
        finally:
            child.kill()


def test_constraints_cover_what_is_required() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.split(r"[<>=!~ \[]", entry)[0].lower().replace("_", "-") for entry in wanted}
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    assert names <= pinned


def test_the_changelog_knows_this_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_every_make_target_has_a_help_line() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    helped = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert set(phony[1].split()) == helped


def test_rendered_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.docs", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
