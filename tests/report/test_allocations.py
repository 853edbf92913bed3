"""The allocations as text and as a document."""

import msgspec

from perftui.model.allocations import Allocations, AllocationView
from perftui.model.target import ProcessId, Target
from perftui.report.allocations import LINES_SHOWN, allocations_document, allocations_text
from tests.model.test_allocations import MAIN, PARSE, view

TARGET = Target(kind="process", process=ProcessId(pid=7, start_ticks=1), command="python app.py", with_children=False)
NOTHING = AllocationView(size_bytes=0, allocations=0, stacks=())


def found(held: AllocationView, peak: AllocationView) -> Allocations:
    return Allocations(pid=7, tool="memray 1.20.0", seconds=5.0, held=held, peak=peak)


def test_the_answer_comes_first() -> None:
    text = allocations_text(found(view((3 << 20, 3, (MAIN, PARSE)), (1 << 20, 1, (MAIN,))), NOTHING), TARGET)
    lines = text.splitlines()
    assert lines[0] == "4.0M taken and not given back, 0B at the peak, in 5.0s (memray 1.20.0)"
    assert lines[1] == "process 7: python app.py"
    assert "Still held at the end: 4.0M in 4 allocations" in lines
    assert "  75 %  3.0M  3 ×  parse  app.py:9" in lines
    assert "   100 %   4.0M main (app.py:3)" in lines
    assert "    75 %   3.0M  parse (app.py:9)" in lines
    assert "Live at the peak: nothing" in lines
    assert max(map(len, lines)) <= 80


def test_a_branch_without_weight_is_left_out() -> None:
    text = allocations_text(found(view((500, 1, (MAIN,)), (1, 1, (PARSE,))), NOTHING), TARGET)
    assert "main (app.py:3)" in text
    assert "0.2 %" in text
    assert "parse (app.py:9)" not in text


def test_a_wide_flame_says_how_much_is_left_out() -> None:
    wide = view(*((10, 1, (MAIN, msgspec.structs.replace(PARSE, function=f"f{at:02}"))) for at in range(40)))
    text = allocations_text(found(wide, NOTHING), TARGET)
    assert f"… {41 - LINES_SHOWN} more lines" in text


def test_the_document_has_all_stacks() -> None:
    document = allocations_document(found(view((8, 2, (MAIN, PARSE))), NOTHING), TARGET)
    printed = msgspec.json.decode(msgspec.json.encode(document))
    assert printed["schema"] == "perftui.allocations/1"
    assert printed["target"]["pid"] == 7
    assert printed["held"]["stacks"] == [
        {"size_bytes": 8, "allocations": 2, "stack": "T;main (app.py:3);parse (app.py:9)"}
    ]
    assert [one["function"] for one in printed["held"]["functions"]] == ["parse", "main"]
    assert printed["peak"] == {"size_bytes": 0, "allocations": 0, "functions": [], "stacks": []}
