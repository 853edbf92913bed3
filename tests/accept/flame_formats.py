"""What ``perftui flame`` writes stands before its readers: speedscope's own importer, google's protobuf, a browser.

Needs node with npm, chromium, and pip; what they bring is kept in ``.accept``.
"""

import html
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.accept.story import check
from tests.accept.terminals import fresh_state
from tests.scenarios.play import ROOT, playing

HERE = Path(__file__).parent
SPEEDSCOPE = ROOT / ".accept" / "speedscope"
PROTOBUF = ROOT / ".accept" / "protobuf"
VERSION = "1.25.0"

_PLAY = """
const seen = {};
const key = (name) => document.documentElement.dispatchEvent(new KeyboardEvent("keydown", { key: name }));
const frames = [...document.querySelectorAll("#frames > .f")];
const widths = () => frames.map((g) => (g.style.display === "none" ? 0 : +g.children[1].getAttribute("width")));
const detail = document.getElementById("detail");
seen.frames = frames.length;
const before = widths();
const deepest = frames.length - 1;
frames[deepest].dispatchEvent(new MouseEvent("mouseenter"));
seen.hover = detail.textContent;
frames[deepest].dispatchEvent(new MouseEvent("click"));
seen.zoomed = widths()[deepest];
seen.passed = document.querySelectorAll(".passed").length;
key("Escape");
seen.reset = JSON.stringify(widths()) === JSON.stringify(before);
window.prompt = () => "^spin|^work|[";
key("/");
seen.literal = document.getElementById("matched").textContent;
window.prompt = () => WANTED;
document.getElementById("search").dispatchEvent(new MouseEvent("click"));
seen.found = document.getElementById("matched").textContent;
seen.marked = document.querySelectorAll(".found").length;
key("Escape");
key("ArrowDown");
seen.walked = frames.indexOf(document.activeElement);
key("ArrowUp");
seen.back = frames.indexOf(document.activeElement);
document.documentElement.dataset.seen = JSON.stringify(seen);
"""
"""A user's hands on the drawing, and what came of each."""


def stories() -> Iterator[str]:
    """Yields a line for each reader that is content. Failed for the first that is not."""
    with tempfile.TemporaryDirectory() as name, fresh_state() as environment:
        folder = Path(name)
        tape = folder / "tape"
        with playing("tests.scenarios.s05_gil") as target:
            _perftui(environment, "record", target, "-o", tape, "--for", 6)
        for view in ("wall", "cpu"):
            document = json.loads(_perftui(environment, "flame", tape, "--view", view, "--json"))
            files = {one: folder / f"{view}{one}" for one in (".json", ".pb.gz", ".svg", ".collapsed")}
            for file in files.values():
                _perftui(environment, "flame", tape, "--view", view, "-o", file)
            counts = [int(line.rpartition(" ")[2]) for line in files[".collapsed"].read_text().splitlines()]
            whole = document["samples"] if view == "wall" else document["on_cpu"]
            check(abs(sum(counts) - whole) <= 0.5, f"{sum(counts)} counts in the collapsed file for {whole}")
            yield f"{view}: {sum(counts)} counts are in the collapsed file, and {whole:.1f} were seen"
            yield f"{view}: {_speedscope(files['.json'], document, whole)}"
            yield f"{view}: {_pprof(files['.pb.gz'], document)}"
            yield f"{view}: {_browser(files['.svg'], document['functions'][0]['function'])}"


def _perftui(environment: dict[str, str], *args: object) -> str:
    argv = [sys.executable, "-m", "perftui", *map(str, args)]
    done = subprocess.run(
        argv, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False
    )
    check(done.returncode == 0, f"perftui {args[0]} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def _speedscope(file: Path, document: dict[str, Any], whole: float) -> str:
    """speedscope's importer takes it without a word, with every thread and the same time."""
    package = SPEEDSCOPE / "node_modules" / "speedscope"
    if not package.exists():
        SPEEDSCOPE.mkdir(parents=True, exist_ok=True)
        argv = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(SPEEDSCOPE)]
        subprocess.run([*argv, f"speedscope@{VERSION}"], check=True, capture_output=True, timeout=300)
    [bundle] = (package / "dist" / "release").glob("speedscope-*.js")
    argv = ["node", str(HERE / "speedscope_import.cjs"), str(bundle), str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    check(done.returncode == 0, f"speedscope: {done.stderr}")
    group = json.loads(done.stdout.splitlines()[-1])
    check(len(group["profiles"]) == len(document["threads"]), f"threads: {group}")
    check({one["unit"] for one in group["profiles"]} == {"nanoseconds"}, f"units: {group}")
    seconds = sum(one["total"] for one in group["profiles"]) / 1e9
    period = json.loads(file.read_bytes()).get("perftui", {}).get("period_ns") or 1e9 / document["rate_hz"]
    wanted = whole * period / 1e9
    check(abs(seconds - wanted) <= 0.05 * wanted, f"{seconds} s for {wanted} s")
    if document["view"] == "wall":
        check(abs(seconds - wanted) < 1e-6, f"{seconds} s for {wanted} s")
    return (
        f"speedscope {VERSION} imports {len(group['profiles'])} threads with {seconds:.3f} s ({wanted:.3f} s were seen)"
    )


def _pprof(file: Path, document: dict[str, Any]) -> str:
    """google's library knows every field, and its sums are ours."""
    python = PROTOBUF / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PROTOBUF)], check=True, timeout=300)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "protobuf"], check=True, timeout=300)
    argv = [str(python), str(HERE / "pprof_decode.py"), str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    check(done.returncode == 0, f"protobuf: {done.stderr}")
    found = json.loads(done.stdout)
    sums, period = found["sums"], found["period_ns"]
    check(found["not_known"] == 0, f"{found['not_known']} fields that profile.proto has not")
    check(sums["samples/count"] == document["samples"], f"{sums} for {document['samples']} samples")
    check(sums["wall/nanoseconds"] == document["samples"] * period, f"{sums} at {period} ns")
    check(abs(sums["cpu/nanoseconds"] - document["on_cpu"] * period) <= 1, f"{sums} for {document['on_cpu']}")
    check(document["functions"][0]["function"] in found["leaves"], f"leaves: {found['leaves']}")
    return f"protobuf reads {sums['samples/count']} samples and {sums['cpu/nanoseconds'] / 1e9:.3f} s on a CPU"


def _browser(file: Path, hottest: str) -> str:
    """Chromium shows it without a word in its console; it zooms, searches and is walked by keys."""
    played = file.with_name(f"played-{file.name}")
    script = _PLAY.replace("WANTED", json.dumps(f"^{re.escape(hottest)}"))
    played.write_text(file.read_text().replace("</svg>", f"<script><![CDATA[{script}]]></script></svg>"))
    page = _chromium(played, "--dump-dom")
    answer = re.search(r'data-seen="([^"]*)"', page)
    check(answer is not None, f"the script did not come to its end: {page[-500:]}")
    assert answer is not None
    seen = json.loads(html.unescape(answer[1]))
    check(abs(seen["zoomed"] - 1176) < 0.01 and seen["passed"] > 0, f"zoom: {seen}")
    check(seen["reset"], f"reset: {seen}")
    check("%" in seen["hover"] and "sample" in seen["hover"], f"hover: {seen}")
    check(seen["marked"] > 0 and "0.0 %" not in seen["found"], f"search: {seen}")
    check((seen["walked"], seen["back"]) == (1, 0), f"keys: {seen}")
    picture = file.with_suffix(".png")
    _chromium(file, f"--screenshot={picture}", "--window-size=1200,800")
    check(picture.stat().st_size > 5000, "no picture")
    return f"chromium draws {seen['frames']} frames, and search says {seen['found']}"


def _chromium(file: Path, *how: str) -> str:
    """What it prints. Failed for any word in its console."""
    with tempfile.TemporaryDirectory() as profile:
        argv = [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
            "--disable-component-update", "--no-first-run", "--enable-logging=stderr", f"--user-data-dir={profile}",
            *how, file.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    check(done.returncode == 0 and not said, f"chromium: {done.returncode} {said}")
    return done.stdout
