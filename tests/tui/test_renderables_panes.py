"""Every renderable that draws whole panes: exact width, nothing harmful, and what it has to say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.model.catalogue import SUMMED_UP
from perftui.model.finding import Blame, Evidence
from perftui.model.series import Summary, summary_of
from perftui.tui.palette import Palette
from perftui.tui.renderables.findings import finding_block, labelled, unknown_block, where
from perftui.tui.renderables.gauges import gauges
from perftui.tui.renderables.journal import entry_block, seconds_left
from perftui.tui.renderables.ordering import ProcessTable
from perftui.tui.renderables.processes import Columns, header_strip, latest_cpu, process_strip, process_text
from perftui.tui.renderables.proposals import can_apply, proposal_block
from perftui.tui.renderables.resources import gauge_strip, resource_lines
from perftui.tui.renderables.verdict import verdict_lines
from tests.tui.fixtures import (
    SECOND,
    WALL_NS,
    build_diagnosis,
    build_entry,
    build_findings,
    build_journal,
    build_proposals,
    build_update,
    ended,
)
from tests.tui.screening import COLOURED, HOSTILE, PALETTES, PLAIN, WIDTHS, checked

UPDATES = [
    build_update(3),
    build_update(3, target=False, cores=64),
    build_update(3, first=True),
    build_update(3, limited=False),
]


def verdict(update_at: int, width: int, height: int, palette: Palette = COLOURED, *, paused: bool = False) -> list[str]:
    lines = verdict_lines(
        UPDATES[update_at], paused=paused, measured_seconds=2, width=width, height=height, palette=palette
    )
    return checked(lines, width)


@given(st.integers(0, 3), WIDTHS, st.integers(1, 4), PALETTES, st.booleans())
def test_the_verdict_fits(at: int, width: int, height: int, palette: Palette, paused: bool) -> None:
    assert len(verdict(at, width, height, palette, paused=paused)) == height


def test_the_verdict_says_what_how_sure_and_what_else() -> None:
    first, second, third = verdict(0, 160, 3)
    assert "CRITICAL neighbour-cpu (91 % sure) other processes take the CPU" in first
    assert "next: coord-gil 44 %" in second
    assert "flips if the run delay falls" in second
    assert third.startswith("LIVE 1.0 s  perftui 1.2 % 44M  py-spy 3.1 %")
    assert "4242 python app.py" in third


def test_four_rows_keep_the_sentence_and_what_would_flip_it_apart() -> None:
    first, second, third, fourth = verdict(0, 80, 4)
    assert first.startswith("✖ CRITICAL neighbour-cpu (91 % sure) other processes")
    assert second.rstrip().endswith("second for one")
    assert third.startswith("next: coord-gil 44 %; flips if the run delay falls below 20 %")
    assert third.rstrip().endswith("while the others…")
    assert fourth.startswith("LIVE")


@given(st.integers(30, 100))
def test_the_verdict_is_cut_between_words(width: int) -> None:
    words = {word.strip(",;:") for word in " ".join(verdict(0, 1000, 4)).split()}
    for line in verdict(0, width, 4)[1:3]:
        assert {word.rstrip("…").strip(",;:") for word in line.split()} <= words | {""}


def test_a_long_sentence_goes_on_in_the_second_row() -> None:
    first, second, _ = verdict(0, 80, 3)
    assert first.startswith("✖ CRITICAL neighbour-cpu (91 % sure) other")
    assert "second for one" in second


def test_without_a_target_the_verdict_asks_for_one() -> None:
    first, second, third = verdict(1, 80, 3)
    assert "pick a process (Enter)" in first
    assert "1 not visible (?): pressure" in second
    assert "this host" in third


def test_before_the_first_judgement_it_counts() -> None:
    assert "MEASURING 2 of 3 s" in verdict(2, 80, 3)[0]


def test_a_healthy_target_and_a_pause() -> None:
    lines = verdict(3, 80, 3, paused=True)
    assert "HEALTHY nothing limits the target" in lines[0]
    assert lines[2].startswith("PAUSED")


def test_rules_that_could_not_be_judged_leave_no_all_clear() -> None:
    blind = replace(build_diagnosis(limited=False), unknown=build_diagnosis().unknown)
    update = replace(UPDATES[3], diagnosis=blind)
    lines = verdict_lines(update, paused=False, measured_seconds=9, width=80, height=1, palette=COLOURED)
    assert "NOTHING FOUND" in lines[0].text
    assert "HEALTHY" not in lines[0].text


def test_an_idle_target() -> None:
    update = replace(UPDATES[3], diagnosis=replace(build_diagnosis(limited=False), state="idle"))
    lines = verdict_lines(update, paused=False, measured_seconds=9, width=80, height=1, palette=COLOURED)
    assert "IDLE the target waits for work" in lines[0].text
    assert update.diagnosis is not None
    update = replace(update, diagnosis=replace(update.diagnosis, summary="it sleeps; I/O was not seen"))
    lines = verdict_lines(update, paused=False, measured_seconds=9, width=80, height=1, palette=COLOURED)
    assert "IDLE it sleeps; I/O was not seen" in lines[0].text


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (0, "last: CRITICAL neighbour-cpu (91 % sure) other"),
        (3, "last: HEALTHY nothing limits the target"),
        (2, "the target has ended before it could be judged"),
    ],
)
def test_a_target_that_has_ended(at: int, said: str) -> None:
    lines = verdict_lines(ended(UPDATES[at]), paused=False, measured_seconds=9, width=100, height=3, palette=COLOURED)
    first, second, third = checked(lines, 100)
    assert first.startswith(f"? ENDED {said}")
    assert "what it did last stays on screen" in second
    assert third.startswith("ENDED 1.0 s" if at != 2 else "ENDED perftui")


def test_nothing_yet() -> None:
    lines = verdict_lines(None, paused=False, measured_seconds=0, width=20, height=3, palette=COLOURED)
    assert "STARTING" in checked(lines, 20)[0]


@given(st.integers(0, 3), WIDTHS, st.integers(0, 30), PALETTES)
def test_resources_fit(at: int, width: int, height: int, palette: Palette) -> None:
    assert len(checked(resource_lines(UPDATES[at], width, height, palette), width)) <= height


def test_resources_show_value_history_and_peak() -> None:
    lines = checked(resource_lines(UPDATES[0], 120, 30, COLOURED), 120)
    cpu = next(line for line in lines if line.startswith("CPU"))
    assert "82 %" in cpu
    assert "peak 98 %" in cpu
    assert "█" in cpu
    assert any(line.startswith("▶ delay") and "0.60 s/s" in line for line in lines)


@given(st.integers(10, 200))
def test_a_fact_is_shown_whole_or_not_at_all(width: int) -> None:
    whole = {gauge.label: gauge for gauge in gauges(UPDATES[0])}
    for gauge in whole.values():
        (line,) = checked([gauge_strip(gauge, width, COLOURED, 0)], width)
        shown = [fact for fact in gauge.facts if fact in line]
        assert shown == list(gauge.facts[: len(shown)])
        for cut in gauge.facts[len(shown) :]:
            assert f" {cut[:6]}" not in line or cut[:6] in "  ".join(shown)


def test_peak_and_p95_are_of_fifteen_minutes_where_they_are_known() -> None:
    shown = build_update()
    latest = max(shown.history["target-cpu"])
    past = summary_of([0, 1, 2], [0.5, 1.25, 3.75], 1.0)
    [row] = [row for row in gauges(replace(shown, recent={"target-cpu": past})) if row.of_target and row.label == "CPU"]
    assert (row.facts[0], row.facts[-1]) == ("peak 3.75 cores", "p95 3.75 cores of 15 min")
    early = replace(past, coverage_ratio=0.27)
    [row] = [
        row for row in gauges(replace(shown, recent={"target-cpu": early})) if row.of_target and row.label == "CPU"
    ]
    assert row.facts[-1] == "p95 3.75 cores of 4 min"
    past = replace(past, peak=latest / 2)
    [row] = [row for row in gauges(replace(shown, recent={"target-cpu": past})) if row.of_target and row.label == "CPU"]
    assert row.facts[0] == f"peak {latest:.2f} cores"


def test_processes_and_threads_fit_beside_the_bars_at_80_columns() -> None:
    (row,) = (row for row in gauges(UPDATES[0]) if row.of_target and row.label == "CPU")
    shape = "12 proc 240 thr"
    (line,) = checked([gauge_strip(replace(row, facts=("peak 9.99 cores", shape)), 80, COLOURED, 0)], 80)
    assert shape in line
    assert any(fact.endswith(" thr") for fact in row.facts)


def test_every_series_that_the_rows_sum_up_is_summed_up_by_the_session() -> None:
    class Asked(dict[str, Summary]):
        def get(self, name: str, default: object = None) -> Any:
            asked.add(name)
            return None

    asked: set[str] = set()
    shown = build_update()
    gauges(replace(shown, recent=Asked()))
    assert asked - {""} == set(SUMMED_UP)


def test_the_network_row_names_the_traffic_that_it_leaves_out() -> None:
    (network,) = (gauge for gauge in gauges(UPDATES[0]) if gauge.label == "network")
    assert network.facts[-1] == "besides lo 0B/s"


def test_ascii_spells_out_typographic_signs_before_measuring() -> None:
    evidence = Evidence(metric="m", observed=0.9, threshold=0.5, unit="ratio", source="a ÷ b", direction="<=")
    finding = replace(build_findings()[0], summary="1 × 2 ≥ 3 – yes → no…", evidence=(evidence,))
    text = "\n".join(checked(finding_block(finding, 60, PLAIN, selected=True), 60))
    assert "1 x 2 >= 3 - yes -> no..." in text
    assert "<= 50 %" in text
    assert "a / b" in text
    assert text.isascii()


def test_what_is_not_visible_gives_its_reason() -> None:
    lines = checked(resource_lines(UPDATES[1], 80, 30, COLOURED), 80)
    assert any("PSI" in line and "? PSI off: boot with psi=1" in line for line in lines)
    assert any("? measuring" in line for line in checked(resource_lines(UPDATES[2], 80, 30, COLOURED), 80))


def test_a_low_pane_keeps_the_telling_rows() -> None:
    labels = [line.split()[:2] for line in checked(resource_lines(UPDATES[0], 80, 4, COLOURED), 80)]
    assert [label[0] for label in labels] == ["CPU", "memory", "▶", "▶"]


@given(HOSTILE, HOSTILE, WIDTHS, PALETTES, st.booleans())
def test_findings_fit(summary: str, where_text: str, width: int, palette: Palette, selected: bool) -> None:
    finding = replace(build_findings()[0], summary=summary, blame=Blame(function=where_text, file="x", line=3))
    checked(finding_block(finding, width, palette, selected=selected), width)
    checked(unknown_block(build_diagnosis().unknown[0], width, palette, selected=selected), width)


def test_an_opened_finding_shows_its_evidence() -> None:
    text = "\n".join(checked(finding_block(build_findings()[0], 100, COLOURED, selected=True), 100))
    for part in ("run_delay_ratio", "62 %", "20 %", "schedstat", "blame: postgres (1401)", "not cpu-quota:",
                 "would change if:", "advice:"):  # fmt: skip
        assert part in text
    assert len(finding_block(build_findings()[0], 100, COLOURED, selected=False)) == 1


def test_an_unknown_rule_gives_reason_and_remedy() -> None:
    text = "\n".join(checked(unknown_block(build_diagnosis().unknown[0], 60, COLOURED, selected=True), 60))
    assert "no cpufreq in this VM" in text
    assert "remedy: look on the host" in text


def test_blame_names_code_first() -> None:
    blame = Blame(pid=7, function="f", file="a.py", line=2, thread="w", device="vda", cgroup="/x")
    assert where(blame) == "f at a.py:2, thread w, pid 7, device vda, cgroup /x"
    assert where(Blame()) == ""


def test_a_label_keeps_its_style_when_wrapped() -> None:
    lines = labelled("would change if", "it rains", 10, COLOURED)
    assert "".join(line.strip() for line in checked(lines, 10)) == "wouldchangeif: itrains"


@given(HOSTILE, WIDTHS, PALETTES, st.booleans())
def test_proposals_fit(effect: str, width: int, palette: Palette, selected: bool) -> None:
    for proposal in build_proposals():
        checked(proposal_block(replace(proposal, expected_effect=effect), width, palette, selected=selected), width)


def test_a_proposal_tells_everything_before_it_is_agreed_to() -> None:
    first, second, advice = build_proposals()
    text = "\n".join(checked(proposal_block(first, 90, COLOURED, selected=True), 90))
    for part in ("process.nice pid 4242: 0 → -5", "renice -n -5 -p 4242", "undo: renice -n 0", "low", "CAP_SYS_NICE"):
        assert part in text
    assert "(missing)" in "\n".join(checked(proposal_block(second, 90, COLOURED, selected=True), 90))
    assert [can_apply(proposal) for proposal in (first, second, advice)] == [True, False, False]


@given(HOSTILE, WIDTHS, PALETTES, st.booleans())
def test_journal_entries_fit(detail: str, width: int, palette: Palette, selected: bool) -> None:
    for entry in build_journal():
        lines = entry_block(replace(entry, detail=detail), WALL_NS, width, palette, selected=selected)
        checked(lines, width)


def test_an_open_change_counts_down() -> None:
    entry = build_entry("j", "applied")
    assert seconds_left(entry, WALL_NS + 12 * SECOND) == 18
    assert seconds_left(entry, WALL_NS + 99 * SECOND) == 0
    text = "\n".join(checked(entry_block(entry, WALL_NS + 12 * SECOND, 90, COLOURED, selected=False), 90))
    assert "put back in 18 s" in text
    assert "0.41 cores → 0.86 cores" in text


def test_a_closed_change_says_who_closed_it() -> None:
    entry = replace(build_entry("j", "reverted"), closed_wall_ns=WALL_NS + 30 * SECOND, closed_by="dead-man")
    text = "\n".join(checked(entry_block(entry, WALL_NS + 60 * SECOND, 90, COLOURED, selected=True), 90))
    assert "after 30.0s by dead-man" in text
    assert "being written" in entry_block(build_entry("j", "intent"), WALL_NS, 90, COLOURED, selected=False)[1].text


@given(HOSTILE, WIDTHS, PALETTES, st.booleans(), st.booleans())
def test_process_rows_fit(command: str, width: int, palette: Palette, selected: bool, targeted: bool) -> None:
    table = ProcessTable([7], [1], [83], [0], [0], [1], [4096], [command], [command], [0.5])
    columns = Columns.for_width(width, 4_194_304)
    text = process_text(table, 0, columns, " ", "└─ ", latest_cpu(table, 0))
    checked([process_strip(text, width, palette, selected=selected, targeted=targeted)], width)
    checked([header_strip(columns, width, palette)], width)


def test_headers_stand_over_their_columns() -> None:
    table = ProcessTable([4242], [1], [82], [1000], [-5], [12], [3 << 20], ["name"], ["command"], [12.345])
    for width in (40, 60, 70, 90, 100, 160):
        columns = Columns.for_width(width, 4242)
        header = header_strip(columns, width, COLOURED).text
        row = process_text(table, 0, columns, " ", "", latest_cpu(table, 0))
        assert row.index("command") == header.index("COMMAND")
        assert row.index("1234") + 4 <= header.index("CPU%") + 4
