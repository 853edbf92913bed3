"""The limits of the target's main process and what it uses of them."""

import re

from perftui.collect.scope import Collector, Scope, living
from perftui.errors import NoData
from perftui.host.clock import boottime_ns, monotonic_ns
from perftui.host.procfs import Host
from perftui.host.stat import first_int, parse_fields, parse_stat
from perftui.model.process_sections import UNLIMITED, LimitSection
from perftui.model.sample import Sample
from perftui.model.table import Table

NAMES = {
    "Max cpu time": "cpu",
    "Max file size": "fsize",
    "Max data size": "data",
    "Max stack size": "stack",
    "Max core file size": "core",
    "Max resident set": "rss",
    "Max processes": "nproc",
    "Max open files": "nofile",
    "Max locked memory": "memlock",
    "Max address space": "as",
    "Max file locks": "locks",
    "Max pending signals": "sigpending",
    "Max msgqueue size": "msgqueue",
    "Max nice priority": "nice",
    "Max realtime priority": "rtprio",
    "Max realtime timeout": "rttime",
}
"""The kernel's words (``fs/proc/base.c``) and the names of getrlimit(2)."""

_LINE = re.compile(rb"(.+?) {2,}(unlimited|\d+) +(unlimited|\d+) *(\S*)")
_IN_STATUS = {"data": b"VmData", "stack": b"VmStk", "memlock": b"VmLck", "as": b"VmSize"}


class LimitCollector(Collector):
    """Costs about 0.1 ms. No right is needed but for the count of descriptors."""

    name = "limits"
    section = "limits"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> LimitSection:
        now, since_boot = monotonic_ns(), boottime_ns()
        processes, _ = living(host, scope, 1)
        folder = f"/proc/{processes[0].pid}"
        limits = parse_limits(host.read(f"{folder}/limits"))
        status = parse_fields(host.read(f"{folder}/status"))
        used = _used(host, folder, status)
        return LimitSection(
            monotonic_ns=now,
            boottime_ns=since_boot,
            limits=Table.of(
                {
                    "soft": [soft for _, soft, _, _ in limits],
                    "hard": [hard for _, _, hard, _ in limits],
                    "used": [used.get(name, -1) for name, _, _, _ in limits],
                },
                {"name": [name for name, _, _, _ in limits], "unit": [unit for _, _, _, unit in limits]},
            ),
            uid=int(status[b"Uid"].split()[0]),
            oom_score=int(host.read(f"{folder}/oom_score")),
            oom_score_adj=int(host.read(f"{folder}/oom_score_adj")),
        )


def parse_limits(raw: bytes) -> list[tuple[str, int, int, str]]:
    """Name, soft and hard limit (``UNLIMITED`` for none) and unit of each line; the unit may be empty."""
    found = []
    for line in raw.splitlines()[1:]:
        match = _LINE.match(line)
        if match:
            words, soft, hard, unit = (part.decode("ascii", "replace") for part in match.groups())
            found.append((NAMES.get(words, words), _limit(soft), _limit(hard), unit))
    return found


def _limit(text: str) -> int:
    return UNLIMITED if text == "unlimited" else min(int(text), UNLIMITED)


def _used(host: Host, folder: str, status: dict[bytes, bytes]) -> dict[str, int]:
    """What is known to be in use, by the name of its limit; in the limit's unit.

    ``nice`` and ``rtprio`` bound what the process may raise itself to, so they have no use.
    """
    stat = parse_stat(host.read(f"{folder}/stat"))
    used = {name: first_int(status.get(field)) * 1024 for name, field in _IN_STATUS.items() if field in status}
    used["cpu"] = (stat.utime + stat.stime) // host.ticks_per_second
    used["sigpending"] = int(status.get(b"SigQ", b"-1").split(b"/")[0])
    try:
        used["nofile"] = host.count(f"{folder}/fd")
    except NoData:
        used["nofile"] = -1
    return used
