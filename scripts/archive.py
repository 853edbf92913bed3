"""Build dist/perftui.pyz: perftui and everything it needs in one file, for servers without a network.

It runs on any Python from 3.11 up to the newest one below, on the architecture it was built on: the one
dependency that is compiled for a Python version (msgspec) is put in for each of them, side by side.
"""

import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ARCHIVE = ROOT / "dist" / "perftui.pyz"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
COMPILED = "msgspec"


def pip(*arguments: str) -> None:
    """CalledProcessError when pip fails; it has said why."""
    argv = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(argv, cwd=ROOT, check=True)


def install(site: Path) -> None:
    pip("install", "--constraint", "constraints.txt", "--target", str(site), "--no-compile", ".")


def add_compiled(site: Path, scratch: Path, python: str) -> None:
    """Put the shared object for one Python version beside the others; their names differ."""
    folder = scratch / python
    wanted = f"{COMPILED}=={version(COMPILED)}"
    pip("download", "--no-deps", "--only-binary=:all:", "--python-version", python, "--dest", str(folder), wanted)
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.endswith(".so"):
                    archive.extract(name, site)


def try_out(scratch: Path) -> None:
    """Run what was built, on a child of ours, with a home of its own. CalledProcessError when it does not work."""
    home = scratch / "home"
    home.mkdir()
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    archive = [sys.executable, "-I", str(ARCHIVE)]
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        try:
            for arguments in (["--help"], ["diagnose", str(child.pid), "--for", "3", "--json"]):
                subprocess.run([*archive, *arguments], env=environment, stdout=subprocess.PIPE, check=True)
        finally:
            child.kill()


def main() -> int:
    ARCHIVE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="perftui-archive-") as name:
        site = Path(name) / "site"
        install(site)
        for python in PYTHONS:
            add_compiled(site, Path(name), python)
        shiv = [sys.executable, "-m", "shiv", "--site-packages", str(site), "--entry-point", "perftui.__main__:main"]
        options = ["--python", "/usr/bin/env python3", "--compressed", "--reproducible", "--output-file", str(ARCHIVE)]
        subprocess.run(shiv + options, cwd=ROOT, check=True)
        try_out(Path(name))
    print(f"{ARCHIVE.relative_to(ROOT)}  {ARCHIVE.stat().st_size / 1e6:.1f} MB  Python {PYTHONS[0]} to {PYTHONS[-1]}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
