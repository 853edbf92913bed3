"""Rates of reclaim, interrupts and protocols."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.host_rates import NetUse, interrupt_use, memory_use, protocol_use, softnet_use, vm_use
from perftui.model.host_sections import InterruptSection, NetCounters, ProtocolSection, SoftnetSection, VmSection
from perftui.model.interval import Interval
from perftui.model.sample import MemorySection
from perftui.model.table import Table
from tests.model.test_interval import SECOND, sample

COUNTED = [name for name in NetCounters.__struct_fields__ if name.endswith("_total")]


def vm(at: int = 0, **counters: int) -> VmSection:
    return VmSection(monotonic_ns=at, page_bytes=4096, **counters)


def test_swap_is_in_bytes_and_kills_are_a_number() -> None:
    base = dict.fromkeys(MemorySection.__struct_fields__, 0) | {"page_bytes": 16384}
    older = MemorySection(**base)
    newer = MemorySection(**base | {"swap_in_pages_total": 10, "swap_out_pages_total": 4, "oom_kills_total": 2})
    use = memory_use(older, newer, 2.0)
    assert (use.swap_in_bytes_per_s, use.swap_out_bytes_per_s, use.oom_kills) == (5 * 16384, 2 * 16384, 2)


def test_reclaim_by_whoever_does_it() -> None:
    older = vm(pgscan_kswapd_total=100, pgscan_direct_total=0, pgsteal_kswapd_total=50, pgsteal_direct_total=0)
    newer = vm(pgscan_kswapd_total=300, pgscan_direct_total=200, pgsteal_kswapd_total=150, pgsteal_direct_total=100)
    use = vm_use(older, newer, 2.0)
    assert (use.scanned_pages_per_s, use.direct_scanned_pages_per_s, use.reclaimed_pages_per_s) == (200, 100, 100)
    assert use.reclaim_ratio == 0.5
    assert use.compaction_stalls_per_s is None


def test_without_reclaim_there_is_no_ratio() -> None:
    assert vm_use(vm(pgscan_kswapd_total=5), vm(pgscan_kswapd_total=5), 1.0).reclaim_ratio is None


def test_dirty_pages_are_bytes() -> None:
    use = vm_use(vm(nr_dirtied_total=0), vm(nr_dirtied_total=10), 1.0)
    assert use.dirtied_bytes_per_s == 40_960


def interrupts(at: int, lines: dict[str, tuple[int, int]], cpus: dict[int, tuple[int, int]]) -> InterruptSection:
    """Name → count, CPU; CPU → interrupts, net_rx."""
    return InterruptSection(
        monotonic_ns=at,
        lines=Table.of(
            {
                "count_total": [count for count, _ in lines.values()],
                "busiest_cpu": [cpu for _, cpu in lines.values()],
                "busiest_total": [count for count, _ in lines.values()],
            },
            {"name": list(lines), "device": [f"{name}-device" for name in lines]},
        ),
        cpus=Table.of(
            {
                "cpu": list(cpus),
                "interrupts_total": [count for count, _ in cpus.values()],
                "net_rx_total": [count for _, count in cpus.values()],
            }
        ),
    )


def test_the_busiest_line_comes_first_and_a_new_one_waits() -> None:
    older = interrupts(0, {"24": (10, 0), "LOC": (0, 1)}, {0: (0, 0), 1: (5, 5)})
    newer = interrupts(0, {"24": (14, 0), "LOC": (100, 1), "ERR": (9, -1)}, {0: (10, 20), 2: (1, 1)})
    use = interrupt_use(older, newer, 2.0)
    assert [(line.name, line.per_s, line.busiest_cpu) for line in use.lines] == [("LOC", 50.0, 1), ("24", 2.0, 0)]
    assert [(cpu.cpu, cpu.interrupts_per_s, cpu.softirqs) for cpu in use.cpus] == [(0, 5.0, {"net_rx": 10.0})]


def test_softnet_of_all_cpus() -> None:
    def section(processed: int, dropped: int, squeezed: int) -> SoftnetSection:
        columns = {"processed_total": processed, "dropped_total": dropped, "squeezed_total": squeezed, "backlog": -1}
        return SoftnetSection(
            monotonic_ns=0, cpus=Table.of({"cpu": [0, 1], **{name: [figure] * 2 for name, figure in columns.items()}})
        )

    use = softnet_use(section(0, 0, 0), section(10, 4, 2), 2.0)
    assert (use.processed_per_s, use.dropped_per_s, use.squeezed_per_s) == (10, 4, 2)
    assert use.cpus[0].backlog is None


def protocols(at: int, target: NetCounters | None = None, **counters: int) -> ProtocolSection:
    host = NetCounters(**counters)
    return ProtocolSection(monotonic_ns=at, host=host, target=target, conntrack_count=30, conntrack_max=40)


def test_retransmits_are_of_what_was_sent() -> None:
    older = protocols(0, tcp_out_segments_total=100, tcp_retransmits_total=0)
    newer = protocols(0, tcp_out_segments_total=300, tcp_retransmits_total=3)
    use = protocol_use(older, newer, 1.0)
    assert use.host.retransmit_ratio == 0.015
    assert use.host.tcp_listen_overflows_per_s is None
    assert use.conntrack_ratio == 0.75
    assert use.target is None
    assert protocol_use(older, older, 1.0).host.retransmit_ratio is None


def test_the_target_s_namespace_is_apart() -> None:
    older = protocols(0, NetCounters(tcp_timeouts_total=1), tcp_timeouts_total=50)
    newer = protocols(0, NetCounters(tcp_timeouts_total=3), tcp_timeouts_total=50)
    use = protocol_use(older, newer, 2.0)
    assert use.target is not None
    assert (use.target.tcp_timeouts_per_s, use.host.tcp_timeouts_per_s) == (1.0, 0.0)


def test_every_counter_has_its_rate() -> None:
    rates = {f"{name.removesuffix('_total')}_per_s" for name in COUNTED}
    assert set(NetUse.__struct_fields__) == rates | {"retransmit_ratio"}


@given(st.dictionaries(st.sampled_from(COUNTED), st.tuples(st.integers(0, 2**40), st.integers(0, 2**40))))
def test_no_rate_is_negative_or_made_up(counted: dict[str, tuple[int, int]]) -> None:
    older, newer = (
        ProtocolSection(monotonic_ns=0, host=NetCounters(**{name: both[at] for name, both in counted.items()}))
        for at in (0, 1)
    )
    rates = msgspec.structs.asdict(protocol_use(older, newer, 1.0).host)
    for name in COUNTED:
        rate = rates[f"{name.removesuffix('_total')}_per_s"]
        assert rate == (max(0, counted[name][1] - counted[name][0]) if name in counted else None)


def test_an_interval_takes_the_reading_before_of_a_slow_section() -> None:
    first = interrupts(0, {"24": (0, 0)}, {0: (0, 0)})
    second = interrupts(5 * SECOND, {"24": (50, 0)}, {0: (100, 0)})
    samples = [sample(0, interrupts=first), *(sample(at * SECOND, interrupts=second) for at in (5, 6))]
    interval = Interval.between(samples[1], samples[2], earlier=(samples[0],))
    assert interval.interrupts is not None
    assert interval.interrupts.lines[0].per_s == 10
    assert interval.interrupts.cpus[0].interrupts_per_s == 20
    assert Interval.between(samples[1], samples[2]).interrupts is None


def test_a_reading_that_rides_along_in_two_samples_is_compared_with_the_one_before() -> None:
    first = sample(0, vm=vm(0, pgfault_total=0), protocols=protocols(0, tcp_resets_total=0))
    vm_later, protocols_later = vm(2 * SECOND, pgfault_total=8), protocols(2 * SECOND, tcp_resets_total=4)
    second, third = (sample(at * SECOND, vm=vm_later, protocols=protocols_later) for at in (2, 3))
    for newer, earlier in ((second, ()), (third, (first,))):
        interval = Interval.between(second if earlier else first, newer, earlier=earlier)
        assert interval.vm is not None
        assert interval.vm.faults_per_s == 4
        assert interval.protocols is not None
        assert interval.protocols.host.tcp_resets_per_s == 2


def test_views_of_an_interval() -> None:
    older = sample(0, vm=vm(0, pgfault_total=0), protocols=protocols(0, tcp_resets_total=0))
    newer = sample(SECOND, vm=vm(2 * SECOND, pgfault_total=8), protocols=protocols(SECOND, tcp_resets_total=4))
    interval = Interval.between(older, newer)
    assert interval.vm is not None
    assert interval.vm.faults_per_s == 4  # of the section's own time
    assert interval.protocols is not None
    assert interval.protocols.host.tcp_resets_per_s == pytest.approx(4)
    assert interval.softnet is None
    assert interval.memory is None
    assert interval.partitions is None
    assert interval.target_networks is None
