"""Whose a control group is: the systemd unit and the container in its path, and what the runtime calls that."""

import os
import re
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.group_sections import Container

_MARKED = re.compile(
    r"(?P<mark>docker|libpod|cri-containerd|crio|nerdctl)-(?:payload-)?(?P<id>[0-9a-f]{64})(?:\.scope)?"
)
_BARE = re.compile(r"[0-9a-f]{64}")
_RUNTIMES = {
    "docker": "docker",
    "libpod": "podman",
    "cri-containerd": "containerd",
    "crio": "cri-o",
    "nerdctl": "containerd",
}
_LXC = "lxc.payload."
_POD = re.compile(r"(?:.*-)?pod(?P<uid>[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?")
_USER = re.compile(r"/user-(\d+)\.slice/")
_USER_MANAGER = re.compile(r"user@\d+\.service")
_UNIT = re.compile(r".+\.(?:service|scope|socket|mount|swap|target|device|automount|timer|path)")

_MAX_FILE_BYTES = 4 << 20
_DOCKER = "/var/lib/docker/containers"
_STORAGE = "/var/lib/containers/storage"
_CRIO_RUN = "/run/containers/storage/overlay-containers"
_CONTAINERD_RUN = "/run/containerd/io.containerd.runtime.v2.task"
_NAMESPACES = ("k8s.io", "default", "moby")
_NAMED_BY = {
    "name": ("io.kubernetes.cri.container-name", "io.kubernetes.container.name", "nerdctl/name"),
    "pod": ("io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"),
    "namespace": ("io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"),
    "image": ("io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName"),
}
"""Annotations and labels of containerd's CRI, CRI-O, the kubelet's docker shim, nerdctl."""


class _DockerConfig(msgspec.Struct):
    image: str = msgspec.field(name="Image", default="")
    labels: dict[str, str] | None = msgspec.field(name="Labels", default=None)


class _DockerFile(msgspec.Struct):
    """``config.v2.json``."""

    name: str = msgspec.field(name="Name", default="")
    config: _DockerConfig = msgspec.field(name="Config", default_factory=_DockerConfig)


class _StoredContainer(msgspec.Struct):
    """An entry of ``containers.json``; ``metadata`` is JSON again."""

    id: str = ""
    names: tuple[str, ...] | None = None
    metadata: str = ""


class _StoredMetadata(msgspec.Struct):
    image: str = msgspec.field(name="image-name", default="")


class _BundleFile(msgspec.Struct):
    """``config.json`` of an OCI bundle."""

    annotations: dict[str, str] = {}


_Document = TypeVar("_Document")


def unit_of(path: str) -> tuple[str, str, str]:
    """The system manager's unit, the user manager's unit, and the innermost slice; empty where there is none.

    A unit is the first name below slices; what is below a unit is the unit's own business.
    """
    slices: list[str] = []
    units = ["", ""]
    at = 0
    for name in map(_unescaped, filter(None, path.split("/"))):
        if name.endswith(".slice"):
            slices.append(name)
        elif not _UNIT.fullmatch(name):
            break
        else:
            units[at] = name
            if at or not _USER_MANAGER.fullmatch(name):
                break
            at = 1
    return visible(units[0]), visible(units[1]), visible(slices[-1] if slices else "")


def _unescaped(name: str) -> str:
    """systemd puts ``_`` before a unit's name that could be taken for a file of the kernel."""
    return name.removeprefix("_")


def container_of(path: str) -> Container | None:
    """The innermost container that a control group is in, or is."""
    parts = path.split("/")
    found = (container_at("/".join(parts[:end])) for end in range(len(parts), 1, -1))
    return next((container for container in found if container is not None), None)


def container_at(path: str) -> Container | None:
    """The container whose own group this is."""
    *above, name = path.split("/")
    parent = above[-1] if above else ""
    marked = _MARKED.fullmatch(name)
    if marked:
        return Container(runtime=_RUNTIMES[marked["mark"]], id=marked["id"], pod_uid=_pod_uid(above))
    if _BARE.fullmatch(name):
        return Container(runtime="docker" if parent == "docker" else "", id=name, pod_uid=_pod_uid(above))
    if name.startswith(_LXC) and name != _LXC:
        return Container(runtime="lxc", id=visible(name.removeprefix(_LXC)), name=visible(name.removeprefix(_LXC)))
    if parent in ("lxc", "lxc.payload") and name:
        return Container(runtime="lxc", id=visible(name), name=visible(name))
    return None


def _pod_uid(above: list[str]) -> str:
    matches = (_POD.fullmatch(name) for name in reversed(above))
    return next((match["uid"].replace("_", "-") for match in matches if match), "")


def named(host: Host, container: Container, path: str) -> Container:
    """With the names that its runtime has written down, as far as they may be read. ``path`` is its group's."""
    match container.runtime:
        case "docker":
            found = _from_docker(host, container)
        case "podman":
            found = _from_storage(host, container, path)
        case "cri-o":
            bundle = f"{_CRIO_RUN}/{container.id}/userdata/config.json"
            found = _from_bundle(host, container, bundle, "cri-o")
        case "lxc":
            found = None
        case _:
            found = _from_containerd(host, container) or _from_docker(host, container)
    return found or container


def _from_docker(host: Host, container: Container) -> Container | None:
    file = _read(host, f"{_DOCKER}/{container.id}/config.v2.json", _DockerFile)
    if file is None:
        return None
    labelled = _with_labels(container, file.config.labels or {}, "docker")
    name = labelled.name or visible(file.name.removeprefix("/"))
    return msgspec.structs.replace(labelled, name=name, image=labelled.image or visible(file.config.image))


def _from_storage(host: Host, container: Container, path: str) -> Container | None:
    for storage in _storages(host, path):
        for file in ("containers.json", "volatile-containers.json"):
            entries = _read(host, f"{storage}/overlay-containers/{file}", list[_StoredContainer]) or []
            for entry in entries:
                if entry.id == container.id:
                    name = entry.names[0] if entry.names else ""
                    return msgspec.structs.replace(container, name=visible(name), image=_stored_image(entry.metadata))
    return None


def _storages(host: Host, path: str) -> Iterator[str]:
    """Root's, or that of the user in whose slice the container runs."""
    user = _USER.search(path)
    if user is None:
        yield _STORAGE
        return
    try:
        accounts = host.read("/etc/passwd").decode("utf-8", "replace").splitlines()
    except NoData:
        return
    for account in (line.split(":") for line in accounts):
        if len(account) > 5 and account[2] == user[1] and account[5].startswith("/"):
            yield f"{account[5].rstrip('/')}/.local/share/containers/storage"


def _stored_image(metadata: str) -> str:
    try:
        return visible(msgspec.json.decode(metadata, type=_StoredMetadata).image)
    except msgspec.MsgspecError:
        return ""


def _from_containerd(host: Host, container: Container) -> Container | None:
    bundles = (f"{_CONTAINERD_RUN}/{namespace}/{container.id}/config.json" for namespace in _NAMESPACES)
    found = (_from_bundle(host, container, bundle, "containerd") for bundle in bundles)
    return next((named for named in found if named is not None), None)


def _from_bundle(host: Host, container: Container, path: str, runtime: str) -> Container | None:
    file = _read(host, path, _BundleFile)
    return None if file is None else _with_labels(container, file.annotations, runtime)


def _with_labels(container: Container, labels: dict[str, str], runtime: str) -> Container:
    names = {
        field: next((visible(labels[key]) for key in keys if labels.get(key)), "") for field, keys in _NAMED_BY.items()
    }
    return msgspec.structs.replace(container, runtime=container.runtime or runtime, **names)


def _read(host: Host, path: str, kind: type[_Document]) -> _Document | None:
    try:
        return msgspec.json.decode(host.read_plain(path, _MAX_FILE_BYTES), type=kind)
    except (NoData, OSError, msgspec.MsgspecError):
        return None  # a name is an extra: without it the id stands


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """A container runtime that is on this host, and whether its containers' names may be read."""

    name: str
    readable: bool


_PLACES = {"docker": _DOCKER, "podman": _STORAGE, "containerd": _CONTAINERD_RUN, "cri-o": "/run/crio"}


def runtimes(host: Host) -> tuple[Runtime, ...]:
    found = []
    for name, path in _PLACES.items():
        try:
            host.names(path)
            found.append(Runtime(name=name, readable=True))
        except NoData as error:
            if isinstance(error.__cause__, PermissionError):
                found.append(Runtime(name=name, readable=False))
    return tuple(found)


def inside(host: Host) -> str:
    """The kind of container that this very program runs in, as the runtimes mark it; empty when in none."""
    for runtime, mark in (("podman", "/run/.containerenv"), ("docker", "/.dockerenv")):
        if host.exists(mark):
            return runtime
    try:
        environment = host.read("/proc/1/environ").split(b"\0")
    except NoData:
        return ""
    marks = (os.fsdecode(entry[len(b"container=") :]) for entry in environment if entry.startswith(b"container="))
    return visible(next(marks, ""), 32)
