"""The look that ``perftui doctor`` takes."""

import os
from collections.abc import Callable
from typing import Literal

from perftui import __version__
from perftui.cli.group_checks import group_checks
from perftui.cli.options import Options
from perftui.cli.target import open_target
from perftui.cli.watch import measure
from perftui.collect import SLOW_TARGET_COLLECTORS, TARGET_COLLECTORS
from perftui.collect.scope import Collector
from perftui.errors import NoData, NotDeliverable, NotPermitted, StoreError
from perftui.host.mounts import parse_mountinfo
from perftui.host.procfs import Host
from perftui.host.rights import has_capability, how_to_get, may_trace
from perftui.model.sample import Sample
from perftui.profile.binary import find_py_spy
from perftui.profile.memray_plan import plan
from perftui.profile.perf_find import find_perf, sees_kernel
from perftui.report.doctor import doctor_document
from perftui.report.documents import CheckDoc, DoctorDocument
from perftui.store.files import state_dir
from perftui.tune.knobs import KNOBS

LOOK_SECONDS = 3.0
"""Long enough for two samples and the first window of stacks."""

_CAPABILITIES = {
    "CAP_SYS_PTRACE": "see what processes of other users wait for, and their stacks",
    "CAP_SYS_NICE": "raise priorities, set affinity of processes of other users",
    "CAP_DAC_OVERRIDE": "write control groups and sysctls",
    "CAP_SYS_RESOURCE": "raise limits",
}


def examine(target: str | None, options: Options) -> DoctorDocument:
    """Watch for a moment and gather what every part says of itself."""
    options.config()
    host = Host()
    held = open_target(host, target, options)
    pid = held.process.pid if held is not None else None
    checks = [_state_folder(), *_kernel_features(host), _others(host), *group_checks(host, pid), *_rights()]
    if pid is not None:
        checks.append(_tracing(host, pid))
    update = measure(host, held, options, seconds=LOOK_SECONDS)
    return doctor_document(
        update,
        tuple(checks),
        version=__version__,
        kernel=os.uname().release,
        others=_untried(host, update.sample) if pid is None else (_memray(host, pid),),
    )


def _memray(host: Host, pid: int) -> CheckDoc:
    """Whether ``perftui allocations`` could track this process; nothing is done to it."""
    try:
        found = plan(host, pid)
    except (NotPermitted, NotDeliverable) as error:
        return CheckDoc(area="profiler", name="memray", state="missing", detail=str(error), remedy="")
    return CheckDoc(
        area="profiler", name="memray", state="ok", detail=f"{found.version} through {found.method}", remedy=""
    )


def _untried(host: Host, sample: Sample) -> tuple[CheckDoc, ...]:
    """What can be said of a target alone."""
    collectors: list[type[Collector]] = [*TARGET_COLLECTORS, *(one for one, _ in SLOW_TARGET_COLLECTORS)]
    asked = {reading.knob for reading in sample.knobs}
    names: dict[Literal["collector", "profiler", "knob"], list[str]] = {
        "collector": [collector.name for collector in collectors],
        "profiler": ["stacks", "allocations"],
        "knob": [knob.id for knob in KNOBS if knob.id not in asked],
    }
    untried = (
        CheckDoc(
            area=area,
            name="of a target",
            state="limited",
            detail=f"not tried without a target: {', '.join(left)}",
            remedy="perftui doctor TARGET",
        )
        for area, left in names.items()
        if left
    )
    return (_sampler("py-spy", find_py_spy), _sampler("perf", lambda: _perf(host)), *untried)


def _sampler(name: str, look: Callable[[], str]) -> CheckDoc:
    """Whether a program that takes stacks is here and of use."""
    try:
        return CheckDoc(area="profiler", name=name, state="ok", detail=look(), remedy="")
    except NoData as error:
        return CheckDoc(area="profiler", name=name, state="missing", detail=error.reason, remedy=error.remedy)


def _perf(host: Host) -> str:
    """For processes that are not Python. NoData when it is not here or not permitted."""
    path = find_perf()
    return path if sees_kernel(host) else f"{path}, without kernel frames"


def _state_folder() -> CheckDoc:
    try:
        return _ok("host", "state folder", str(state_dir()))
    except StoreError as error:
        return CheckDoc(
            area="host",
            name="state folder",
            state="missing",
            detail=str(error),
            remedy="set XDG_STATE_HOME; without it no change can be journaled, so none is made",
        )


def _kernel_features(host: Host) -> list[CheckDoc]:
    features = (
        ("pressure stall information", "/proc/pressure/cpu", "boot with psi=1"),
        ("scheduler statistics", "/proc/self/schedstat", "use a kernel built with CONFIG_SCHED_INFO"),
    )
    checks = []
    for name, path, remedy in features:
        try:
            host.read(path)
            checks.append(_ok("host", name, path))
        except NoData as error:
            checks.append(CheckDoc(area="host", name=name, state="missing", detail=error.reason, remedy=remedy))
    return checks


def _others(host: Host) -> CheckDoc:
    """``hidepid`` of the mounted /proc hides what others run from whoever is not root."""
    hidden = _hidepid(host)
    if hidden in ("", "hidepid=0", "hidepid=off") or os.geteuid() == 0:
        return _ok("host", "processes of others", "are listed in /proc")
    return CheckDoc(
        area="host",
        name="processes of others",
        state="limited",
        detail=f"/proc is mounted with {hidden}: neighbours are hidden",
        remedy="run as root, or mount -o remount,hidepid=0 /proc",
    )


def _hidepid(host: Host) -> str:
    """``hidepid=2``; empty where ``/proc`` is mounted without it, or its mount is not visible."""
    try:
        mounts = parse_mountinfo(host.read("/proc/self/mountinfo"))
    except NoData:
        return ""
    options = (word for mount in mounts if mount.point == "/proc" for word in mount.options)
    return next((word for word in options if word.startswith("hidepid=")), "")


def _rights() -> list[CheckDoc]:
    return [
        _ok("right", name, f"to {purpose}")
        if has_capability(name)
        else CheckDoc(
            area="right",
            name=name,
            state="missing",
            detail=f"needed to {purpose}",
            remedy=how_to_get(name),
        )
        for name, purpose in _CAPABILITIES.items()
    ]


def _tracing(host: Host, pid: int) -> CheckDoc:
    try:
        may_trace(host, pid)
    except NoData as error:
        return CheckDoc(area="right", name="tracing", state="missing", detail=error.reason, remedy=error.remedy)
    return _ok("right", "tracing", f"what the threads of {pid} wait for can be read")


def _ok(area: Literal["host", "right"], name: str, detail: str) -> CheckDoc:
    return CheckDoc(area=area, name=name, state="ok", detail=detail, remedy="")
