"""The flame as text and as a document."""

import msgspec

from perftui.model.profile import Frame
from perftui.profile.formats.about import About
from perftui.report.flame import LINES_SHOWN, Flame, flame_document, flame_text
from perftui.report.flame_documents import FlameDocument
from tests.profile.formats.profiles import known

CPU = Flame(profile=known(), about=About(view="cpu", title="42 app.py", wall_ns=10**18), source="live")
WALL = msgspec.structs.replace(CPU, about=About(view="wall", title="42 app.py"))


def test_text_has_functions_and_calls() -> None:
    lines = flame_text(CPU).splitlines()
    assert lines[:2] == ["42 app.py", "250 samples on a CPU · 2 threads · 3.0 s at 100 Hz, 100% covered · py-spy"]
    assert [line.split() for line in lines[4:7]] == [
        ["80", "%", "100", "%", "parse", "/srv/app.py:9"],
        ["20", "%", "20", "%", "memcpy"],
        ["0", "%", "100", "%", "main", "/srv/app.py:3"],
    ]
    assert lines[9:] == [
        "   100 %        main (/srv/app.py:3)",
        "   100 %   80 %  parse (/srv/app.py:9)",
        "    20 %   20 %   memcpy",
    ]


def test_the_wall_view_has_what_waits() -> None:
    text = flame_text(WALL)
    assert "600 samples waiting included" in text
    assert "100 %   50 % main" in text


def test_a_branch_without_weight_is_left_out_and_a_wide_flame_says_how_much() -> None:
    count = LINES_SHOWN + 9
    rows = known().rows[:1]
    wide = msgspec.structs.replace(
        known(),
        frames=tuple(Frame(function=f"f{at}") for at in range(count)),
        stacks=tuple((at,) for at in range(count)),
        rows=tuple(msgspec.structs.replace(rows[0], stack=at) for at in range(count)),
    )
    assert "9 more lines" in flame_text(msgspec.structs.replace(CPU, profile=wide))
    tiny = msgspec.structs.replace(known(), rows=(rows[0], msgspec.structs.replace(known().rows[1], on_cpu=0.1)))
    assert "memcpy" not in flame_text(msgspec.structs.replace(CPU, profile=tiny)).partition("Calls")[2]


def test_a_deep_stack_is_told() -> None:
    deep = msgspec.structs.replace(known(), stacks=((0,) * 3000,), rows=known().rows[:1])
    assert f"{3000 - LINES_SHOWN} more lines" in flame_text(msgspec.structs.replace(CPU, profile=deep))


def test_the_document_has_every_stack() -> None:
    document = msgspec.json.decode(msgspec.json.encode(flame_document(CPU)), type=FlameDocument)
    assert (document.samples, document.on_cpu, document.since) == (600, 250.0, "2001-09-09T01:46:40Z")
    assert [(thread.name, thread.samples, thread.on_cpu) for thread in document.threads] == [
        ("MainThread", 300, 250.0),
        ("worker", 300, 0.0),
    ]
    stacks = {tuple(document.frames[at].function for at in one.frames): one.samples for one in document.stacks}
    assert stacks == {("main", "parse"): 200, ("main", "parse", "memcpy"): 100, ("main",): 300}
    assert [one.function for one in document.functions] == ["parse", "memcpy", "main"]


def test_what_is_not_known_is_null() -> None:
    timeless = msgspec.structs.replace(known(), rate_hz=0.0, started_ns=0, ended_ns=0, covered_ns=0, attempts=0)
    flame = Flame(profile=timeless, about=About(unit="bytes"), source="collapsed", knows_cpu=False)
    document = flame_document(flame)
    assert (document.on_cpu, document.seconds, document.coverage_ratio, document.since) == (None, None, None, None)
    assert {one.on_cpu for one in document.stacks} == {None}
    assert "600B" in flame_text(flame)
