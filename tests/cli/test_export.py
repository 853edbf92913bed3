"""``perftui export`` on real processes."""

import csv
import json
import os
import re
import signal
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from perftui.cli.export import _Textfile
from perftui.errors import UsageError
from perftui.report.documents import TickDocument
from tests.cli.conftest import SLEEP, SPIN, Perftui, end
from tests.host.test_target import wait_for
from tests.report.exposition import parsed


def test_prometheus_prints_one_page(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child(SPIN)
    done = perftui("export", "prometheus", pid)
    assert (done.returncode, done.stderr) == (0, "")
    families = parsed(done.stdout)
    assert families["perftui_cpu_user_seconds_total"].kind == "counter"
    assert 0.01 < families["perftui_target_cpu_cores"].samples[()] < 1.5
    [info] = families["perftui_info"].samples
    assert dict(info)["kind"] == "process"


def test_a_hostile_command_line_stays_in_its_label(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child('x"}\n#EVIL\x1b', "-c", SLEEP, executable="/proc/self/exe")
    done = perftui("export", "prometheus", pid, "--for", "1")
    assert "EVIL" in str(parsed(done.stdout)["perftui_info"].samples)
    assert "\x1b" not in done.stdout


def test_prometheus_replaces_a_file_at_every_tick(perftui: Perftui, tmp_path: Path) -> None:
    page = tmp_path / "perftui.prom"
    process = perftui.start("export", "prometheus", "--textfile", page, "--interval", "0.2")
    try:
        wait_for(page.exists)
        first = page.stat().st_ino
        wait_for(lambda: page.stat().st_ino != first)
        for _ in range(20):
            parsed(page.read_text())
        assert page.stat().st_mode & 0o777 == 0o644
    finally:
        code, out, err = end(process, signal.SIGTERM)
    assert (code, out, err) == (143, b"", b"")
    assert os.listdir(tmp_path / "state") == ["perftui"]
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_file_that_cannot_be_written_is_said(perftui: Perftui, tmp_path: Path) -> None:
    done = perftui("export", "prometheus", "--textfile", tmp_path / "missing" / "x.prom", "--interval", "0.2")
    assert done.returncode == 2
    assert "--textfile" in done.stderr
    assert "No such file" in done.stderr


def test_prometheus_is_served_on_loopback(perftui: Perftui) -> None:
    process = perftui.start("export", "prometheus", "--listen", "0", "--interval", "0.2")
    try:
        assert process.stderr is not None
        line = process.stderr.readline().decode()
        match = re.search(r"http://127\.0\.0\.1:\d+/metrics", line)
        assert match is not None, line

        def page() -> str:
            with urllib.request.urlopen(match[0], timeout=10) as answer:
                assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
                return str(answer.read().decode())

        wait_for(lambda: "perftui_cpu_ratio" in page())
        first = parsed(page())["perftui_sample_timestamp_seconds"].samples[()]
        wait_for(lambda: parsed(page())["perftui_sample_timestamp_seconds"].samples[()] > first)
    finally:
        code, _, err = end(process, signal.SIGINT)
    assert (code, err) == (130, b"")


def test_csv_has_a_row_for_each_tick(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child(SPIN)
    done = perftui("export", "csv", pid, "--metrics", "target-cpu,cpu:0,gpu", "--for", "4", "--interval", "0.5")
    assert (done.returncode, done.stderr) == (0, "")
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert 2 <= len(rows) <= 8
    assert list(rows[0]) == ["timestamp", "target-cpu", "cpu:0", "gpu"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["timestamp"]) for row in rows)
    assert sorted(row["timestamp"] for row in rows) == [row["timestamp"] for row in rows]
    assert max(float(row["target-cpu"]) for row in rows) > 0.01
    assert all(0 <= float(row["cpu:0"]) <= 1 for row in rows)


def test_csv_of_all_metrics_goes_to_a_file(perftui: Perftui, tmp_path: Path) -> None:
    page = tmp_path / "out.csv"
    done = perftui("export", "csv", "--for", "1", "-o", page)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    [header, *rows] = csv.reader(page.read_text().splitlines())
    assert "cpu" in header
    assert not [name for name in header if name.startswith("target-")]
    assert all(len(row) == len(header) for row in rows)


def test_a_file_is_kept_when_there_is_no_target(perftui: Perftui, tmp_path: Path) -> None:
    page = tmp_path / "out.csv"
    page.write_text("old\n")
    done = perftui("export", "csv", 4194000, "-o", page)
    assert done.returncode == 3
    assert page.read_text() == "old\n"


def test_a_link_is_not_followed(perftui: Perftui, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("old\n")
    (tmp_path / "out.csv").symlink_to("other")
    done = perftui("export", "csv", "-o", tmp_path / "out.csv", "--for", "1")
    assert done.returncode == 2
    assert f"-o {tmp_path / 'out.csv'}: it is a symbolic link" in done.stderr
    assert (tmp_path / "other").read_text() == "old\n"


def test_what_cannot_be_written_is_said(perftui: Perftui) -> None:
    done = perftui("export", "csv", "-o", "/dev/full", "--for", "1")
    assert (done.returncode, done.stderr) == (5, "perftui: -o /dev/full: No space left on device\n")


@pytest.mark.parametrize("kind", ["csv", "json", "prometheus"])
def test_a_full_stdout_is_said(perftui: Perftui, kind: str) -> None:
    with Path("/dev/full").open("w") as full:
        argv = perftui.argv("export", kind, "--for", "1", "--interval", "0.2")
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (5, "perftui: stdout: No space left on device\n")


def test_a_page_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    page = tmp_path / "perftui.prom"
    (tmp_path / f".perftui.prom.{os.getpid()}").touch()
    _Textfile(page).replace("new\n")
    assert (page.read_text(), page.stat().st_mode & 0o777) == ("new\n", 0o644)


def test_a_page_that_cannot_be_put_in_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "perftui.prom").mkdir()
    with pytest.raises(UsageError, match="--textfile"):
        _Textfile(tmp_path / "perftui.prom").replace("new\n")
    assert os.listdir(tmp_path) == ["perftui.prom"]


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ("cpu,memroy", "did you mean memory"),
        ("zzzzzz", "docs/metrics.md"),
        ("target-cpu", "is of a target"),
        (",", "no name"),
    ],
)
def test_a_wrong_metric_is_refused_before_anything_is_watched(perftui: Perftui, metrics: str, said: str) -> None:
    done = perftui("export", "csv", "--metrics", metrics)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_json_has_a_document_a_line(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child(SPIN)
    done = perftui("export", "json", pid, "--for", "4", "--interval", "0.5")
    assert (done.returncode, done.stderr) == (0, "")
    ticks = [msgspec.json.decode(line, type=TickDocument) for line in done.stdout.splitlines()]
    assert 2 <= len(ticks) <= 8
    assert {tick.schema for tick in ticks} == {"perftui.tick/1"}
    assert {tick.target.pid for tick in ticks} == {pid}
    assert all(tick.interval_seconds > 0.1 for tick in ticks)
    assert ticks[-1].metrics["target-processes"] == 1
    assert "cpu:0" in ticks[-1].metrics
    assert done.stdout.isascii()


def test_a_target_that_ends_ends_the_stream(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child("import time; time.sleep(6)")
    done = perftui("export", "json", pid, "--interval", "0.2")
    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[-1])["target"]["pid"] == pid
    assert "the target ended" in done.stderr


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_closed_pipe_ends_quietly(perftui: Perftui, kind: str) -> None:
    process = perftui.start("export", kind, "--interval", "0.2")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 128 + signal.SIGPIPE
    assert process.stderr.read() == b""
    process.stderr.close()


def test_no_stacks_are_sampled(perftui: Perftui, child: Callable[..., int]) -> None:
    pid = child(SPIN)
    process = perftui.start("export", "csv", pid, "--metrics", "target-cpu", "--interval", "0.2")
    assert process.stdout is not None
    for _ in range(8):
        process.stdout.readline()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert children == []
    end(process, signal.SIGTERM)


def test_help_lists_the_three(perftui: Perftui) -> None:
    shown = subprocess.run(perftui.argv("export", "--help"), capture_output=True, text=True, check=True).stdout
    assert all(name in shown for name in ("prometheus", "csv", "json"))


@pytest.mark.root
def test_a_full_disk_is_told_once_and_outlived(perftui: Perftui, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
    if subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        page = folder / "perftui.prom"
        process = perftui.start("export", "prometheus", "--textfile", page, "--interval", "0.2")
        wait_for(page.exists)
        (folder / "filler").write_bytes(b"x" * (os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize))
        assert process.stderr is not None
        assert b"No space left" in process.stderr.readline()
        parsed(page.read_text())
        old = page.stat().st_ino
        (folder / "filler").unlink()
        wait_for(lambda: page.stat().st_ino != old)
        code, _, err = end(process, signal.SIGTERM)
        assert (code, err) == (143, b"")
        assert os.listdir(folder) == ["perftui.prom"]
    finally:
        subprocess.run(["umount", str(folder)], check=True)
