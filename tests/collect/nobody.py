"""A collector run by a user without any right: ``python -m tests.collect.nobody COLLECTOR PID...``."""

import json
import os
import subprocess
import sys

from perftui.collect import COLLECTORS
from perftui.collect.scope import Scope
from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget

NOBODY = 65534


def seen_by_nobody(collector: str, *pids: int) -> dict[str, object]:
    """``{"reason", "remedy"}`` of the NoData, else the section's fields that are plain (numbers and text).

    The first PID is the target, the others are its children.
    """
    argv = [sys.executable, "-m", "tests.collect.nobody", collector, *map(str, pids)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    return dict(json.loads(done.stdout))


def main(name: str, *pids: int) -> None:
    collector = next(kind for kind in COLLECTORS if kind.name == name)()
    host = Host()
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    held = HeldTarget.open(host, pids[0])
    try:
        section = collector.collect(host, Scope(held, pids), None)
    except NoData as error:
        print(json.dumps({"reason": error.reason, "remedy": error.remedy}))
        return
    plain = {name: getattr(section, name) for name in section.__struct_fields__}
    print(json.dumps({name: value for name, value in plain.items() if isinstance(value, int | str)}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
