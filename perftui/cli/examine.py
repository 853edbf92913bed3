"""The look that ``perftui doctor`` takes."""

import os
from typing import Literal

from perftui import __version__
from perftui.cli.options import Options
from perftui.cli.target import open_target
from perftui.cli.watch import measure
from perftui.errors import NoData, StoreError
from perftui.host.procfs import Host
from perftui.host.rights import has_capability, may_trace
from perftui.report.doctor import doctor_document
from perftui.report.documents import CheckDoc, DoctorDocument
from perftui.store.files import state_dir

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
    checks = [_state_folder(), *_kernel_features(host), *_rights()]
    if held is not None:
        checks.append(_tracing(host, held.process.pid))
    update = measure(host, held, options, seconds=LOOK_SECONDS)
    return doctor_document(update, tuple(checks), version=__version__, kernel=os.uname().release)


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
        ("control groups", "/proc/self/cgroup", "mount /sys/fs/cgroup"),
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


def _rights() -> list[CheckDoc]:
    return [
        _ok("right", name, f"to {purpose}")
        if has_capability(name)
        else CheckDoc(
            area="right",
            name=name,
            state="missing",
            detail=f"needed to {purpose}",
            remedy="run perftui as root, or in a container give it this capability",
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
