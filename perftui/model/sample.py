"""One look at the system: raw counters, nothing derived.

Counters end in ``_total`` or are cumulative by the kernel's definition (CPU ticks);
everything is as the kernel printed it, in the unit that the name carries. Sections
that could not be read are ``None``; ``Sample.collectors`` says why.
"""

from functools import cached_property
from typing import Literal

import msgspec

from perftui.model.gpu_section import GpuSection
from perftui.model.group_sections import CgroupSection, GroupSection
from perftui.model.host_sections import (
    FilesystemSection,
    FrequencySection,
    InterruptSection,
    LinkSection,
    NumaSection,
    ProtocolSection,
    SensorSection,
    SoftnetSection,
    SwapSection,
    VmSection,
)
from perftui.model.process_sections import (
    DelaySection,
    LimitSection,
    OpenFileSection,
    SmapsSection,
    SocketSection,
    ThreadIoSection,
)
from perftui.model.profile import ProfileStatus
from perftui.model.section import Section
from perftui.model.table import Table
from perftui.model.target import Target
from perftui.model.task_section import TaskSection


class CpuSection(Section, frozen=True, kw_only=True):
    """``/proc/stat``, ``/proc/loadavg``.

    ``ticks`` has a row per CPU and, first, the total (``cpu`` = -1); columns ``cpu user nice
    system idle iowait irq softirq steal`` in USER_HZ ticks, cumulative.
    """

    ticks: Table
    ticks_per_second: int
    context_switches_total: int
    forks_total: int
    running: int
    blocked: int
    load1: float
    load5: float
    load15: float
    interrupts_total: int | None = None
    softirqs_total: int | None = None


class MemorySection(Section, frozen=True, kw_only=True):
    """``/proc/meminfo`` in bytes and the counters of ``/proc/vmstat``; ``page_bytes`` is the size of its pages.

    ``cached_bytes`` is the page cache with ``shared_bytes`` (tmpfs and the like) in it. ``anon_huge_bytes`` are
    transparent huge pages, ``huge_pages_*`` the reserved ones, each ``huge_page_bytes`` long. ``zswap_bytes`` holds
    ``zswapped_bytes`` of swapped pages. What this kernel does not tell is None.
    """

    total_bytes: int
    available_bytes: int
    free_bytes: int
    buffers_bytes: int
    cached_bytes: int
    dirty_bytes: int
    writeback_bytes: int
    swap_total_bytes: int
    swap_free_bytes: int
    swap_in_pages_total: int
    swap_out_pages_total: int
    major_faults_total: int
    oom_kills_total: int
    page_bytes: int = 4096
    anon_bytes: int | None = None
    mapped_bytes: int | None = None
    shared_bytes: int | None = None
    slab_reclaimable_bytes: int | None = None
    slab_unreclaimable_bytes: int | None = None
    kernel_stack_bytes: int | None = None
    page_table_bytes: int | None = None
    unevictable_bytes: int | None = None
    committed_bytes: int | None = None
    commit_limit_bytes: int | None = None
    swap_cached_bytes: int | None = None
    zswap_bytes: int | None = None
    zswapped_bytes: int | None = None
    anon_huge_bytes: int | None = None
    huge_pages: int | None = None
    huge_pages_free: int | None = None
    huge_page_bytes: int | None = None


class DiskSection(Section, frozen=True, kw_only=True):
    """``/proc/diskstats`` of whole block devices that have done I/O, and of their partitions.

    Text column ``name``; columns ``reads_total read_bytes_total read_ms_total writes_total
    write_bytes_total write_ms_total in_flight io_ms_total weighted_ms_total discards_total discard_bytes_total
    discard_ms_total flushes_total flush_ms_total``; -1 where the kernel does not count discards (before 4.18) or
    flushes (before 5.5; it counts them on whole devices only). Devices also have ``stacked``: 1 for one whose I/O is
    done by other devices (dm, md, loop) or in memory (zram), else 0; recordings of old lack it.
    """

    devices: Table
    partitions: Table = Table()


class NetworkSection(Section, frozen=True, kw_only=True):
    """``/proc/net/dev``.

    Text column ``name``; columns ``rx_bytes_total rx_packets_total rx_errors_total
    rx_dropped_total tx_bytes_total tx_packets_total tx_errors_total tx_dropped_total``. ``target_interfaces`` are
    those of the target's network namespace where that is another one than ours. ``interfaces`` also has ``physical``:
    1 for a card, a virtual one included, 0 for a bridge, bond, VLAN, veth and the like; recordings of old lack it.
    """

    interfaces: Table
    target_interfaces: Table | None = None


class PressureLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of ``/proc/pressure/*``: averages in percent, the total in microseconds."""

    some_avg10: float
    some_total_us: int
    full_avg10: float = 0.0
    full_total_us: int = 0


class PressureSection(Section, frozen=True, kw_only=True):
    """Pressure stall information of the host. Few kernels tell ``irq_full_total_us``, the time lost to interrupts."""

    cpu: PressureLine
    memory: PressureLine
    io: PressureLine
    irq_full_total_us: int | None = None


class ProcessSection(Section, frozen=True, kw_only=True):
    """Every process of the host, from ``/proc/PID/stat``.

    Columns ``pid ppid start_ticks session state uid user_ticks system_ticks nice threads
    rss_bytes processor`` (``state`` is the letter's code point); text columns ``name``
    (comm) and ``command`` (command line, shortened; the name in brackets for kernel threads).
    """

    processes: Table
    ticks_per_second: int


class TargetSection(Section, frozen=True, kw_only=True):
    """The target's processes and the settings of its main process.

    ``processes`` has a row per process of the tree, the main one first: ``pid start_ticks
    rss_bytes swap_bytes minor_faults_total major_faults_total user_ticks system_ticks
    read_bytes_total write_bytes_total read_chars_total write_chars_total read_syscalls_total write_syscalls_total fds
    fd_limit threads``; -1 where not readable. Chars went through system calls, bytes to and from storage.
    """

    alive: bool
    processes: Table
    ticks_per_second: int
    state: str
    session: int
    nice: int
    policy: str
    cpus_allowed: str
    cpus_allowed_count: int
    cpus_online: int
    io_priority: str
    autogroup: str | None
    autogroup_nice: int | None
    autogroup_enabled: bool | None
    uid: int
    tracer_pid: int
    interpreter: str


THREAD_COUNTERS = (
    "run_ns_total",
    "delay_ns_total",
    "slices_total",
    "voluntary_total",
    "involuntary_total",
    "user_ticks",
    "system_ticks",
)
"""The columns of ``ThreadSection`` that count, -1 where they cannot be read."""


class ThreadSection(Section, frozen=True, kw_only=True, dict=True):
    """The target tree's threads, from ``task/TID/{stat,schedstat,status}``.

    Columns ``pid tid start_ticks state user_ticks system_ticks run_ns_total delay_ns_total
    slices_total voluntary_total involuntary_total processor nice`` (-1: not readable); text
    columns ``name`` and ``wchan``. ``run_ns_total``, ``delay_ns_total`` and ``slices_total`` are the three
    fields of schedstat: time on a CPU, time runnable but waiting for one, and time slices run.
    """

    threads: Table
    ticks_per_second: int
    skipped: int = 0

    @cached_property
    def counters(self) -> dict[tuple[int, ...], tuple[int, ...]]:
        """``THREAD_COUNTERS`` by (pid, tid, start_ticks), in row order; decoded once for all intervals."""
        ids, rows = self.threads.rows("pid", "tid", "start_ticks"), self.threads.rows(*THREAD_COUNTERS)
        return dict(zip(ids, rows, strict=True))


REGIONS = ("none", "interpreter", "heap", "anonymous", "shared", "file", "stack", "unknown")
"""Where a futex word lives, from ``/proc/PID/maps``; the index is the ``region`` column.

``interpreter`` is the data of the python binary or of libpython (its BSS included).
"""


LOOK_COLUMNS = ("pid", "tid", "state", "syscall", "futex_op", "timed", "address", "region")
"""The integers that tell one observation of ``WaitSection.looks`` from another."""


class WaitSection(Section, frozen=True, kw_only=True, dict=True):
    """What the target's threads were seen doing, polled many times a second.

    All counts are cumulative since the target was attached, so that any two samples can be
    subtracted. ``looks`` has a row per distinct observation: ``pid tid state syscall futex_op
    timed address region count`` and the text column ``wchan``. ``syscall`` is -1 for a running thread and -2
    where it is not readable; ``futex_op`` and ``address`` are 0 unless the call is futex; ``timed`` is 1 when the
    call had a time-out.

    ``spans`` has a row per thread: ``pid tid looks_total waiting_total away_long_total waits_total``.
    ``waiting`` looks found it in an event wait (epoll, poll, select); ``away_long`` looks lie in an unbroken run of
    looks outside such a wait that lasted 100 ms or more; ``waits`` counts the returns from an event wait seen.
    """

    looks: Table
    spans: Table
    polls_total: int
    polls_per_second: float
    machine: str

    @cached_property
    def counts(self) -> dict[int, dict[tuple[tuple[int, ...], str], int]]:
        """TID → (row of ``LOOK_COLUMNS``, wait channel) → count; decoded once for all intervals."""
        found: dict[int, dict[tuple[tuple[int, ...], str], int]] = {}
        seen = zip(self.looks.rows(*LOOK_COLUMNS), self.looks.text("wchan"), strict=True)
        for tid, key, count in zip(self.looks.ints("tid"), seen, self.looks.ints("count"), strict=True):
            found.setdefault(tid, {})[key] = count
        return found

    @cached_property
    def span_counts(self) -> dict[int, tuple[int, ...]]:
        """TID → looks, waiting, away_long, waits; decoded once."""
        rows = self.spans.rows("looks_total", "waiting_total", "away_long_total", "waits_total")
        return dict(zip(self.spans.ints("tid"), rows, strict=True))


class KnobReading(msgspec.Struct, frozen=True, kw_only=True):
    """The current value of one knob on one subject, or why there is none.

    ``subject`` is what the knob acts on (``pid 4242``, a cgroup path, ``host``). ``value`` is the
    text as the command line takes it. ``detail`` carries what a proposal needs beyond the value
    (per-thread values, file paths), ``permitted`` whether this process may write it.
    """

    knob: str
    subject: str
    available: bool
    value: str = ""
    permitted: bool = False
    privilege: str = ""
    reason: str = ""
    remedy: str = ""
    detail: dict[str, str] = {}


class CollectorStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How one collector fared in its latest reading and what that cost.

    ``period_seconds`` is 0 for one that is read in every tick. ``age_ns`` is the time since its section was read, also
    when a later reading has failed; 0 when there was none.
    """

    name: str
    state: Literal["ok", "no_data", "failed"]
    reason: str = ""
    remedy: str = ""
    cpu_ns: int = 0
    wall_ns: int = 0
    age_ns: int = 0
    period_seconds: float = 0.0


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One tick's sections, the readings of the knobs, and how the collectors and the stack sampler fared."""

    monotonic_ns: int
    wall_ns: int
    boot_id: str
    target: Target
    cpu: CpuSection | None = None
    memory: MemorySection | None = None
    disks: DiskSection | None = None
    networks: NetworkSection | None = None
    pressure: PressureSection | None = None
    processes: ProcessSection | None = None
    tree: TargetSection | None = None
    threads: ThreadSection | None = None
    waits: WaitSection | None = None
    cgroup: CgroupSection | None = None
    group: GroupSection | None = None
    smaps: SmapsSection | None = None
    open_files: OpenFileSection | None = None
    sockets: SocketSection | None = None
    delays: DelaySection | None = None
    limits: LimitSection | None = None
    thread_io: ThreadIoSection | None = None
    vm: VmSection | None = None
    swaps: SwapSection | None = None
    interrupts: InterruptSection | None = None
    softnet: SoftnetSection | None = None
    protocols: ProtocolSection | None = None
    links: LinkSection | None = None
    frequency: FrequencySection | None = None
    filesystems: FilesystemSection | None = None
    sensors: SensorSection | None = None
    numa: NumaSection | None = None
    gpus: GpuSection | None = None
    tasks: TaskSection | None = None
    knobs: tuple[KnobReading, ...] = ()
    profile_status: ProfileStatus | None = None
    collectors: tuple[CollectorStatus, ...] = ()

    def status(self, collector: str) -> CollectorStatus | None:
        """The status of one collector, None when it did not run."""
        return next((entry for entry in self.collectors if entry.name == collector), None)
