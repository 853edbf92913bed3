"""``perftui doctor``: what can be seen and set here."""

import json
from collections.abc import Callable

import msgspec

from perftui.report.documents import DoctorDocument
from perftui.tune.knobs import KNOBS
from tests.cli.conftest import SLEEP, Perftui


def test_the_host_alone(perftui: Perftui) -> None:
    done = perftui("doctor", "--json")
    assert done.returncode == 0, done.stderr
    document = msgspec.json.decode(done.stdout, type=DoctorDocument)
    checks = {(check.area, check.name): check for check in document.checks}
    assert checks["collector", "cpu"].state == "ok"
    assert checks["host", "state folder"].detail == str(perftui.home / "state" / "perftui")
    assert ("right", "CAP_SYS_NICE") in checks
    assert checks["profiler", "py-spy"].detail.endswith("py-spy")
    assert "/perf" in checks["profiler", "perf"].detail
    assert checks["profiler", "of a target"].remedy == "perftui doctor TARGET"


def test_a_target_adds_its_knobs_and_its_profiler(perftui: Perftui, child: Callable[..., int]) -> None:
    done = perftui("doctor", child(SLEEP), "--json")
    assert done.returncode == 0, done.stderr
    checks = json.loads(done.stdout)["checks"]
    areas = {check["area"] for check in checks}
    assert {"host", "right", "collector", "profiler", "knob"} <= areas
    assert {knob.id for knob in KNOBS} == {check["name"] for check in checks if check["area"] == "knob"}
    assert {"py-spy", "memray"} <= {check["name"] for check in checks if check["area"] == "profiler"}
    nice = next(check for check in checks if check["name"] == "process.nice")
    assert nice["state"] in ("ok", "limited")


def test_what_is_missing_has_a_reason(perftui: Perftui, child: Callable[..., int]) -> None:
    done = perftui("doctor", child("sleep", "600"), "--json")
    assert done.returncode == 0, done.stderr
    for check in json.loads(done.stdout)["checks"]:
        assert check["state"] == "ok" or check["detail"], check
    profilers = {check["name"]: check for check in json.loads(done.stdout)["checks"] if check["area"] == "profiler"}
    assert profilers["memray"]["state"] == "missing"
    assert profilers["perf"]["state"] == "ok"


def test_a_state_folder_that_cannot_be_used_is_named_and_the_rest_still_works(perftui: Perftui) -> None:
    done = perftui("doctor", "--json", XDG_STATE_HOME="/proc/none")
    assert done.returncode == 0, done.stderr
    checks = json.loads(done.stdout)["checks"]
    folder = next(check for check in checks if check["name"] == "state folder")
    assert folder["state"] == "missing"
    assert "XDG_STATE_HOME" in folder["remedy"]
    assert any(check["area"] == "collector" and check["state"] == "ok" for check in checks)
    assert "going on without the journal" in done.stderr


def test_the_text(perftui: Perftui) -> None:
    done = perftui("doctor")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("perftui ")
    assert "\nCollectors\n" in done.stdout
