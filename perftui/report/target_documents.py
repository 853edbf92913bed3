"""What was watched, as the published JSON documents tell it, and the base of them all."""

from typing import Literal

import msgspec


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything published."""


class ContainerDoc(Document, frozen=True, kw_only=True):
    """A container; ``runtime`` and the names are empty where they are not known."""

    runtime: str
    id: str
    name: str
    image: str
    pod: str
    namespace: str
    pod_uid: str


class GroupDoc(Document, frozen=True, kw_only=True):
    """Whose the target is. ``inner_pid`` is its PID in its own PID namespace, null where that is perftui's."""

    path: str
    unit: str
    user_unit: str
    slice: str
    container: ContainerDoc | None
    inner_pid: int | None


class LimitDoc(Document, frozen=True, kw_only=True):
    """The tightest limit of all: ``by`` is quota, cpuset, affinity, limit, high or host; ``where`` names its group."""

    limit: float
    by: str
    where: str


class TargetDoc(Document, frozen=True, kw_only=True):
    """What was watched. For the whole host all but ``kind`` is null or empty.

    For a group ``pid`` is its main process, ``name`` what the group is called. ``cpu_limit`` is in CPUs,
    ``memory_limit`` in bytes, as they hold for the target.
    """

    pid: int | None
    start_ticks: int | None
    kind: Literal["host", "process", "unit", "cgroup", "container"]
    command: str
    processes: int | None
    name: str = ""
    group: GroupDoc | None = None
    cpu_limit: LimitDoc | None = None
    memory_limit: LimitDoc | None = None
