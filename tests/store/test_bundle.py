"""An incident bundle: everything is there but the secrets."""

from pathlib import Path

import msgspec
import pytest

from perftui.errors import StoreError
from perftui.model.finding import Diagnosis, Evidence, Finding
from perftui.model.incident import Incident
from perftui.model.profile import Frame, StackProfile, StackRow, ThreadName
from perftui.model.sample import CollectorStatus, KnobReading, ProcessSection, Sample
from perftui.model.table import Table
from perftui.model.target import ProcessId, Target
from perftui.store.bundle import write_bundle
from perftui.store.flight import FlightRecorder
from perftui.store.recording import Recording
from tests.session.tapes import START, host_sample
from tests.store.support import EPOCH, HEADER, SECOND, sample_at

SECRET = "hunter2hunter2"
LEAK = f"app --password {SECRET}"


def leaking(second: int) -> Sample:
    """A sample with a secret in every place that holds a text of somebody else's."""
    base = host_sample(second, 10 * second)
    table = Table.of({"pid": [1, 2]}, {"name": ["app", "sh"], "command": [LEAK, f"sh -c 'TOKEN={SECRET} run'"]})
    return msgspec.structs.replace(
        base,
        target=Target(kind="process", process=ProcessId(pid=1, start_ticks=2), command=LEAK),
        processes=ProcessSection(monotonic_ns=base.monotonic_ns, processes=table, ticks_per_second=100),
        knobs=(KnobReading(knob="k", subject=LEAK, available=False, reason=LEAK, detail={"path": f"/x?key={SECRET}"}),),
        collectors=(CollectorStatus(name="c", state="failed", reason=f"postgres://u:{SECRET}@db"),),
    )


def stacks(second: int) -> StackProfile:
    now = host_sample(second, 0).monotonic_ns
    return StackProfile(
        sampler="test",
        rate_hz=1,
        started_ns=now - SECOND,
        ended_ns=now,
        covered_ns=SECOND,
        attempts=1,
        frames=(Frame(function=f"auth={SECRET}", file="/srv/app.py", line=3),),
        stacks=((0,),),
        rows=(StackRow(pid=1, tid=1, stack=0, samples=1, on_cpu=1.0),),
        threads=(ThreadName(pid=1, tid=1, name=f"pwd={SECRET}"),),
    )


def flown(seconds: int) -> FlightRecorder:
    flight = FlightRecorder()
    for second in range(seconds):
        flight.add(leaking(second), (stacks(second),))
    return flight


FINDING = Finding(
    rule="r",
    layer="cpu",
    severity="critical",
    confidence=1.0,
    summary=LEAK,
    evidence=(Evidence(metric="m", observed=1, threshold=2, unit="", source=f"secret: {SECRET}"),),
)


def test_no_secret_is_left_and_all_else_is_there(tmp_path: Path) -> None:
    diagnosis = Diagnosis(state="limited", window_seconds=10, findings=(FINDING,))
    incident = Incident(wall_ns=START, text=f"it hangs, token={SECRET}", diagnosis=diagnosis)
    header = msgspec.structs.replace(HEADER, target=LEAK, incident=incident)
    write_bundle(tmp_path / "b", header, flown(150), [(START, f"deployed with api_key={SECRET}")])
    bundle = Recording(tmp_path / "b")
    ticks = list(bundle.ticks(bundle.first_ns, bundle.last_ns))
    shown = msgspec.json.encode((bundle.header, bundle.marks, ticks)).decode()
    assert SECRET not in shown
    assert len(ticks) == 150
    sample, profiles = ticks[100]
    assert sample.monotonic_ns == leaking(100).monotonic_ns
    assert sample.processes is not None
    assert sample.processes.processes.text("name") == ("app", "sh")
    assert sample.processes.processes.text("command")[0] == "app --password [redacted]"
    assert sample.target.command == "app --password [redacted]"
    assert profiles[0].frames[0].file == "/srv/app.py"
    assert bundle.header.incident is not None
    assert bundle.header.incident.diagnosis is not None
    assert bundle.header.incident.diagnosis.findings[0].summary == "app --password [redacted]"
    bundle.close()


def test_what_cannot_be_written_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        write_bundle(tmp_path / "none" / "b", HEADER, flown(2))
    (tmp_path / "b").write_text("mine")
    with pytest.raises(StoreError, match="choose another name"):
        write_bundle(tmp_path / "b", HEADER, flown(2))
    assert (tmp_path / "b").read_text() == "mine"


def test_marks_are_where_they_were_made_though_the_clock_was_set_back(tmp_path: Path) -> None:
    flight = FlightRecorder()
    for tick in range(100):
        back_ns = 60 * SECOND if tick >= 50 else 0
        flight.add(msgspec.structs.replace(sample_at(tick), wall_ns=EPOCH + tick * SECOND - back_ns))
    marks = [(EPOCH + 45 * SECOND, "before"), (EPOCH + 20 * SECOND, "behind"), (EPOCH + 40 * SECOND, "at the end")]
    write_bundle(tmp_path / "b", HEADER, flight, marks)
    bundle = Recording(tmp_path / "b")
    at = [round((mark.at_ns - bundle.first_ns) / SECOND) for mark in bundle.marks]
    bundle.close()
    assert at == [45, 80, 100]
