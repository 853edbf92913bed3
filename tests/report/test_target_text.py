"""What was watched, in lines."""

import msgspec

from perftui.report.target_documents import ContainerDoc, GroupDoc, LimitDoc, TargetDoc
from perftui.report.target_text import group_lines, target_line

PROCESS = TargetDoc(pid=4242, start_ticks=991, kind="process", command="python app.py", processes=3)
GROUP = GroupDoc(
    path="/system.slice/web.service",
    unit="web.service",
    user_unit="",
    slice="system.slice",
    container=None,
    inner_pid=None,
)
WEB = ContainerDoc(
    runtime="docker", id="4f66ad9a" * 8, name="web", image="registry/web:1", pod="", namespace="", pod_uid=""
)


def test_the_target() -> None:
    host = TargetDoc(pid=None, start_ticks=None, kind="host", command="", processes=None)
    assert target_line(host, 8) == "this host, watched for 8.0s"
    assert target_line(PROCESS, 8) == "4242 python app.py, 3 processes, watched for 8.0s"
    unit = msgspec.structs.replace(PROCESS, kind="unit", name="web.service", processes=1)
    assert target_line(unit, 8) == "unit web.service: 4242 python app.py, watched for 8.0s"
    assert len(target_line(msgspec.structs.replace(unit, command="x" * 300), 8)) == 80


def test_the_machines_own_limits_are_no_news() -> None:
    host = LimitDoc(limit=8, by="host", where="")
    assert list(group_lines(msgspec.structs.replace(PROCESS, cpu_limit=host, memory_limit=host))) == []
    assert list(group_lines(msgspec.structs.replace(PROCESS, group=msgspec.structs.replace(GROUP, unit="")))) == []


def test_unit_and_limits() -> None:
    limited = msgspec.structs.replace(
        PROCESS,
        group=GROUP,
        cpu_limit=LimitDoc(limit=0.5, by="quota", where="/g"),
        memory_limit=LimitDoc(limit=64 << 20, by="high", where="/g"),
    )
    assert list(group_lines(limited)) == ["in unit web.service", "may use 0.5 CPUs (quota) and 64M of memory (high)"]
    user = msgspec.structs.replace(GROUP, user_unit="sync.service")
    assert list(group_lines(msgspec.structs.replace(PROCESS, group=user))) == ["in unit sync.service"]


def test_containers() -> None:
    inside = msgspec.structs.replace(GROUP, container=WEB, inner_pid=7)
    assert list(group_lines(msgspec.structs.replace(PROCESS, group=inside))) == [
        "in docker web (registry/web:1), PID 7 in there"
    ]
    pod = msgspec.structs.replace(WEB, runtime="", name="", image="", pod="cart-1", namespace="shop")
    inside = msgspec.structs.replace(GROUP, container=pod)
    assert list(group_lines(msgspec.structs.replace(PROCESS, group=inside))) == [
        "in container 4f66ad9a4f66 of pod shop/cart-1"
    ]
