"""The drawing: well-formed, self-contained, true to the counts, bounded. A browser looks at it in tests/accept."""

import re
import xml.etree.ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.profile import Frame, StackProfile, StackRow
from perftui.profile.formats import svg
from perftui.profile.formats.about import About
from perftui.profile.formats.svg import LEAST_PX, WIDTH, write
from tests.profile.formats.profiles import known, profiles

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</title><script>alert('1')</script>]]>&\"'"


def frames_of(raw: bytes) -> list[tuple[str, float, int]]:
    """Name, width and parent of each frame that is drawn."""
    drawing = ET.fromstring(raw)
    found = []
    for group in drawing.iter(f"{SVG}g"):
        if group.get("class") == "f":
            title, rect = group.find(f"{SVG}title"), group.find(f"{SVG}rect")
            assert title is not None
            assert title.text is not None
            assert rect is not None
            found.append((title.text.split("\n")[0], float(rect.get("width", "")), int(group.get("data-p", ""))))
    return found


def test_widths_are_shares() -> None:
    whole = WIDTH - 24
    assert frames_of(write(known(), About())) == [
        ("all", whole, 0),
        ("main", whole, 0),
        ("parse", whole / 2, 1),
        ("memcpy", pytest.approx(whole / 6), 2),
    ]


def test_the_cpu_view_has_its_own_widths() -> None:
    widths = {name: width for name, width, _ in frames_of(write(known(), About(view="cpu")))}
    assert widths["memcpy"] == pytest.approx(widths["all"] / 5)


def test_the_header_tells_what_it_is() -> None:
    text = "".join(ET.fromstring(write(known(), About(title="42 app.py", wall_ns=10**18))).itertext())
    for part in ("42 app.py", "waiting included", "600 samples", "3.0 s at 100 Hz", "100% covered", "2001-09-09"):
        assert part in text


def test_foreign_text_stays_text() -> None:
    hostile = msgspec.structs.replace(known(), frames=(Frame(function=HOSTILE, file=HOSTILE), *known().frames[1:]))
    raw = write(hostile, About(title=HOSTILE))
    assert {name for name, _, _ in frames_of(raw)} >= {HOSTILE}
    assert len(list(ET.fromstring(raw).iter(f"{SVG}script"))) == 1


def test_nothing_is_from_elsewhere() -> None:
    text = write(known(), About()).decode()
    assert set(re.findall(r"(?:href|src|url\(|@import|https?:)[^\"]*", text)) == {"http://www.w3.org/2000/svg"}


@given(profiles())
def test_callees_are_never_wider_than_their_caller(profile: StackProfile) -> None:
    frames = frames_of(write(profile, About()))
    below = [0.0] * len(frames)
    for at, (_, width, parent) in enumerate(frames[1:], 1):
        assert parent < at
        below[parent] += width
    assert all(used <= width + 0.1 for used, (_, width, _) in zip(below, frames, strict=True))


@given(st.text(st.characters(), max_size=20))
def test_any_text_is_well_formed(text: str) -> None:
    profile = msgspec.structs.replace(known(), frames=(Frame(function=text, file=text), *known().frames[1:]))
    ET.fromstring(write(profile, About(title=text)))


def wide(stacks: int) -> StackProfile:
    frames = (Frame(function="root"), *(Frame(function=f"leaf {at}") for at in range(stacks)))
    return msgspec.structs.replace(
        known(),
        frames=frames,
        stacks=tuple((0, at + 1) for at in range(stacks)),
        rows=tuple(StackRow(pid=1, tid=1, stack=at, samples=1, on_cpu=1.0) for at in range(stacks)),
    )


def test_what_is_too_narrow_is_left_out() -> None:
    frames = frames_of(write(wide(20_000), About()))
    assert [name for name, _, _ in frames] == ["all", "root"]
    assert len(frames_of(write(wide(5_000), About()))) == 5_002
    assert min(width for _, width, _ in frames_of(write(wide(11_000), About()))) >= LEAST_PX


def test_the_widest_are_drawn_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svg, "MOST_FRAMES", 3)
    assert [(name, parent) for name, _, parent in frames_of(write(known(), About()))] == [
        ("all", 0), ("main", 0), ("parse", 1),
    ]  # fmt: skip


def test_a_deep_recursion_is_drawn() -> None:
    deep = msgspec.structs.replace(known(), stacks=((0,) * 3000,), rows=known().rows[:1])
    assert len(frames_of(write(deep, About()))) == 3001
