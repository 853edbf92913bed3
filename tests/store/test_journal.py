import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.errors import StoreError, UsageError
from perftui.model.journal import JournalEntry
from perftui.model.proposal import WriteFile
from perftui.store.journal import Journal
from tests.tune.support import proposal_of


def entry_of(number: int, text: str = "x") -> JournalEntry:
    action = WriteFile(before=text, after="1", path="/proc/sys/vm/swappiness")
    return JournalEntry(
        id=f"{number:08x}",
        state="intent",
        wall_ns=number,
        boot_id="b",
        uid=0,
        target=text,
        proposal=proposal_of(action),
        approved_by="me",
        deadline_seconds=30.0,
        owner_pid=1,
        owner_start_ticks=1,
    )


def test_an_entry_comes_back_as_it_was_added(journal: Journal) -> None:
    journal.add(entry_of(1))
    assert journal.get("00000001") == entry_of(1)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives(text: str) -> None:
    with_text = entry_of(1, text)
    directory = Path(os.environ["PYTEST_TMP"])
    opened = Journal(directory / "any.sqlite")
    try:
        opened._database.execute("DELETE FROM change")
        opened.add(with_text)
        assert opened.get(with_text.id) == with_text
    finally:
        opened.close()


@pytest.fixture(autouse=True)
def _folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_TMP", str(tmp_path_factory.mktemp("any")))


def test_newest_first_and_open_only(journal: Journal) -> None:
    for number in range(1, 4):
        journal.add(entry_of(number))
    journal.advance("00000002", "kept", by="perftui")
    assert [entry.wall_ns for entry in journal.entries()] == [3, 2, 1]
    assert [entry.wall_ns for entry in journal.entries(limit=2)] == [3, 2]
    assert [entry.wall_ns for entry in journal.entries(open_only=True)] == [3, 1]


def test_the_first_word_about_the_end_counts(journal: Journal) -> None:
    journal.add(entry_of(1))
    assert journal.advance("00000001", "applied").closed_wall_ns == 0
    ended = journal.advance("00000001", "reverted", by="dead-man", detail="too late")
    assert ended.closed_wall_ns > 0
    assert journal.advance("00000001", "kept", by="perftui") == ended
    assert journal.get("00000001") == ended


def test_update_replaces_fields(journal: Journal) -> None:
    journal.add(entry_of(1))
    assert journal.update("00000001", metric_before=0.4).metric_before == 0.4
    assert journal.get("00000001").metric_before == 0.4


def test_an_unknown_id_is_a_usage_error(journal: Journal) -> None:
    for look in (journal.get, journal.update):
        with pytest.raises(UsageError, match="tune history"):
            look("nope")


def test_an_id_is_used_once(journal: Journal) -> None:
    journal.add(entry_of(1))
    with pytest.raises(StoreError):
        journal.add(entry_of(1))


def test_it_is_durable_and_private(journal: Journal) -> None:
    assert journal._database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert journal._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    journal.add(entry_of(1))
    for file in journal.path.parent.glob("journal.sqlite*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        Journal(tmp_path / "link")


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    Journal(path).close()
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version=99")
    database.close()
    with pytest.raises(StoreError, match="newer perftui"):
        Journal(path)


def test_what_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"no database at all, and long enough to be looked at" * 40)
    path.chmod(0o600)
    with pytest.raises(StoreError, match="move the file away"):
        Journal(path)


def test_the_default_place_is_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    opened = Journal()
    opened.close()
    assert opened.path == tmp_path / "perftui" / "journal.sqlite"


def test_several_threads_and_processes_write_at_once(journal: Journal) -> None:
    script = (
        "import sys; from pathlib import Path; from perftui.store.journal import Journal\n"
        "from tests.store.test_journal import entry_of\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "for number in range(int(sys.argv[2]), int(sys.argv[2]) + 20): journal.add(entry_of(number))\n"
        "journal.close()\n"
    )
    others = [subprocess.Popen([sys.executable, "-c", script, str(journal.path), str(at)]) for at in (100, 200)]

    def add_from(first: int) -> None:
        for number in range(20):
            journal.add(entry_of(first + number))

    threads = [threading.Thread(target=add_from, args=(at,)) for at in (300, 400)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.wait() for other in others] == [0, 0]
    assert len(journal.entries(limit=1000)) == 80
