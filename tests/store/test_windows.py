import pytest

from perftui.store.streams import Window
from perftui.store.windows import WindowDecoder, WindowEncoder
from tests.store.support import window_at


class Texts:
    def __init__(self) -> None:
        self.known: list[str] = []

    def number(self, text: str) -> int:
        if text not in self.known:
            self.known.append(text)
        return self.known.index(text)


def test_windows_come_back() -> None:
    texts, decoder = Texts(), WindowDecoder()
    encoder = WindowEncoder(texts.number)
    for tick in range(8):
        window = encoder.encode(window_at(tick))
        decoder.learn(window)
        assert decoder.decode(window, texts.known) == window_at(tick)


def test_a_frame_and_a_stack_are_kept_once() -> None:
    encoder = WindowEncoder(Texts().number)
    first, second, fourth = (encoder.encode(window_at(tick)) for tick in (0, 1, 3))
    assert len(first.new_frames) == 3
    assert first.new_stacks == [[0], [0, 1], [0, 1, 2]]
    assert second.new_frames == [("work", "/srv/app.py", 11)]
    assert second.new_stacks == [[0, 3], [0, 3, 2]]
    assert (fourth.new_frames, fourth.new_stacks) == ([], [])
    assert encoder.kept == 9


def test_windows_that_are_skipped_still_teach() -> None:
    texts, decoder = Texts(), WindowDecoder()
    encoder = WindowEncoder(texts.number)
    windows = [encoder.encode(window_at(tick)) for tick in range(3)]
    for window in windows:
        decoder.learn(window)
    assert decoder.decode(windows[2], texts.known) == window_at(2)


def test_names_are_made_visible_on_either_side() -> None:
    texts = Texts()
    window = WindowEncoder(texts.number).encode(window_at(0))
    forged = Window(*(getattr(window, name) for name in window.__struct_fields__))
    forged.new_frames = [("\x1b[2J", "\x07", 1), *window.new_frames[1:]]
    decoder = WindowDecoder()
    decoder.learn(forged)
    frame = decoder.decode(forged, texts.known).frames[0]
    assert (frame.function, frame.file) == ("^[[2J", "^G")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("stacks", [9]), ("frames", [9, 9, 9]), ("stack_of", [5, 0]), ("pids", [1]), ("stack_of", [-1, 0])],
)
def test_references_to_nothing_are_refused(name: str, wrong: list[int]) -> None:
    texts = Texts()
    window = WindowEncoder(texts.number).encode(window_at(0))
    setattr(window, name, wrong)
    decoder = WindowDecoder()
    decoder.learn(window)
    with pytest.raises((LookupError, ValueError)):
        decoder.decode(window, texts.known)
