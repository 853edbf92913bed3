"""The plain report: the answer first, nothing wider than 80 columns, nothing that acts on a terminal."""

import msgspec

from perftui.host.text import visible
from perftui.model.finding import Diagnosis, Unknown
from perftui.model.profile import ProfileStatus, SampledProcess
from perftui.report.build import diagnosis_document, journal_document, proposals_document
from perftui.report.documents import BlameDoc
from perftui.report.text import blame_text, diagnosis_text, figure, journal_text, proposals_text
from tests.report.samples import DIAGNOSIS, ENTRY, update

HOSTILE = visible(b"[red]$(x)\x1b]0;pwn\x07" + b"A" * 100_000)


def test_the_verdict_comes_first_then_why() -> None:
    text = diagnosis_text(diagnosis_document(update()))
    assert text.startswith("CRITICAL  coord-gil  (91 % sure)\n4242 python app.py, watched for 8.0s\n\n  4 threads wait")
    order = ["Evidence", "Blame", "Advice", "Flips if", "Runner-up", "Hot functions", "Proposals", "Resources"]
    order += ["Not visible", "perftui itself"]
    places = [text.index(word) for word in order]
    assert places == sorted(places)


def test_the_report_holds_all_that_the_document_says() -> None:
    text = diagnosis_text(diagnosis_document(update()))
    for piece in (
        "gil_wait_ratio  44 %  ≥ 5.0 %  /proc/PID/task/*/syscall",
        "parse (app.py:31), pid 4242",
        "coord-lock: the futex lies in the interpreter's own data",
        "cpu-one-core (warning, 40 % sure)",
        "58 %   60 %  parse",
        "3f2a91c0de  process.nice: 0 → -5",
        "undo: renice -n 0 -p 4242",
        "io-sync-latency, coord-lock: syscall is hidden. Remedy: run as root",
        "pressure: PSI is off. Remedy: boot with psi=1",
        "1.8 % of a core, stack sampler 3.5 %, 58M of memory, slows the target by 0.6 %",
    ):
        assert " ".join(piece.split()) in " ".join(text.split())


def test_healthy_and_idle_are_answers() -> None:
    judged = Diagnosis(state="healthy", window_seconds=10, summary="None of the rules fires.")
    healthy = diagnosis_text(diagnosis_document(update(judged, host=True)))
    assert healthy.startswith("HEALTHY\nthis host, watched for 10.0s\n\n  None of the rules fires.\n")
    assert "Evidence" not in healthy
    idle = diagnosis_text(diagnosis_document(update(Diagnosis(state="idle", window_seconds=10))))
    assert idle.startswith("IDLE\n")


def test_rules_that_could_not_be_judged_make_no_healthy_target() -> None:
    blind = Diagnosis(
        state="healthy",
        window_seconds=10,
        unknown=(Unknown(rule="coord-gil", reason="hidden"),),
        summary="1 of 11 blind",
    )
    text = diagnosis_text(diagnosis_document(update(blind)))
    assert text.startswith("NOTHING FOUND\n")
    assert "1 of 11 blind" in text
    assert "HEALTHY" not in text


def test_stacks_of_one_process_of_many_are_said_to_be_so() -> None:
    status = ProfileStatus(state="ok", sampler="py-spy", pid=4300, cpu_share_ratio=0.4)
    text = diagnosis_text(diagnosis_document(msgspec.structs.replace(update(), profile_status=status)))
    assert "stacks are of PID 4300 only: 40 % of the target's CPU" in text


def test_stacks_of_some_processes_of_many_are_said_to_be_so() -> None:
    sampled = tuple(SampledProcess(pid=pid, rate_hz=20.0) for pid in (4301, 4302))
    status = ProfileStatus(state="ok", sampler="py-spy", pid=4301, cpu_share_ratio=0.4, sampled=sampled)
    text = diagnosis_text(diagnosis_document(msgspec.structs.replace(update(), profile_status=status)))
    assert "stacks are of PID 4301, 4302 only: 40 % of the target's CPU" in text


def test_no_gap_beside_a_table_of_hot_functions() -> None:
    ended = ProfileStatus(state="unavailable", reason="process 4242 has ended")
    text = diagnosis_text(diagnosis_document(msgspec.structs.replace(update(), profile_status=ended)))
    assert "Hot functions" in text
    assert "has ended" not in text


def test_a_missing_profiler_is_named_with_its_remedy() -> None:
    cold = msgspec.structs.replace(DIAGNOSIS, hot=())
    status = ProfileStatus(state="unavailable", reason="not a Python process", remedy="install perf")
    text = diagnosis_text(diagnosis_document(msgspec.structs.replace(update(cold), profile_status=status)))
    assert "hot functions: not a Python process. Remedy: install perf" in text


def test_a_hostile_name_is_shown_and_does_nothing() -> None:
    for color in (False, True):
        text = diagnosis_text(diagnosis_document(update(command=HOSTILE)), color=color)
        assert "[red]$(x)^[]0;pwn^G" in text
        lines = text.split("\n") if not color else []
        assert all(len(line) <= 80 for line in lines)
        assert "\x1b]" not in text
        assert "\x07" not in text


def test_colours_only_when_asked_for() -> None:
    assert "\x1b[" not in diagnosis_text(diagnosis_document(update()))
    assert diagnosis_text(diagnosis_document(update()), color=True).startswith("\x1b[1;31mCRITICAL")


def test_proposals_and_their_absence() -> None:
    assert "do:   renice -n -5 -p 4242" in proposals_text(proposals_document(update()))
    healthy = Diagnosis(state="healthy", window_seconds=10, summary="None of the rules fires.")
    nothing = proposals_text(proposals_document(update(healthy)))
    assert nothing.startswith("None of the rules fires.\n")
    assert "No setting would help here." in nothing


def test_mere_advice_is_no_proposal() -> None:
    """It stands with its finding; as a proposal it would have nothing before, after, to do and to undo."""
    text = diagnosis_text(diagnosis_document(update()))
    assert text.count("move parse into processes") == 1
    assert "advice: " not in text
    assert text.count("undo: ") == 1


def test_an_open_change_says_how_to_keep_it() -> None:
    text = journal_text(journal_document((ENTRY,)))
    assert text.startswith("5d0c1f2e  applied  process.nice: 0 → -5\n")
    assert "unless it is confirmed:\n    perftui tune confirm 5d0c1f2e\n" in text
    assert "run_delay_ratio: 0.44 → 0.02" in text


def test_an_empty_journal_says_so() -> None:
    assert journal_text(journal_document(())) == "No change was made.\n"


def test_blame_tells_what_is_known() -> None:
    blame = BlameDoc(tid=7, thread="w", process="hog", device="sda", cgroup="/a", function="f", file="a.py")
    assert blame_text(blame) == "f (a.py), thread w, tid 7, hog, device sda, cgroup /a"


def test_figures_carry_their_unit() -> None:
    shown = [figure(0.44, "ratio"), figure(2048, "bytes"), figure(2048, "bytes/s"), figure(1.5, "cores")]
    assert shown == ["44 %", "2.0K", "2.0K/s", "1.50 cores"]
