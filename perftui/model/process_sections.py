"""The target's processes in depth: memory, descriptors, sockets, delays, limits.

They are read slowly, apart from the tick. Tables have a row per process of the tree that was looked at, the main one
first, unless said otherwise; -1 where something is not readable. ``skipped`` counts what a bound left out.
"""

from perftui.model.section import Section
from perftui.model.table import Table

UNLIMITED = (1 << 63) - 1
"""A limit that is none."""

TCP, UDP, UNIX = "tcp", "udp", "unix"

SOCKET_COLUMNS = (
    "pid",
    "inode",
    "local_port",
    "remote_port",
    "receive_queue_bytes",
    "send_queue_bytes",
    "receive_buffer_bytes",
    "send_buffer_bytes",
    "drops_total",
    "rtt_us",
    "min_rtt_us",
    "retransmits_total",
    "segments_out_total",
    "busy_us_total",
    "rwnd_limited_us_total",
    "sndbuf_limited_us_total",
    "acked_bytes_total",
    "received_bytes_total",
    "unsent_bytes",
    "congestion_window",
    "delivery_bytes_per_s",
    "last_received_ms",
)
"""The integers of ``SocketSection.sockets``; -1 where the kernel or the protocol has no such thing."""


class SmapsSection(Section, frozen=True, kw_only=True):
    """``/proc/PID/smaps_rollup``, in bytes.

    Columns ``pid start_ticks rss_bytes pss_bytes private_bytes shared_bytes anonymous_bytes swap_bytes
    pss_anonymous_bytes pss_file_bytes pss_shmem_bytes huge_bytes hugetlb_bytes locked_bytes lazy_free_bytes``.
    ``private_bytes`` (USS) is what the end of the process would give back; ``huge_bytes`` lies in transparent huge
    pages, ``hugetlb_bytes`` in reserved ones, which RSS leaves out.
    """

    processes: Table
    skipped: int = 0


class OpenFileSection(Section, frozen=True, kw_only=True):
    """Links of ``/proc/PID/fd``.

    ``processes``: ``pid start_ticks open_files looked_at`` (fewer looked at than open: every n-th was, spread over
    all). ``kinds``: text ``kind``, columns ``count`` of those looked at. ``deleted``: files without a name that are
    still open, the largest first: ``pid fd size_bytes`` (size on disk) and text ``path``; ``deleted_count`` and
    ``deleted_bytes`` count all of them, not just the rows.
    """

    processes: Table
    kinds: Table
    deleted: Table
    deleted_count: int = 0
    deleted_bytes: int = 0
    skipped: int = 0


class SocketSection(Section, frozen=True, kw_only=True):
    """The tree's sockets, from the kernel's socket diagnostics.

    ``sockets`` has a row per TCP and UDP socket, by inode; of too many, the listeners and those with the fullest
    queues. ``SOCKET_COLUMNS`` and the texts ``protocol state local_address remote_address``. In a listener (``listen``)
    ``receive_queue_bytes`` counts connections to be accepted and ``send_queue_bytes`` is the backlog they may fill.
    Each socket counts once, for the first process that has it.

    ``processes``: ``pid start_ticks sockets received_bytes_total acked_bytes_total retransmits_total`` of TCP,
    cumulative since the first look and over closed sockets as well: any two sections can be subtracted. What a
    socket carried between the last look and its end is missing.

    ``unix``: a row per type and state, texts ``kind state``, columns ``count receive_queue_bytes send_queue_bytes``;
    of listeners, as above, connections to be accepted and the backlogs. None where the kernel does not list them.

    ``total`` sockets were found, ``len(sockets)`` of them have a row. ``hidden``: processes whose descriptors or
    network namespace may not be looked into; ``hidden_reason`` says why, ``hidden_remedy`` what helps.
    """

    sockets: Table
    processes: Table
    unix: Table | None
    total: int
    hidden: int = 0
    hidden_reason: str = ""
    hidden_remedy: str = ""
    skipped: int = 0


class DelaySection(Section, frozen=True, kw_only=True):
    """Delay accounting (taskstats): what the threads of each process waited for, ended threads included.

    Columns ``pid start_ticks cpu_ns_total blkio_ns_total swapin_ns_total reclaim_ns_total thrashing_ns_total
    compact_ns_total wpcopy_ns_total`` and for each but ``cpu`` how often, ``blkio_total`` and so on. -1: the process
    started before delay accounting was switched on, or the kernel is too old to know this delay. Of a process that
    started before, the threads that started since are accounted.
    """

    processes: Table
    skipped: int = 0


class LimitSection(Section, frozen=True, kw_only=True):
    """``/proc/PID/limits`` of the main process with what is used of each, and its place in the OOM killer's eyes.

    ``limits``: texts ``name`` (the kernel's, as in getrlimit(2): ``nofile``, ``nproc`` …) and ``unit``, columns
    ``soft hard used``; ``UNLIMITED`` for none, ``used`` -1 where it is not known (what counts for ``nproc`` is spread
    over the host, so ``process_rates.limit_uses`` works it out).
    """

    limits: Table
    uid: int
    oom_score: int
    oom_score_adj: int


class ThreadIoSection(Section, frozen=True, kw_only=True):
    """``/proc/PID/task/TID/io``, a row per thread.

    Columns ``pid tid read_chars_total write_chars_total read_syscalls_total write_syscalls_total
    read_bytes_total write_bytes_total``: chars went through system calls, bytes to and from storage.
    """

    threads: Table
    skipped: int = 0
