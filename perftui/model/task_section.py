"""The asyncio tasks of the target."""

from perftui.model.section import Section
from perftui.model.table import Table

MOST_TASKS = 1000
"""Rows that are kept of one reading; ``total`` counts all."""


class TaskSection(Section, frozen=True, kw_only=True):
    """What ``python -m asyncio ps`` says of the target's processes on Python 3.14 and later.

    ``tasks`` has a row per task and task that awaits it: ``pid tid task awaiter`` (``task`` and ``awaiter`` are
    addresses of task objects; ``awaiter`` is 0 for a task that no other one awaits) and the text columns ``name``,
    ``stack`` (functions, the innermost first), ``awaiter_name`` and ``awaiter_stack``. ``total`` counts the tasks of
    all ``processes`` that were asked, ``skipped`` the processes that were not.
    """

    tasks: Table
    total: int
    processes: tuple[int, ...]
    skipped: int = 0
