import os

from hypothesis import given
from hypothesis import strategies as st

from perftui.host.affinity import affinity, cpu_list_text
from perftui.model.units import cpu_list


@given(st.frozensets(st.integers(0, 1023)))
def test_lists_read_back_as_they_were(cpus: frozenset[int]) -> None:
    assert cpu_list(cpu_list_text(cpus)) == tuple(sorted(cpus))


def test_runs_are_joined_as_the_kernel_joins_them() -> None:
    assert cpu_list_text({5, 0, 2, 1}) == "0-2,5"
    assert cpu_list_text(()) == ""


def test_the_own_affinity() -> None:
    assert cpu_list(affinity(0)) == tuple(sorted(os.sched_getaffinity(0)))
