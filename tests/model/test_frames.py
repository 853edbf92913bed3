"""What a frame is by its name."""

import pytest

from perftui.model.frames import LOOP_FRAMES, TURN_FRAMES, is_foreign, is_in, is_installed
from perftui.model.profile import Frame


def frame(function: str, file: str) -> Frame:
    return Frame(function=function, file=file, line=1)


def test_a_loop_frame_is_one_by_function_and_file() -> None:
    assert is_in(frame("run_forever", "/usr/lib/python3.11/asyncio/base_events.py"), LOOP_FRAMES)
    assert not is_in(frame("run_forever", "/srv/app.py"), LOOP_FRAMES)
    assert not is_in(frame("handler", "/usr/lib/python3.11/asyncio/base_events.py"), LOOP_FRAMES)
    assert is_in(frame("select", "/usr/lib/python3.11/selectors.py"), TURN_FRAMES)
    assert is_in(frame("EpollSelector.select", "/usr/lib/python3.11/selectors.py"), TURN_FRAMES)
    assert is_in(frame("BaseEventLoop._run_once", "/usr/lib/python3.11/asyncio/base_events.py"), LOOP_FRAMES)


@pytest.mark.parametrize(
    ("file", "foreign", "installed"),
    [
        ("/srv/app.py", False, False),
        ("/srv/venv/lib/python3.12/site-packages/flask/app.py", False, True),
        ("/usr/lib/python3.11/json/encoder.py", True, False),
        ("<frozen importlib._bootstrap>", True, False),
        ("", True, False),
    ],
)
def test_whose_code_a_frame_is(file: str, foreign: bool, installed: bool) -> None:
    assert is_foreign(frame("f", file)) is foreign
    assert is_installed(frame("f", file)) is installed
