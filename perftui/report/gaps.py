"""What a collector leaves out although it works: the part, the reason, and what would bring it back."""

from collections.abc import Iterator
from typing import NamedTuple

from perftui.model.sample import Sample, TargetSection

_AS_ITS_OWNER = "run as root or as the user of the target"
_TREE_COLUMNS = {
    "open files": ("fds",),
    "disk I/O": ("read_bytes_total", "write_bytes_total", "read_syscalls_total", "write_syscalls_total"),
}


class Gap(NamedTuple):
    detail: str
    remedy: str


def gaps_of(sample: Sample) -> dict[str, Gap]:
    """By the collector's name; one that leaves nothing out is not there."""
    found = dict(_bounded(sample))
    if sample.tree is not None and (hidden := _hidden(sample.tree)):
        found["tree"] = Gap(f"not readable: {', '.join(hidden)}", _AS_ITS_OWNER)
    if _without_channels(sample):
        found["threads"] = Gap("not readable: the kernel function that a thread sleeps in", _AS_ITS_OWNER)
    if (gap := _of_cgroup(sample)) is not None:
        found["cgroup"] = gap
    container = sample.group.container if sample.group else None
    if container is not None and not container.name:
        found["group"] = Gap(f"{container.label}: its name is not known", "run as root, on the host of the container")
    return found


def _bounded(sample: Sample) -> Iterator[tuple[str, Gap]]:
    """Sections that look at so many rows at most say how many they left out."""
    for field in sample.__struct_fields__:
        skipped = getattr(getattr(sample, field), "skipped", 0)
        if skipped:
            yield field.replace("_", "-"), Gap(f"{skipped} more were left out, to bound the cost", "")


def _hidden(tree: TargetSection) -> list[str]:
    """What cannot be read of any process of the target."""
    table = tree.processes
    return [
        name for name, columns in _TREE_COLUMNS.items() if all(max(table.ints(one), default=0) < 0 for one in columns)
    ]


def _without_channels(sample: Sample) -> bool:
    """The kernel answers who may not see it with a 0, so it is the right to see waits that tells."""
    waits = sample.status("waits")
    if sample.threads is None or waits is None or waits.state != "no_data":
        return False
    return not any(sample.threads.threads.text("wchan"))


def _of_cgroup(sample: Sample) -> Gap | None:
    section, group = sample.cgroup, sample.group
    if section is None or section.version == 1 or group is None or group.path == "/":
        return None  # in version 1 each hierarchy may have the target in its root, where there is nothing of its own
    parts = {"cpu": section.cpu, "memory": section.memory, "io": section.io, "pids": section.pids}
    missing = [name for name, part in parts.items() if not part]
    if not missing:
        return None
    enable = " ".join(f"+{name}" for name in missing)
    return Gap(
        f"controllers that are not enabled for the target's group: {', '.join(missing)}",
        f"write {enable} to cgroup.subtree_control of the group above (systemd: CPUAccounting=, MemoryAccounting=, "
        "IOAccounting=, TasksAccounting=)",
    )
