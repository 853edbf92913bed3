"""What is watched."""

from typing import Literal

import msgspec

TargetKind = Literal["host", "process", "unit", "cgroup", "container"]


class ProcessId(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A process that cannot be mistaken for a later one with the same PID.

    ``start_ticks`` is field 22 of ``/proc/PID/stat`` (clock ticks after boot).
    """

    pid: int
    start_ticks: int


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The target: the whole host, a process with (by default) its descendants, or all processes of a control group.

    ``process`` is the process itself, or a group's main one. ``name`` is what the group is called (``web.service``, a
    path, a container's name or short id), ``group`` its path in the hierarchy it was found in; empty for the others.
    """

    kind: TargetKind
    process: ProcessId | None = None
    command: str = ""
    with_children: bool = True
    name: str = ""
    group: str = ""

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def label(self) -> str:
        if self.process is None:
            return "this host"
        process = f"{self.process.pid} {self.command}"
        return f"{self.kind} {self.name}: {process}" if self.name else process


HOST = Target(kind="host", command="")
