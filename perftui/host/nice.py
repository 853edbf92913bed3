"""The nice value of a thread, as it is at this moment."""

import os


def nice(tid: int) -> str:
    """``-20`` to ``19``. ProcessLookupError when there is no such thread."""
    return str(os.getpriority(os.PRIO_PROCESS, tid))
