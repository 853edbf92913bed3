"""Limits of a real process and their use, against getrlimit, psutil and what it was made to take."""

import resource

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.collect.limits import NAMES, LimitCollector, parse_limits
from perftui.collect.scope import Scope
from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.model.process_sections import UNLIMITED
from tests.collect.held import NO_TARGET, held_child
from tests.collect.nobody import seen_by_nobody

PROGRAM = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 128))
resource.setrlimit(resource.RLIMIT_AS, (1 << 33, resource.RLIM_INFINITY))
files = [open("/dev/null") for _ in range(20)]
open("/proc/self/oom_score_adj", "w").write("300")
print("up", flush=True)
input()
"""


def test_it_agrees_with_getrlimit_and_psutil() -> None:
    with held_child(PROGRAM) as (host, held):
        section = LimitCollector().collect(host, Scope(held, (held.process.pid,)), None)
        oracle = psutil.Process(held.process.pid)
        rows = dict(zip(section.limits.text("name"), section.limits.rows("soft", "hard", "used"), strict=True))
        assert rows["nofile"] == (64, 128, oracle.num_fds())
        assert rows["as"] == (1 << 33, UNLIMITED, oracle.memory_info().vms)
        for name, (soft, hard, _) in rows.items():
            known = getattr(resource, f"RLIMIT_{name.upper()}", None)
            if known is not None:
                shown = tuple(-1 if limit == UNLIMITED else limit for limit in (soft, hard))
                assert shown == resource.prlimit(held.process.pid, known), name
        assert rows["stack"][2] > 0
        assert rows["nproc"][2] == rows["fsize"][2] == -1
        assert section.uid == oracle.uids().real
        assert section.oom_score_adj == 300
        assert section.oom_score > 0


@pytest.mark.root
def test_only_the_count_of_descriptors_takes_a_right() -> None:
    with held_child(PROGRAM) as (_, held):
        assert seen_by_nobody("limits", held.process.pid)["oom_score_adj"] == 300


def test_no_target_is_no_data() -> None:
    with pytest.raises(NoData):
        LimitCollector().collect(Host(), NO_TARGET, None)


@given(
    st.sampled_from(sorted(NAMES)),
    st.one_of(st.none(), st.integers(0, 1 << 62)),
    st.one_of(st.none(), st.integers(0, 1 << 64)),
    st.sampled_from(["bytes", "files", ""]),
)
def test_a_line_of_the_file(words: str, soft: int | None, hard: int | None, unit: str) -> None:
    texts = ["unlimited" if limit is None else str(limit) for limit in (soft, hard)]
    line = f"{words:<25} {texts[0]:<20} {texts[1]:<20} {unit:<10}\n"
    ((name, is_soft, is_hard, is_unit),) = parse_limits(b"Limit  Soft Limit  Hard Limit  Units\n" + line.encode())
    assert (name, is_unit) == (NAMES[words], unit)
    assert is_soft == (UNLIMITED if soft is None else soft)
    assert is_hard == (UNLIMITED if hard is None else min(hard, UNLIMITED))
