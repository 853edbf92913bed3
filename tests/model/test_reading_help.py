"""Each exported reading has one line that says what it is, and no line is left over."""

import pytest

from perftui.model.reading_help import TEXTS, help_of, key_of
from perftui.model.reading_table import READINGS
from perftui.model.readings import figures_of

EXPORTED = [figure for reading in READINGS if reading.word for figure in figures_of(reading)]


def test_every_exported_figure_has_a_text() -> None:
    assert [figure.name for figure in EXPORTED if key_of(figure.path) is None] == []


def test_no_text_is_left_over() -> None:
    assert set(TEXTS) == {key_of(figure.path) for figure in EXPORTED}


def test_a_text_is_one_short_sentence_of_its_own() -> None:
    for text in TEXTS.values():
        assert text.endswith(".")
        assert text == text.strip()
        assert 10 < len(text) <= 90
        assert "\n" not in text
    for section in {key.partition(".")[0] for key in TEXTS}:
        texts = [text for key, text in TEXTS.items() if key.startswith(f"{section}.")]
        assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("cpu.ticks.idle", "Time with nothing to do."),
        ("disks.partitions.reads_total", "Of a partition: Reads completed."),
        ("cgroup.memory.stat.anon_bytes", "Its memory that no file stands behind."),
        ("cgroup.memory_levels.limit_bytes", "Hard limit of memory of this level."),
        ("pressure.io.some_total_us", "I/O: Time in which some task waited for it."),
    ],
)
def test_tables_of_the_same_columns_are_told_apart(path: str, text: str) -> None:
    assert help_of(tuple(path.split("."))) == text


def test_what_is_not_exported_has_none() -> None:
    with pytest.raises(KeyError, match="tree"):
        help_of(("tree", "processes", "rss_bytes"))
