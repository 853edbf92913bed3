"""Which sampler fits a process."""

from perftui.errors import NoData
from perftui.host.interpreter import interpreter_in
from perftui.host.maps import is_interpreter
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.profile.activity import ActivityMeter
from perftui.profile.chains import Chains
from perftui.profile.perf import PerfSampler
from perftui.profile.pyspy import PySpySampler
from perftui.profile.sampler import Sampler


def sampler_for(
    host: Host, held: HeldTarget, *, rate_hz: int, budget_ratio: float, closely: ActivityMeter | None = None
) -> Sampler:
    """py-spy for CPython, perf for all else. Whether that one can work here is in its status, with the remedy.

    ``closely``: with all that py-spy can tell, within the same budget; what runs and what waits, it tells this meter.

    A process that may not be looked into gets py-spy, whose preflight says which right is missing.
    """
    try:
        python = runs_python(host.read(f"/proc/{held.process.pid}/maps"))
    except NoData:
        python = True
    if not python:
        return PerfSampler(host, held, rate_hz=rate_hz, budget_ratio=budget_ratio)
    if closely is not None:
        return Chains(host, held, rate_hz=rate_hz, budget_ratio=budget_ratio, activity=closely)
    return PySpySampler(host, held, rate_hz=rate_hz, budget_ratio=budget_ratio)


def runs_python(maps: bytes) -> bool:
    """Whether the mapped files are those of a running CPython.

    ``python`` in the path of some file is not enough: programs of any kind are installed into folders of that name.
    """
    found = interpreter_in(maps)
    if found is None or found.pypy:
        return False
    paths = {line.split(None, 5)[5] for line in maps.splitlines() if b"/" in line}
    return any(is_interpreter(path) or b".cpython-" in path or b"/lib-dynload/" in path for path in paths)
