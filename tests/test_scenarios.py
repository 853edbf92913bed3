"""The scenarios themselves: all listed, they start, and they clear up after themselves."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.accept.story import descendants, state, wait_for
from tests.scenarios.catalogue import SCENARIOS, VARIANTS, chosen
from tests.scenarios.play import ROOT, NotStarted, playing
from tests.scenarios.run import Outcome, summary

FOLDER = ROOT / "tests" / "scenarios"
CPU_CGROUPS = Path("/sys/fs/cgroup/cpu") if Path("/sys/fs/cgroup/cpu").is_dir() else Path("/sys/fs/cgroup")


def test_every_scenario_is_listed() -> None:
    files = {path.stem for path in FOLDER.glob("s[0-9]*.py")} | {path.stem for path in FOLDER.glob("variants/v*.py")}
    assert {scenario.module.rpartition(".")[2] for scenario in SCENARIOS + VARIANTS} == files


def test_names_are_unique() -> None:
    names = [scenario.name for scenario in SCENARIOS + VARIANTS]
    assert len(names) == len(set(names))


def test_accepted_labels_stand_in_the_docstring() -> None:
    for scenario in SCENARIOS + VARIANTS:
        text = (ROOT / (scenario.module.replace(".", "/") + ".py")).read_text()
        accepted = re.search(r"^Accepted: (.*?)[.:](\s|$)", text, re.MULTILINE)
        assert accepted is not None, scenario.module
        listed = set(re.findall(r"[a-z][a-z-]+[a-z]", accepted[1]))
        assert scenario.accepted <= listed, scenario.module


def test_chosen_names_what_is_unknown() -> None:
    assert [scenario.name for scenario in chosen("28, 19-near 5b", variants=False)] == ["28", "19-near", "5b"]
    with pytest.raises(ValueError, match="no scenario 99"):
        chosen("99", variants=True)


def test_a_label_on_a_calm_program_is_a_false_alarm() -> None:
    calm, planted = chosen("28,5", variants=False)
    right = [(planted, Outcome("5", 1, "coord-gil", 0.9, "", True))] * 19
    healthy = (calm, Outcome("28", 1, "healthy", 0.0, "", True))
    alarm = (calm, Outcome("28", 1, "coord-lock", 0.6, "", True))
    broken = (calm, Outcome("28", 1, "error", 0.0, "", True))
    assert summary((calm, planted), [*right, healthy])[1]
    assert not summary((calm, planted), [*right, alarm])[1]
    assert "false alarms: 0 of 1" in summary((calm, planted), [*right, broken])[0]


def test_a_scenario_ends_with_all_its_players() -> None:
    with playing("tests.scenarios.s02_saturated") as pid:
        spinners = wait_for(lambda: descendants(pid), "the spinners")
        assert state(pid) != "X"
    assert [state(player) for player in (pid, *spinners)] == ["X"] * (1 + len(spinners))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_players_die_with_the_director(number: signal.Signals) -> None:
    director = subprocess.Popen(
        [sys.executable, "-m", "tests.scenarios.s28_idle"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert director.stdout is not None
    pid = int(director.stdout.readline().split()[1])
    director.send_signal(number)
    director.communicate(timeout=10)
    wait_for(lambda: state(pid) in "XZ", "the end of the player", 10)


@pytest.mark.root
def test_the_quota_scenario_removes_its_cgroup() -> None:
    def made() -> set[str]:
        return {name for name in os.listdir(CPU_CGROUPS) if name.startswith("perftui-s03-")}

    before = made()
    with playing("tests.scenarios.s03_quota") as pid:
        assert len(made() - before) == 1
        assert "perftui-s03-" in Path(f"/proc/{pid}/cgroup").read_text()
    assert made() == before


def test_a_scenario_that_cannot_start_says_why() -> None:
    with pytest.raises(NotStarted, match="No module named"), playing("tests.scenarios.s99_nothing"):
        pass
