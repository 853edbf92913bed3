"""A recording is walked through moment by moment, with the answers that were live."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from perftui.errors import NotDeliverable
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.finding import Diagnosis
from perftui.model.proposal import Proposal
from perftui.model.sample import Sample
from perftui.model.update import Update
from perftui.session import Session, SessionOptions
from perftui.session import player as players
from perftui.session.course import CHANGED
from perftui.session.player import Player
from perftui.session.worst import search_worst
from perftui.store.journal import Journal
from perftui.store.recording import Recording, RecordingWriter
from tests.scenarios.play import playing
from tests.session.tapes import START, host_sample, steady, write
from tests.store.support import HEADER, SECOND
from tests.store.test_chunkfile import damage

OPTIONS = SessionOptions()


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    opened = write(tmp_path / "r", range(400))
    yield opened
    opened.close()


def second_of(player: Player) -> float:
    return (player.at_ns - START) / SECOND


def test_steps_on_and_back_over_what_is_kept_and_beyond(recording: Recording) -> None:
    player = Player(recording, OPTIONS)
    assert second_of(player) == 0
    assert not player.back()
    for _ in range(100):
        assert player.forward()
    seen = player.update
    for back in range(1, players.KEPT_UPDATES + 20):
        assert player.back()
        assert second_of(player) == 100 - back
    while second_of(player) < 100:
        assert player.forward()
    assert player.update.sample == seen.sample
    assert player.update.diagnosis == seen.diagnosis


def test_a_jump_shows_the_moment_with_its_past(recording: Recording) -> None:
    player = Player(recording, OPTIONS)
    player.seek(START + 300 * SECOND + SECOND // 2)
    assert second_of(player) == 300
    assert player.next_ns == START + 301 * SECOND
    update = player.update
    assert update.interval is not None
    assert update.interval.seconds == 1.0
    assert len(update.history["cpu"]) == players.LOOK_BACK_SECONDS - 1
    assert update.diagnosis is not None
    assert update.diagnosis.window_seconds == pytest.approx(OPTIONS.window_seconds)


def test_the_past_is_that_of_the_moment_shown(tmp_path: Path) -> None:
    """Half busy, then fully: a step back shows windows that end there, and not what came after."""
    recording = write(
        tmp_path / "r", range(60), lambda second: host_sample(second, 50 * second + 50 * max(0, second - 40))
    )
    player = Player(recording, OPTIONS)
    while player.forward():
        pass
    past = player.update.past
    assert past is not None
    assert past.stretch("cpu", 60, 30).summary.peak == 1.0
    assert past.covered_seconds(3600) == pytest.approx(59, abs=1)
    while second_of(player) > 40:
        assert player.back()
    past = player.update.past
    assert past is not None
    stretch = past.stretch("cpu", 6 * 3600, 30)
    assert stretch.summary.peak == stretch.summary.current == 0.5
    assert past.covered_seconds(3600) == pytest.approx(40, abs=1)
    recording.close()


def test_a_jump_takes_some_of_the_past_along(recording: Recording) -> None:
    player = Player(recording, OPTIONS)
    player.seek(START + 399 * SECOND)
    past = player.update.past
    assert past is not None
    assert past.covered_seconds(3600) == pytest.approx(players.LOOK_BACK_SECONDS, abs=1)


def test_before_the_start_and_behind_the_end_are_the_ends(recording: Recording) -> None:
    player = Player(recording, OPTIONS)
    player.seek(START + 10**6 * SECOND)
    assert second_of(player) == 399
    assert player.next_ns is None
    assert not player.forward()
    player.seek(START - 10**6 * SECOND)
    assert second_of(player) == 0


def test_a_moment_after_a_gap_is_judged_all_the_same(tmp_path: Path) -> None:
    recording = write(tmp_path / "r", [*range(20), *range(500, 520)])
    player = Player(recording, OPTIONS)
    player.seek(START + 400 * SECOND)
    assert second_of(player) == 19
    assert player.update.diagnosis is not None
    assert player.forward()
    assert second_of(player) == 500
    player.seek(START + 500 * SECOND)
    assert player.back()
    assert second_of(player) == 19
    recording.close()


def test_a_recording_without_a_sample_says_so(tmp_path: Path) -> None:
    recording = write(tmp_path / "r", [])
    with pytest.raises(NotDeliverable):
        Player(recording, OPTIONS)
    recording.close()


def test_after_a_change_only_what_comes_then_is_judged(tmp_path: Path) -> None:
    marks = [(START + 19 * SECOND + 1, f"{CHANGED}a knob"), (START + 5 * SECOND, "just a note")]
    recording = write(tmp_path / "r", range(40), marks=marks)
    player = Player(recording, OPTIONS)
    windows = []
    while player.forward():
        diagnosis = player.update.diagnosis
        windows.append(round(diagnosis.window_seconds) if diagnosis else 0)
    assert windows[:19] == [*range(1, 11), *[10] * 9]
    assert windows[19:22] == [0, 1, 2]
    recording.close()


def test_a_restart_in_between_begins_anew(tmp_path: Path) -> None:
    def restarted(second: int) -> Sample:
        return msgspec.structs.replace(steady(second), boot_id=f"boot {second // 20}")

    recording = write(tmp_path / "r", range(40), restarted)
    player = Player(recording, OPTIONS)
    player.seek(START + 20 * SECOND)
    first = player.update
    assert player.forward()
    assert first.interval is None
    assert player.update.interval is not None
    recording.close()


def busy_in_the_middle(second: int) -> Sample:
    busy = 10 * second + 80 * max(0, min(second - 100, 20))
    return host_sample(second, busy)


def test_the_worst_moment_is_found(tmp_path: Path) -> None:
    recording = write(tmp_path / "r", range(300), busy_in_the_middle)
    steps = list(search_worst(recording, OPTIONS))
    assert [step.ratio for step in steps] == sorted(step.ratio for step in steps)
    assert steps[-1].ratio == 1.0
    assert 105 <= (steps[-1].worst_ns - START) / SECOND <= 122
    recording.close()


def facts(update: Update) -> tuple[Diagnosis | None, list[tuple[str, str, str]]]:
    changes: list[Proposal] = list(update.proposals)
    return update.diagnosis, [(change.id, change.knob, change.after) for change in changes]


def test_a_replayed_scenario_gives_the_findings_that_were_live(tmp_path: Path) -> None:
    """Four threads and one interpreter lock, for real: tick by tick the same diagnosis and the same proposals."""
    live: dict[int, tuple[Diagnosis | None, list[tuple[str, str, str]]]] = {}

    def keep(update: Update) -> None:
        live[update.sample.monotonic_ns] = facts(update)

    journal = Journal(tmp_path / "journal.sqlite")
    with playing("tests.scenarios.s05_gil") as pid:
        session = Session(Host(), HeldTarget.open(Host(), pid), SessionOptions(), journal)
        session.tape.start(session.target, tmp_path / "r")
        session.run(12.0, keep)
    journal.close()
    recording = Recording(tmp_path / "r")
    player = Player(recording, SessionOptions())
    replayed = {player.update.sample.monotonic_ns: facts(player.update)}
    while player.forward():
        replayed[player.update.sample.monotonic_ns] = facts(player.update)
    recording.close()
    assert replayed == live
    diagnoses = [diagnosis for diagnosis, _ in live.values() if diagnosis is not None]
    assert any(finding.rule == "coord-gil" for diagnosis in diagnoses for finding in diagnosis.findings)
    assert diagnoses[-1].hot
    assert not any(change.permitted for change in player.update.proposals if change.action is not None)


def test_a_seek_into_damage_shows_the_last_moment_before_it(tmp_path: Path) -> None:
    write(tmp_path / "r", range(1000)).close()
    damage(tmp_path / "r", 2)
    damage(tmp_path / "r", 3)
    recording = Recording(tmp_path / "r", lenient=True)
    player = Player(recording, OPTIONS)
    player.seek(recording.last_ns)
    assert second_of(player) == 599
    assert len(recording.damage) == 2
    assert not player.forward()
    recording.close()


def set_twice(second: int) -> Sample:
    """The clock is set back by ten minutes after 500 s, and forward by an hour after 900 s."""
    ahead = 0 if second < 500 else -600 if second < 900 else 3000
    return msgspec.structs.replace(steady(second), wall_ns=START + (second + ahead) * SECOND)


@pytest.fixture
def set_clock(tmp_path: Path) -> Iterator[Recording]:
    opened = write(tmp_path / "r", range(1300), set_twice)
    yield opened
    opened.close()


def test_a_clock_that_is_set_changes_nothing_for_who_plays_steps_and_jumps(set_clock: Recording) -> None:
    player = Player(set_clock, OPTIONS)
    assert (set_clock.last_ns - set_clock.first_ns) / SECOND == 1299
    for second in (499, 500, 505, 899, 900, 1299, 700, 0):
        player.seek(set_clock.first_ns + second * SECOND)
        assert player.update.sample == set_twice(second)
        assert len(player.update.history.get("cpu", ())) == min(second, players.LOOK_BACK_SECONDS)
        assert second < 10 or player.update.diagnosis is not None
    player.seek(set_clock.first_ns + 490 * SECOND)
    for second in range(491, 515):
        assert player.next_ns == set_clock.first_ns + second * SECOND
        assert player.forward()
        assert player.update.sample == set_twice(second)
    while player.update.sample != set_twice(440):
        assert player.back()


def test_a_time_of_a_clock_that_was_set_is_found(set_clock: Recording) -> None:
    def second_at(shown: int) -> float:
        return (set_clock.when(START + shown * SECOND) - set_clock.first_ns) / SECOND

    assert second_at(300) == 300  # the clock was not set back so far: the first of two
    assert second_at(-50) == 550
    assert second_at(299) == 299
    assert second_at(4000) == 1000
    assert second_at(4299) == 1299
    assert 899 <= second_at(2000) < 900  # the clock never showed it


def test_the_worst_moment_is_found_whatever_the_clock_did(tmp_path: Path) -> None:
    def busy_then(second: int) -> Sample:
        busy = 10 * second + 80 * max(0, min(second - 600, 20))
        return msgspec.structs.replace(host_sample(second, busy), wall_ns=set_twice(second).wall_ns)

    recording = write(tmp_path / "r", range(1000), busy_then)
    *_, found = search_worst(recording, OPTIONS)
    assert 605 <= (found.worst_ns - recording.first_ns) / SECOND <= 622
    recording.close()


def test_a_change_before_the_clock_was_set_back_is_met_once(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "r", header=HEADER)
    for second in range(600):
        writer.add(msgspec.structs.replace(set_twice(second)))
        if second == 450:
            writer.mark(START + 450 * SECOND + 1, f"{CHANGED}a knob")
    writer.close()
    recording = Recording(tmp_path / "r")
    assert recording.marks[0].at_ns == recording.time_of(set_twice(450)) + 1
    player = Player(recording, OPTIONS)
    afresh = []
    while player.forward():
        if player.update.diagnosis is None:
            afresh.append(player.update.sample)
    assert afresh == [set_twice(451)]
    recording.close()
