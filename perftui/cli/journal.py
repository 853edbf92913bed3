"""The journal of changes, or what stands in for it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from perftui.cli.output import notice
from perftui.errors import StoreError
from perftui.store.journal import Journal


@contextmanager
def usable_journal() -> Iterator[tuple[Journal, bool]]:
    """The journal, and whether it lasts: where the state folder cannot be used there is a throw-away one.

    Watching writes nothing to it; without one that lasts nothing may be changed.
    """
    with ExitStack() as stack:
        lasting = True
        try:
            journal = Journal()
        except StoreError as error:
            import tempfile  # takes 6 ms, and is hardly ever needed

            lasting = False
            notice(f"going on without the journal of changes, read-only: {error}")
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="perftui-"))
            journal = Journal(Path(folder) / "journal.sqlite")
        stack.callback(journal.close)
        yield journal, lasting
