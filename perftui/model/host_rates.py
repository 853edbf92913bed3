"""What reclaim, interrupts and protocols did between two readings.

Each function takes an older and a newer section and the seconds between them. A counter that went backwards has grown
by nothing; what the kernel does not count is None.
"""

import msgspec

from perftui.model.host_sections import InterruptSection, NetCounters, ProtocolSection, SoftnetSection, VmSection
from perftui.model.rates import paired_rows, per_s, rise
from perftui.model.sample import MemorySection
from perftui.model.table import Table


class MemoryUse(msgspec.Struct, frozen=True, kw_only=True):
    """``oom_kills`` is a number of processes, not a rate."""

    major_faults_per_s: float
    swap_in_bytes_per_s: float
    swap_out_bytes_per_s: float
    oom_kills: int


class VmUse(msgspec.Struct, frozen=True, kw_only=True):
    """Pages a second, events for faults, stalls and fallbacks; ``reclaim_ratio`` is pages freed of those looked at.

    ``direct`` is reclaim that a task has to do itself because kswapd does not keep up.
    """

    faults_per_s: float | None
    scanned_pages_per_s: float | None
    direct_scanned_pages_per_s: float | None
    reclaimed_pages_per_s: float | None
    reclaim_ratio: float | None
    allocation_stalls_per_s: float | None
    file_refaults_per_s: float | None
    anon_refaults_per_s: float | None
    compaction_stalls_per_s: float | None
    compaction_fails_per_s: float | None
    huge_page_faults_per_s: float | None
    huge_page_fallbacks_per_s: float | None
    zswap_in_pages_per_s: float | None
    zswap_out_pages_per_s: float | None
    numa_migrated_pages_per_s: float | None
    dirtied_bytes_per_s: float | None
    written_back_bytes_per_s: float | None


class LineUse(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``/proc/interrupts``; ``busiest_cpu`` is None for one that counts the whole machine."""

    name: str
    device: str
    per_s: float
    busiest_cpu: int | None


class CpuInterrupts(msgspec.Struct, frozen=True, kw_only=True):
    """One CPU; ``softirqs`` by their kind (``net_rx``), per second."""

    cpu: int
    interrupts_per_s: float
    softirqs: dict[str, float]


class InterruptUse(msgspec.Struct, frozen=True, kw_only=True):
    """``lines``: the busiest first."""

    lines: tuple[LineUse, ...]
    cpus: tuple[CpuInterrupts, ...]


class SoftnetCpu(msgspec.Struct, frozen=True, kw_only=True):
    cpu: int
    processed_per_s: float
    dropped_per_s: float
    squeezed_per_s: float
    backlog: int | None


class SoftnetUse(msgspec.Struct, frozen=True, kw_only=True):
    cpus: tuple[SoftnetCpu, ...]

    @property
    def processed_per_s(self) -> float:
        return sum(cpu.processed_per_s for cpu in self.cpus)

    @property
    def dropped_per_s(self) -> float:
        return sum(cpu.dropped_per_s for cpu in self.cpus)

    @property
    def squeezed_per_s(self) -> float:
        return sum(cpu.squeezed_per_s for cpu in self.cpus)


class NetUse(msgspec.Struct, frozen=True, kw_only=True):
    """The protocols of one network namespace: each counter of ``NetCounters`` per second.

    ``retransmit_ratio`` is of the segments sent, None when nothing was sent.
    """

    retransmit_ratio: float | None
    tcp_active_opens_per_s: float | None
    tcp_passive_opens_per_s: float | None
    tcp_attempt_fails_per_s: float | None
    tcp_resets_per_s: float | None
    tcp_resets_sent_per_s: float | None
    tcp_in_segments_per_s: float | None
    tcp_out_segments_per_s: float | None
    tcp_retransmits_per_s: float | None
    tcp_in_errors_per_s: float | None
    tcp_timeouts_per_s: float | None
    tcp_syn_retransmits_per_s: float | None
    tcp_lost_retransmits_per_s: float | None
    tcp_aborts_on_timeout_per_s: float | None
    tcp_aborts_on_memory_per_s: float | None
    tcp_listen_overflows_per_s: float | None
    tcp_listen_drops_per_s: float | None
    tcp_request_queue_drops_per_s: float | None
    tcp_syncookies_sent_per_s: float | None
    tcp_backlog_drops_per_s: float | None
    tcp_receive_queue_drops_per_s: float | None
    tcp_pruned_per_s: float | None
    tcp_collapsed_per_s: float | None
    tcp_memory_pressures_per_s: float | None
    tcp_zero_windows_per_s: float | None
    udp_in_datagrams_per_s: float | None
    udp_out_datagrams_per_s: float | None
    udp_no_ports_per_s: float | None
    udp_in_errors_per_s: float | None
    udp_receive_buffer_errors_per_s: float | None
    udp_send_buffer_errors_per_s: float | None
    ip_in_discards_per_s: float | None
    ip_out_discards_per_s: float | None
    ip_no_routes_per_s: float | None
    ip_reassembly_fails_per_s: float | None


class ProtocolUse(msgspec.Struct, frozen=True, kw_only=True):
    """``target`` is None where the target is in our namespace; ``conntrack_ratio`` is the fill of the table."""

    host: NetUse
    target: NetUse | None
    conntrack_ratio: float | None


def memory_use(older: MemorySection, newer: MemorySection, seconds: float) -> MemoryUse:
    return MemoryUse(
        major_faults_per_s=rise(newer.major_faults_total, older.major_faults_total) / seconds,
        swap_in_bytes_per_s=rise(newer.swap_in_pages_total, older.swap_in_pages_total) * newer.page_bytes / seconds,
        swap_out_bytes_per_s=rise(newer.swap_out_pages_total, older.swap_out_pages_total) * newer.page_bytes / seconds,
        oom_kills=rise(newer.oom_kills_total, older.oom_kills_total),
    )


def vm_use(older: VmSection, newer: VmSection, seconds: float) -> VmUse:
    def rate(*names: str, factor: int = 1) -> float | None:
        rates = [per_s(getattr(older, f"{name}_total"), getattr(newer, f"{name}_total"), seconds) for name in names]
        known = [each for each in rates if each is not None]
        return factor * sum(known) if known else None

    scanned, reclaimed = rate("pgscan_kswapd", "pgscan_direct"), rate("pgsteal_kswapd", "pgsteal_direct")
    return VmUse(
        faults_per_s=rate("pgfault"),
        scanned_pages_per_s=scanned,
        direct_scanned_pages_per_s=rate("pgscan_direct"),
        reclaimed_pages_per_s=reclaimed,
        reclaim_ratio=min(1.0, reclaimed / scanned) if scanned and reclaimed is not None else None,
        allocation_stalls_per_s=rate("allocstall"),
        file_refaults_per_s=rate("workingset_refault_file"),
        anon_refaults_per_s=rate("workingset_refault_anon"),
        compaction_stalls_per_s=rate("compact_stall"),
        compaction_fails_per_s=rate("compact_fail"),
        huge_page_faults_per_s=rate("thp_fault_alloc"),
        huge_page_fallbacks_per_s=rate("thp_fault_fallback"),
        zswap_in_pages_per_s=rate("zswpin"),
        zswap_out_pages_per_s=rate("zswpout"),
        numa_migrated_pages_per_s=rate("numa_pages_migrated"),
        dirtied_bytes_per_s=rate("nr_dirtied", factor=newer.page_bytes),
        written_back_bytes_per_s=rate("nr_written", factor=newer.page_bytes),
    )


def interrupt_use(older: InterruptSection, newer: InterruptSection, seconds: float) -> InterruptUse:
    """Lines that are among the busiest in both readings."""
    was = dict(zip(older.lines.text("name"), older.lines.ints("count_total"), strict=True))
    rows = zip(
        newer.lines.text("name"),
        newer.lines.text("device"),
        newer.lines.rows("count_total", "busiest_cpu"),
        strict=True,
    )
    lines = [
        LineUse(name=name, device=device, per_s=rise(total, was[name]) / seconds, busiest_cpu=cpu if cpu >= 0 else None)
        for name, device, (total, cpu) in rows
        if name in was
    ]
    kinds = [name for name in newer.cpus.columns if name not in ("cpu", "interrupts_total")]
    cpus = [
        CpuInterrupts(
            cpu=newer.cpus.ints("cpu")[now],
            interrupts_per_s=grown(older.cpus, newer.cpus, "interrupts_total", before, now) / seconds,
            softirqs={
                kind.removesuffix("_total"): grown(older.cpus, newer.cpus, kind, before, now) / seconds
                for kind in kinds
            },
        )
        for before, now in paired_rows(older.cpus, newer.cpus, key=("cpu",))
    ]
    return InterruptUse(lines=tuple(sorted(lines, key=lambda line: -line.per_s)), cpus=tuple(cpus))


def softnet_use(older: SoftnetSection, newer: SoftnetSection, seconds: float) -> SoftnetUse:
    return SoftnetUse(
        cpus=tuple(
            SoftnetCpu(
                cpu=newer.cpus.ints("cpu")[now],
                processed_per_s=grown(older.cpus, newer.cpus, "processed_total", was, now) / seconds,
                dropped_per_s=grown(older.cpus, newer.cpus, "dropped_total", was, now) / seconds,
                squeezed_per_s=grown(older.cpus, newer.cpus, "squeezed_total", was, now) / seconds,
                backlog=backlog if (backlog := newer.cpus.ints("backlog")[now]) >= 0 else None,
            )
            for was, now in paired_rows(older.cpus, newer.cpus, key=("cpu",))
        )
    )


_COUNTED = tuple(name for name in NetCounters.__struct_fields__ if name.endswith("_total"))


def protocol_use(older: ProtocolSection, newer: ProtocolSection, seconds: float) -> ProtocolUse:
    count, most = newer.conntrack_count, newer.conntrack_max
    return ProtocolUse(
        host=_net_use(older.host, newer.host, seconds),
        target=_net_use(older.target, newer.target, seconds) if older.target and newer.target else None,
        conntrack_ratio=count / most if count is not None and most else None,
    )


def _net_use(older: NetCounters, newer: NetCounters, seconds: float) -> NetUse:
    rates = {
        f"{name.removesuffix('_total')}_per_s": per_s(getattr(older, name), getattr(newer, name), seconds)
        for name in _COUNTED
    }
    sent, again = rates["tcp_out_segments_per_s"], rates["tcp_retransmits_per_s"]
    return NetUse(retransmit_ratio=again / sent if sent and again is not None else None, **rates)


def grown(older: Table, newer: Table, column: str, was: int, now: int) -> int:
    """The rise of a counter between a row of the older and one of the newer table."""
    return rise(newer.ints(column)[now], older.ints(column)[was])
