"""Judge the classifier by real programs and print the confusion table.

    python -m tests.scenarios.run [--only 1,5,28] [--repeats 3] [--variants] [--fresh]

Results are kept in ``.accept/scenarios.jsonl``: a run that was broken off goes on where it stopped, until the
code changes or ``--fresh`` is given. Exit code 1 below 90 % right answers, or on any false alarm.
"""

import argparse
import hashlib
import json
import subprocess
import sys
from collections import Counter
from typing import Any, NamedTuple

from tests.scenarios.catalogue import CALM_STATES, Scenario, chosen
from tests.scenarios.play import ROOT, NotStarted, playing, wait_until_calm

REQUIRED_RATIO = 0.9
STATE_FILE = ROOT / ".accept" / "scenarios.jsonl"


class Outcome(NamedTuple):
    """One run. ``got`` is a rule id, a state, or ``error`` with what happened in ``note``."""

    name: str
    repeat: int
    got: str
    confidence: float
    runner_up: str
    calm_host: bool
    note: str = ""


def code_digest() -> str:
    """Changes whenever the program or a scenario does, so that stale results are not taken for new ones."""
    digest = hashlib.sha256()
    for folder in (ROOT / "perftui", ROOT / "tests" / "scenarios"):
        for path in sorted(folder.rglob("*.py")):
            if "tui" not in path.relative_to(ROOT).parts:  # diagnose never loads it
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def diagnose(pid: int, seconds: int) -> dict[str, Any]:
    """What ``perftui diagnose --json`` says. ValueError when it says nothing that can be read."""
    done = subprocess.run(
        [sys.executable, "-m", "perftui", "diagnose", str(pid), "--for", str(seconds), "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=False,
    )
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise ValueError(f"exit code {done.returncode}: {last[0]}")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def play_once(scenario: Scenario, repeat: int) -> Outcome:
    calm = wait_until_calm()
    try:
        with playing(scenario.module) as pid:
            document = diagnose(pid, scenario.seconds)
    except (NotStarted, ValueError, subprocess.TimeoutExpired) as error:
        return Outcome(scenario.name, repeat, "error", 0.0, "", calm, str(error))
    verdict = document["verdict"]
    others = [finding["rule"] for finding in document["findings"][1:]]
    got = verdict["rule"] if verdict else document["state"]
    confidence = float(verdict["confidence"]) if verdict else 0.0
    return Outcome(scenario.name, repeat, got, confidence, others[0] if others else "", calm)


def load_outcomes(digest: str) -> dict[tuple[str, int], Outcome]:
    if not STATE_FILE.exists():
        return {}
    outcomes = {}
    for line in STATE_FILE.read_text().splitlines():
        entry = json.loads(line)
        if entry["code"] == digest:
            outcome = Outcome(**entry["outcome"])
            outcomes[outcome.name, outcome.repeat] = outcome
    return outcomes


def save_outcome(digest: str, outcome: Outcome) -> None:
    STATE_FILE.parent.mkdir(exist_ok=True)
    with STATE_FILE.open("a") as file:
        file.write(json.dumps({"code": digest, "outcome": outcome._asdict()}) + "\n")


def row(scenario: Scenario, outcome: Outcome) -> str:
    right = outcome.got in scenario.accepted
    busy = "" if outcome.calm_host else "  (host was busy)"
    return (
        f"{scenario.name:<8}{outcome.repeat:>2}  {'|'.join(sorted(scenario.accepted)):<28}{outcome.got:<20}"
        f"{outcome.confidence:>5.2f}  {outcome.runner_up or '-':<20}{'ok' if right else 'WRONG'}{busy}"
        f"{'  ' + outcome.note if outcome.note else ''}"
    )


def summary(scenarios: tuple[Scenario, ...], outcomes: list[tuple[Scenario, Outcome]]) -> tuple[str, bool]:
    """The closing lines, and whether the claim holds."""
    right = sum(outcome.got in scenario.accepted for scenario, outcome in outcomes)
    calm = [(scenario, outcome) for scenario, outcome in outcomes if scenario.calm]
    alarms = sum(outcome.got not in CALM_STATES | {"error"} for _, outcome in calm)
    ratio = right / len(outcomes)
    confused = Counter(
        (scenario.module.rpartition(".")[2], outcome.got)
        for scenario, outcome in outcomes
        if outcome.got not in scenario.accepted
    )
    lines = [f"{right} of {len(outcomes)} right ({ratio:.0%}) over {len(scenarios)} scenarios"]
    lines += [f"false alarms: {alarms} of {len(calm)} runs with nothing planted"]
    lines += [f"  {name} taken for {got}: {count}" for (name, got), count in confused.most_common()]
    return "\n".join(lines), ratio >= REQUIRED_RATIO and alarms == 0


def main() -> int:
    parser = argparse.ArgumentParser(description="play the scenarios and print the confusion table")
    parser.add_argument("--only", default="", help="names such as 1,5,19-near,08b")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--variants", action="store_true", help="also those the classifier was not tuned on")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    options = parser.parse_args()
    try:
        scenarios = chosen(options.only, variants=options.variants)
    except ValueError as error:
        parser.error(str(error))
    digest = code_digest()
    if options.fresh:
        STATE_FILE.unlink(missing_ok=True)
    known = load_outcomes(digest)
    print(f"{'name':<8}{'n':>2}  {'expected':<28}{'got':<20}{'conf':>5}  {'runner-up':<20}", flush=True)
    outcomes = []
    for scenario in scenarios:
        for repeat in range(1, options.repeats + 1):
            outcome = known.get((scenario.name, repeat))
            if outcome is None:
                outcome = play_once(scenario, repeat)
                save_outcome(digest, outcome)
            outcomes.append((scenario, outcome))
            print(row(scenario, outcome), flush=True)
    text, holds = summary(scenarios, outcomes)
    print(text)
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
