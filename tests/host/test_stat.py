"""The parsers hold whatever a process calls itself."""

import os

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.host.procfs import Host
from perftui.host.stat import first_int, int_field, parse_fields, parse_stat, soft_limit, split_stat

COMMS = st.one_of(
    st.binary(max_size=15),
    st.sampled_from([b"a) R (b", b") S 1 1 1", b"((()))", b"x\ny", b"", b" ", b"0) Z 0 0"]),
)


@given(COMMS, st.lists(st.integers(-(2**31), 2**63 - 1), min_size=49, max_size=49), st.sampled_from("RSDZTtXI"))
def test_any_name_leaves_the_fields_in_their_place(comm: bytes, numbers: list[int], state: str) -> None:
    raw = b"4242 (" + comm + b") " + state.encode() + b" " + b" ".join(str(n).encode() for n in numbers) + b"\n"
    stat = parse_stat(raw)
    assert (stat.pid, stat.comm, stat.state) == (4242, comm, state)
    assert (stat.ppid, stat.session) == (numbers[0], numbers[2])
    assert (stat.minflt, stat.majflt, stat.utime, stat.stime) == (numbers[6], numbers[8], numbers[10], numbers[11])
    assert (stat.priority, stat.nice, stat.num_threads) == (numbers[14], numbers[15], numbers[16])
    assert (stat.starttime, stat.rss_pages) == (numbers[18], numbers[20])
    assert (stat.processor, stat.rt_priority, stat.policy) == (numbers[35], numbers[36], numbers[37])
    assert split_stat(raw)[0] == comm


@given(st.binary(max_size=200))
def test_what_is_no_stat_line_is_a_value_error(raw: bytes) -> None:
    try:
        stat = parse_stat(raw)
    except ValueError:
        return
    assert stat.num_threads is not None


def test_own_line_agrees_with_psutil() -> None:
    host = Host()
    stat = parse_stat(host.read(f"/proc/{os.getpid()}/stat"))
    own = psutil.Process()
    assert stat.ppid == own.ppid()
    assert stat.nice == own.nice()
    assert stat.session == os.getsid(0)
    boot = psutil.boot_time()
    assert boot + stat.starttime / host.ticks_per_second == pytest.approx(own.create_time(), abs=0.02)


def test_status_fields() -> None:
    raw = (
        b"Name:\tx\nVmSwap:\t     123 kB\nTracerPid:\t0\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t9\n"
    )
    assert parse_fields(raw)[b"VmSwap"] == b"123 kB"
    assert first_int(parse_fields(raw).get(b"VmSwap")) == int_field(raw, b"VmSwap") == 123
    assert int_field(raw, b"voluntary_ctxt_switches") == 7
    assert int_field(raw, b"nonvoluntary_ctxt_switches") == 9
    assert first_int(None) == int_field(raw, b"VmRSS") == -1


def test_soft_limit_agrees_with_the_kernel() -> None:
    import resource

    raw = Host().read("/proc/self/limits")
    assert soft_limit(raw, b"Max open files") == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert soft_limit(b"Max cpu time    unlimited    unlimited   seconds\n", b"Max cpu time") == -1
    assert soft_limit(raw, b"Max nonsense") == -1
