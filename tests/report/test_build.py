"""Model structs → published documents: byte for byte what other programs have come to rely on."""

from pathlib import Path

import msgspec
import pytest

from perftui.errors import NotDeliverable
from perftui.model.finding import Diagnosis
from perftui.report.build import diagnosis_document, journal_document, proposals_document, remembered_document
from perftui.report.documents import DiagnosisDocument
from perftui.report.target_documents import Document
from tests.report.samples import ENTRY, NICE, update

HEALTHY = Diagnosis(state="healthy", window_seconds=10.0, summary="None of the rules fires.")
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("diagnosis", diagnosis_document(update())),
        ("diagnosis-healthy", diagnosis_document(update(HEALTHY, host=True))),
        ("proposals", proposals_document(update())),
        (
            "journal",
            journal_document((ENTRY, msgspec.structs.replace(ENTRY, state="kept", closed_wall_ns=ENTRY.wall_ns))),
        ),
    ],
)
def test_the_published_json_is_the_golden_one(name: str, document: Document) -> None:
    written = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    assert written == (GOLDEN / f"{name}.json").read_bytes()


def test_the_example_of_the_contract_is_a_diagnosis() -> None:
    """Names that other programs read; taken from the published interface."""
    written = msgspec.json.decode(msgspec.json.encode(diagnosis_document(update())))
    assert {"schema", "target", "window_seconds", "state", "verdict", "findings", "unknown", "hot", "proposals"} < set(
        written
    )
    assert {"pid", "start_ticks", "kind", "command", "processes"} < set(written["target"])
    assert {"rule", "layer", "severity", "confidence", "summary"} == set(written["verdict"])
    assert {"metric", "observed", "threshold", "unit", "source", "direction"} == set(
        written["findings"][0]["evidence"][0]
    )
    assert written["findings"][0]["blame"] == {"pid": 4242, "function": "parse", "file": "app.py", "line": 31}
    assert {"cpu_pct", "rss_bytes", "target_slowdown_pct"} < set(written["own_cost"])
    assert [hot["self_ratio"] for hot in written["hot"]] == [0.58, 0.1]


def test_a_document_can_be_read_back() -> None:
    document = diagnosis_document(update())
    assert msgspec.json.decode(msgspec.json.encode(document), type=DiagnosisDocument) == document


def test_a_series_that_was_never_seen_is_left_out_and_gaps_do_not_count() -> None:
    resources = diagnosis_document(update()).resources
    assert set(resources) == {"cpu", "target-cpu", "target-rss"}
    assert (resources["cpu"].mean, resources["cpu"].peak, resources["cpu"].last) == (0.75, 1.0, 0.75)


def test_one_look_is_too_few() -> None:
    """What is not visible here (no GPU, no sensors) is not the reason."""
    with pytest.raises(NotDeliverable, match="one look is too few"):
        diagnosis_document(update(None))


def test_advice_that_nothing_can_carry_out_is_no_proposal() -> None:
    document = proposals_document(update())
    assert [proposal.id for proposal in document.proposals] == [NICE.id]
    assert document.advice == "move parse into processes"


def test_only_an_open_change_has_a_deadline() -> None:
    entries = journal_document((ENTRY, msgspec.structs.replace(ENTRY, state="reverted"))).entries
    assert [entry.deadline for entry in entries] == ["2023-11-14T22:13:50Z", None]


def test_a_remembered_proposal_has_no_window() -> None:
    document = remembered_document(update().sample.target, NICE)
    assert (document.window_seconds, document.verdict, document.proposals[0].id) == (None, None, NICE.id)
