"""What is exported stands before Prometheus' own eyes: promtool, and a server that scrapes it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.accept.story import check, cpu_seconds, wait_for
from tests.accept.terminals import fresh_state
from tests.report.exposition import parsed
from tests.scenarios.play import playing

_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_ALL_MODES = " + ".join(f"sum(rate(perftui_cpu_{mode}_seconds_total[10s]))" for mode in _MODES)
_ALL_TIME = f"({_ALL_MODES}) / sum(rate(perftui_sample_timestamp_seconds[10s]))"
"""By the clock of the samples: on a busy machine a scrape finds one that is some time old."""


def stories() -> Iterator[str]:
    """Yields a line for each way out that holds. Failed for the first that does not."""
    with playing("tests.scenarios.s06_one_core") as target, fresh_state() as environment:
        page = subprocess.run(
            _export("prometheus", target), env=environment, capture_output=True, text=True, check=True, timeout=60
        ).stdout
        _lint(page)
        yield f"promtool finds nothing to say about {len(parsed(page))} families of a watched process"

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "perftui.prom"
            argv = _export("prometheus", target, "--textfile", file, "--listen", "0", "--interval", "0.5")
            with subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True) as exporter:
                try:
                    address = _address(exporter)
                    wait_for(file.exists, "the textfile")
                    for _ in range(50):
                        parsed(file.read_text())
                    _lint(file.read_text())
                    yield "the textfile is whole whenever it is read, and promtool accepts it"

                    _lint(wait_for(lambda: _scraped(address, "perftui_target_cpu_cores"), "figures over HTTP"))
                    yield "the page over HTTP is accepted too"

                    yield _agrees(address, target)
                    with tempfile.TemporaryDirectory() as data:
                        yield _server(address, data)
                finally:
                    exporter.send_signal(signal.SIGTERM)


def _export(kind: str, target: int, *more: object) -> list[str]:
    return [sys.executable, "-m", "perftui", "export", kind, str(target), *map(str, more)]


def _lint(page: str) -> None:
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    check(done.returncode == 0 and not done.stderr, f"promtool: {done.stdout}{done.stderr}")


def _address(exporter: "subprocess.Popen[str]") -> str:
    assert exporter.stderr is not None
    line = exporter.stderr.readline()
    check("http://127.0.0.1:" in line, f"no address on stderr but {line!r}")
    return line.split("http://")[1].split("/")[0]


def _scraped(address: str, name: str) -> str:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        page = str(answer.read().decode())
    return page if name in page else ""


def _agrees(address: str, target: int) -> str:
    """CPU of the target's main process over some seconds, by the kernel and by what was exported meanwhile."""
    figures: list[float] = []

    def look() -> bool:
        page = parsed(_scraped(address, "perftui_target_cpu_cores"))
        figures.append(page["perftui_target_cpu_cores"].samples[()])
        return len(figures) >= 10

    started, before = os.times().elapsed, cpu_seconds(target)
    wait_for(look, "ten looks", 30, every=0.5)
    used = (cpu_seconds(target) - before) / (os.times().elapsed - started)
    shown = sum(figures) / len(figures)
    check(abs(shown - used) <= 0.25 * used + 0.05, f"exported {shown:.2f} cores, the kernel says {used:.2f}")
    return f"the exported CPU ({shown:.2f} cores) is what the kernel counts ({used:.2f})"


def _server(address: str, folder: str) -> str:
    """A real server scrapes it and can be asked."""
    config = Path(folder) / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: perftui, static_configs: [{{targets: ['{address}']}}]}}]\n"
    )
    argv = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data"]
    with subprocess.Popen([*argv, "--web.listen-address=127.0.0.1:19464"], stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(lambda: _asked("count_over_time(perftui_cpu_running[10s]) >= 9"), "nine scrapes", 60)
            spent = wait_for(lambda: _asked(_ALL_TIME), "an answer", 60)
        finally:
            server.terminate()
    cpus = os.cpu_count() or 1
    check(abs(spent - cpus) <= 0.05 * cpus, f"by rate() {spent:.2f} seconds of CPU time pass in one, on {cpus} CPUs")
    return f"a Prometheus server scrapes it: by rate() {spent:.2f} seconds of CPU time pass in one, on {cpus} CPUs"


def _asked(query: str) -> float | None:
    url = f"http://127.0.0.1:19464/api/v1/query?query={urllib.parse.quote(query)}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            found = json.load(answer)["data"]["result"]
    except OSError:
        return None
    return float(found[0]["value"][1]) if found else None
