"""What is missing is named with its reason and remedy."""

import msgspec

from perftui.model.profile import ProfileStatus
from perftui.model.sample import KnobReading
from perftui.model.target import Target
from perftui.report.doctor import doctor_document
from perftui.report.documents import CheckDoc
from perftui.report.text import doctor_text
from tests.report.samples import update

ROOT = CheckDoc(area="right", name="CAP_SYS_NICE", state="ok", detail="", remedy="")


def test_every_part_is_listed_with_its_state() -> None:
    document = doctor_document(update(), (ROOT,), version="1", kernel="6")
    states = {(check.area, check.name): check.state for check in document.checks}
    assert states == {
        ("right", "CAP_SYS_NICE"): "ok",
        ("collector", "cpu"): "ok",
        ("collector", "pressure"): "missing",
        ("profiler", "py-spy"): "ok",
        ("rule", "cpu-frequency"): "missing",
        ("rule", "io-sync-latency"): "missing",
        ("rule", "coord-lock"): "missing",
        ("knob", "process.nice"): "ok",
        ("knob", "process.ionice"): "limited",
        ("knob", "cgroup.cpu-max"): "missing",
    }


def test_what_can_be_read_but_not_set_names_the_right() -> None:
    document = doctor_document(update(), (), version="1", kernel="6")
    ionice = next(check for check in document.checks if check.name == "process.ionice")
    assert ionice.remedy == "run as root, or give CAP_SYS_ADMIN"


def test_a_profiler_that_is_off_is_limited_and_one_that_fails_is_missing() -> None:
    for state, expected in (("off", "limited"), ("unavailable", "missing")):
        status = ProfileStatus(state=state, reason="why", remedy="how")
        changed = update()
        document = doctor_document(
            type(changed)(
                **{**{name: getattr(changed, name) for name in changed.__struct_fields__}, "profile_status": status}
            ),
            (),
            version="1",
            kernel="6",
        )
        profiler = next(check for check in document.checks if check.area == "profiler")
        assert (profiler.state, profiler.detail, profiler.remedy) == (expected, "why", "how")


def test_without_a_target_nothing_is_said_of_its_stacks() -> None:
    shown = update()
    host = msgspec.structs.replace(
        shown, sample=msgspec.structs.replace(shown.sample, target=Target(kind="host", command=""))
    )
    assert not [
        check for check in doctor_document(host, (), version="1", kernel="6").checks if check.area == "profiler"
    ]


def test_a_right_is_named_once() -> None:
    shown = update()
    knob = KnobReading(knob="a.b", subject="host", available=True, privilege="write permission on /a (root)")
    document = doctor_document(
        msgspec.structs.replace(shown, sample=msgspec.structs.replace(shown.sample, knobs=(knob,))),
        (),
        version="1",
        kernel="6",
    )
    (check,) = [check for check in document.checks if check.name == "a.b"]
    assert check.remedy == "run as root, or give write permission on /a"


def test_the_text_has_a_line_per_check() -> None:
    text = doctor_text(doctor_document(update(), (ROOT,), version="1.2", kernel="6.18"))
    assert text.startswith("perftui 1.2 on Linux 6.18\n4 of 10 things can be seen or set of 4242 python app.py\n")
    assert "  missing  pressure\n           PSI is off\n           remedy: boot with psi=1\n" in text
