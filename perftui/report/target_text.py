"""What was watched, whose it is, and what it may use, in lines of text."""

from collections.abc import Iterator

from perftui.model.group_sections import SHORT_ID
from perftui.model.units import bytes_text, duration_text
from perftui.report.layout import WIDTH, clipped
from perftui.report.target_documents import ContainerDoc, TargetDoc


def target_line(target: TargetDoc, seconds: float) -> str:
    watched = f"watched for {duration_text(seconds)}"
    if target.pid is None:
        return f"this host, {watched}"
    processes = target.processes or 1
    tail = f", {processes} processes, {watched}" if processes > 1 else f", {watched}"
    name = f"{target.kind} {target.name}: " if target.name else ""
    return clipped(f"{name}{target.pid} {target.command}", WIDTH - len(tail)) + tail


def group_lines(target: TargetDoc) -> Iterator[str]:
    """Its container and unit, and its limits where they are less than the machine; none where there is none."""
    group = target.group
    if group is not None and (group.container or group.unit):
        parts = [_container_text(group.container)] if group.container else []
        parts += [f"unit {group.user_unit or group.unit}"] if group.unit and group.container is None else []
        parts += [f"PID {group.inner_pid} in there"] if group.inner_pid else []
        yield clipped(f"in {', '.join(parts)}", WIDTH)
    limits = []
    if target.cpu_limit and target.cpu_limit.by != "host":
        limits.append(f"{target.cpu_limit.limit:.3g} CPUs ({target.cpu_limit.by})")
    if target.memory_limit and target.memory_limit.by != "host":
        limits.append(f"{bytes_text(target.memory_limit.limit)} of memory ({target.memory_limit.by})")
    if limits:
        yield f"may use {' and '.join(limits)}"


def _container_text(container: ContainerDoc) -> str:
    called = container.name or container.id[:SHORT_ID]
    pod = f" of pod {container.namespace}/{container.pod}" if container.pod else ""
    image = f" ({container.image})" if container.image else ""
    return f"{container.runtime or 'container'} {called}{pod}{image}"
