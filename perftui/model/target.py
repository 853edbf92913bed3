"""What is watched."""

from typing import Literal

import msgspec


class ProcessId(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A process that cannot be mistaken for a later one with the same PID.

    ``start_ticks`` is field 22 of ``/proc/PID/stat`` (clock ticks after boot).
    """

    pid: int
    start_ticks: int


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The target: the whole host, or a process with (by default) its descendants."""

    kind: Literal["host", "process"]
    process: ProcessId | None = None
    command: str = ""
    with_children: bool = True

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def label(self) -> str:
        return f"{self.process.pid} {self.command}" if self.process else "this host"


HOST = Target(kind="host", command="")
