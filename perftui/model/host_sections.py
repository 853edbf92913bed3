"""The host beyond its first figures: reclaim, interrupts, protocols, links, clocks, file systems, sensors, nodes.

``-1`` in a column and ``None`` in a field: this kernel or device does not tell.
"""

from typing import Literal

import msgspec

from perftui.model.section import Section
from perftui.model.table import Table


class VmSection(Section, frozen=True, kw_only=True):
    """``/proc/vmstat`` beyond ``MemorySection``.

    Counters have the kernel's names and are pages of ``page_bytes``, but for faults, stalls and the ``compact`` and
    ``thp`` ones, which are events. ``allocstall`` is the sum over all zones; a kernel before 5.9 does not tell refaults
    of anonymous pages apart and counts them as those of files.
    """

    page_bytes: int
    pgfault_total: int | None = None
    pgscan_kswapd_total: int | None = None
    pgscan_direct_total: int | None = None
    pgsteal_kswapd_total: int | None = None
    pgsteal_direct_total: int | None = None
    allocstall_total: int | None = None
    workingset_refault_anon_total: int | None = None
    workingset_refault_file_total: int | None = None
    compact_stall_total: int | None = None
    compact_fail_total: int | None = None
    compact_success_total: int | None = None
    thp_fault_alloc_total: int | None = None
    thp_fault_fallback_total: int | None = None
    thp_collapse_alloc_total: int | None = None
    thp_split_page_total: int | None = None
    zswpin_total: int | None = None
    zswpout_total: int | None = None
    zswpwb_total: int | None = None
    numa_hint_faults_total: int | None = None
    numa_pages_migrated_total: int | None = None
    nr_dirtied_total: int | None = None
    nr_written_total: int | None = None
    dirty_limit_bytes: int | None = None
    dirty_background_bytes: int | None = None


class SwapSection(Section, frozen=True, kw_only=True):
    """``/proc/swaps`` and ``/sys/block/zram*``: where pages are swapped to.

    ``areas``: text columns ``name type`` (``partition`` or ``file``), columns ``size_bytes used_bytes priority``.
    ``zram`` has a row per device in use: text column ``name``, columns ``disk_bytes stored_bytes compressed_bytes
    used_bytes limit_bytes`` (stored before and after compression, memory it takes, 0 for no limit).
    """

    areas: Table
    zram: Table


class InterruptSection(Section, frozen=True, kw_only=True):
    """``/proc/interrupts`` and ``/proc/softirqs``, the rows that matter.

    ``lines`` has the busiest rows: columns ``count_total busiest_cpu busiest_total``, text columns ``name`` (``24`` or
    ``LOC``) and ``device``. ``cpus`` has a row per online CPU: ``cpu interrupts_total`` and a column per kind of soft
    interrupt, named as in the kernel in small letters (``net_rx_total``, ``timer_total``, …).
    """

    lines: Table
    cpus: Table


class SoftnetSection(Section, frozen=True, kw_only=True):
    """``/proc/net/softnet_stat``: a row per online CPU.

    Columns ``cpu processed_total dropped_total squeezed_total steered_total flow_limit_total backlog``: packets taken
    from the queues, packets lost because ``net.core.netdev_max_backlog`` was reached, polls cut short with work left,
    wake-ups by packet steering, packets lost to the flow limit, packets waiting now (-1 before Linux 5.10).
    """

    cpus: Table


class NetCounters(msgspec.Struct, frozen=True, kw_only=True):
    """The protocols of one network namespace; the kernel's own name stands in ``collect/protocols.py``.

    UDP counts IPv4 and IPv6 together (TCP's counters do so in the kernel). ``tcp_established``, what begins with
    ``sockets`` or ends in ``_sockets``, and the ``_pages`` of buffers are levels, all else are counters.
    """

    tcp_active_opens_total: int | None = None
    tcp_passive_opens_total: int | None = None
    tcp_attempt_fails_total: int | None = None
    tcp_resets_total: int | None = None
    tcp_resets_sent_total: int | None = None
    tcp_established: int | None = None
    tcp_in_segments_total: int | None = None
    tcp_out_segments_total: int | None = None
    tcp_retransmits_total: int | None = None
    tcp_in_errors_total: int | None = None
    tcp_timeouts_total: int | None = None
    tcp_syn_retransmits_total: int | None = None
    tcp_lost_retransmits_total: int | None = None
    tcp_aborts_on_timeout_total: int | None = None
    tcp_aborts_on_memory_total: int | None = None
    tcp_listen_overflows_total: int | None = None
    tcp_listen_drops_total: int | None = None
    tcp_request_queue_drops_total: int | None = None
    tcp_syncookies_sent_total: int | None = None
    tcp_backlog_drops_total: int | None = None
    tcp_receive_queue_drops_total: int | None = None
    tcp_pruned_total: int | None = None
    tcp_collapsed_total: int | None = None
    tcp_memory_pressures_total: int | None = None
    tcp_zero_windows_total: int | None = None
    udp_in_datagrams_total: int | None = None
    udp_out_datagrams_total: int | None = None
    udp_no_ports_total: int | None = None
    udp_in_errors_total: int | None = None
    udp_receive_buffer_errors_total: int | None = None
    udp_send_buffer_errors_total: int | None = None
    ip_in_discards_total: int | None = None
    ip_out_discards_total: int | None = None
    ip_no_routes_total: int | None = None
    ip_reassembly_fails_total: int | None = None
    sockets_used: int | None = None
    tcp_sockets: int | None = None
    tcp_orphan_sockets: int | None = None
    tcp_time_wait_sockets: int | None = None
    tcp_buffer_pages: int | None = None
    udp_sockets: int | None = None
    udp_buffer_pages: int | None = None


class ProtocolSection(Section, frozen=True, kw_only=True):
    """``/proc/net/{snmp,snmp6,netstat,sockstat,sockstat6}`` and the connection tracker's fill.

    ``target`` is what the target's network namespace counts where that is another one than ours; None where it is the
    same, or cannot be seen: then ``target_reason`` says why. ``conntrack_count`` is None where connections are not
    tracked.
    """

    host: NetCounters
    target: NetCounters | None = None
    target_reason: str = ""
    target_remedy: str = ""
    conntrack_count: int | None = None
    conntrack_max: int | None = None


class LinkSection(Section, frozen=True, kw_only=True):
    """``/sys/class/net/*``: a row per interface.

    Text columns ``name`` and ``state`` (``up``, ``down``, ``unknown``); columns ``speed_mbit full_duplex mtu_bytes
    carrier_changes_total``. ``speed_mbit`` and ``full_duplex`` (1 or 0) are -1 where the driver does not tell.
    """

    links: Table


class FrequencySection(Section, frozen=True, kw_only=True):
    """The clock of each CPU: a row per online one.

    Columns ``cpu khz min_khz max_khz limit_khz core_throttles_total package_throttles_total``: the frequency now, what
    the hardware can do, what the policy allows, and how often heat or power held it back. Text columns ``governor`` and
    ``driver``. ``source`` is the file the frequency comes from.
    """

    cpus: Table
    source: Literal["cpufreq", "cpuinfo"]


class FilesystemSection(Section, frozen=True, kw_only=True):
    """Mounted file systems that hold files: no pseudo file systems, each device once, where it is mounted first.

    Text columns ``point type source`` (what is mounted), ``partition`` and ``disk`` (names as in ``/proc/diskstats``,
    empty for what is on no block device) and ``problem`` (why there are no figures; empty when there are). Columns
    ``total_bytes free_bytes available_bytes inodes_total inodes_free read_only``; -1 with a problem. ``free_bytes``
    includes what is reserved for root. ``inodes_total`` is 0 where there is no limit of them.
    """

    mounts: Table


class SensorSection(Section, frozen=True, kw_only=True):
    """``/sys/class/hwmon`` (else ``/sys/class/thermal``) and ``/sys/class/powercap``.

    ``readings``: text columns ``chip label kind``; columns ``value limit alarm``. A ``temperature`` is in thousandths
    of a degree Celsius, a ``fan`` in turns a minute, ``power`` in microwatts; ``limit`` is the critical one where the
    chip names one, ``alarm`` is 1 while the chip raises one.

    ``energy``: text column ``zone`` (``package-0``, ``package-0/dram``); columns ``energy_uj_total`` and ``range_uj``,
    at which the counter starts again from 0. ``energy_reason`` and ``energy_remedy`` say why there are no rows.
    """

    readings: Table
    energy: Table
    energy_reason: str = ""
    energy_remedy: str = ""


class NumaSection(Section, frozen=True, kw_only=True):
    """``/sys/devices/system/node/node*/{meminfo,numastat,cpulist,distance}``: a row per memory node.

    Columns ``node total_bytes free_bytes file_bytes anon_bytes`` and, in pages, ``hit_total miss_total foreign_total
    local_total other_total``; text columns ``cpus`` (a list as ``0-3``) and ``distances``.
    """

    nodes: Table
