"""The host's figures against those of other tools, under loads that move them.

mpstat and sar (sysstat) for processors, interrupts and faults; free for memory; iostat under fio for disks; df for file
systems; ss, nstat and iperf3 for the network; numastat for memory nodes. What a tool counts since boot must lie between
perftui's readings before and after it; what it measures over some seconds must agree within the stated tolerance.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from perftui.collect.filesystems import FilesystemCollector
from perftui.collect.interrupts import InterruptCollector
from perftui.collect.live import LiveSource
from perftui.collect.numa import NumaCollector
from perftui.collect.protocols import ProtocolCollector
from perftui.collect.scope import Scope
from perftui.host.procfs import Host
from perftui.model.interval import Interval
from perftui.model.rates import CoreUse
from perftui.model.sample import Sample
from tests.accept.story import check, wait_for
from tests.scenarios.play import ROOT

SECONDS = 6
"""How long a tool measures: long enough for its start and its end to weigh little."""

RATE_TOLERANCE, SHARE_TOLERANCE, SIZE_TOLERANCE = 0.15, 0.05, 0.03
"""Of a rate relatively, of a CPU's time in shares of it, of a size relatively."""

BURST_TOLERANCE = 0.5
"""Of what starts and ends of other programs cause; perftui's span is longer than the tool's by the tool's own start."""

UNDER_WAY_SECONDS = 0.05
"""Of CPU time: a load that has used so much has begun."""

NOBODY = Scope(None, ())
TOOLS = {
    "mpstat": "sysstat", "iostat": "sysstat", "sar": "sysstat", "free": "procps", "df": "coreutils", "ss": "iproute2",
    "nstat": "iproute2", "numastat": "numactl", "stress-ng": "stress-ng", "fio": "fio", "iperf3": "iperf3",
}  # fmt: skip


def stories() -> Iterator[str]:
    """Yields a line for each resource whose figures agree. Failed for the first that does not."""
    missing = sorted({package for tool, package in TOOLS.items() if shutil.which(tool) is None})
    check(not missing, f"apt-get install {' '.join(missing)}")
    with loaded("stress-ng", "--cpu", "1", "--cpu-load", "60", "--switch", "1", "--fault", "1", "--timeout", "120"):
        yield _processors()
        yield _faults()
    with loaded("stress-ng", "--vm", "1", "--vm-bytes", "1G", "--vm-keep", "--timeout", "120"):
        yield _memory()
    folder = ROOT / ".accept" / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield _disks(folder)
        yield _filesystems(folder)
    finally:
        shutil.rmtree(folder)
    yield _traffic()
    yield _protocols()
    yield _nodes()


@contextmanager
def loaded(*argv: str) -> Iterator[None]:
    """A load for the time of the block, from when all of it together has used CPU time for a while."""
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/") as process:
        try:
            wait_for(lambda: process.poll() is not None or _used_seconds(process.pid) > UNDER_WAY_SECONDS, argv[0])
            check(process.poll() is None, f"{argv[0]} has ended at once")
            yield
        finally:
            process.terminate()


def _used_seconds(pid: int) -> float:
    """CPU seconds of a process and its children; 0 while they come and go."""
    try:
        process = psutil.Process(pid)
        return sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0.0


def output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60, env={"LC_ALL": "C"}).stdout


def while_measuring(*argv: str) -> tuple[Interval, str]:
    """What a tool says of the next seconds, and perftui's interval around it."""
    source = LiveSource(Host(), None)
    try:
        older = source.sample()
        said = output(*argv)
        return Interval.between(older, source.sample()), said
    finally:
        source.close()


def sysstat(said: str, name: str) -> Any:
    """One part of sysstat's JSON."""
    return json.loads(said)["sysstat"]["hosts"][0]["statistics"][-1][name]


def same(what: str, ours: float | None, theirs: float, *, relative: float = 0.0, absolute: float = 0.0) -> None:
    """Failed when they differ by more than either tolerance."""
    check(ours is not None, f"{what}: perftui has no figure, the tool says {theirs:g}")
    assert ours is not None
    room = max(absolute, relative * max(abs(ours), abs(theirs)))
    check(abs(ours - theirs) <= room, f"{what}: perftui says {ours:g}, the tool {theirs:g}; more than {room:g} apart")


def encloses(what: str, ours: float | None, theirs: float, seconds: float) -> None:
    """perftui's span of so many seconds holds the tool's, so it has seen all that the tool has, and little more."""
    check(ours is not None, f"{what}: perftui has no figure, the tool says {theirs:g}")
    assert ours is not None
    seen, least = ours * seconds, theirs * SECONDS
    room = BURST_TOLERANCE * least + 200
    fits = 0.99 * least - 5 <= seen <= least + room
    check(fits, f"{what}: perftui counted {seen:.0f} in {seconds:.1f} s, the tool {least:.0f} in {SECONDS} s of them")


def moved(what: str, rate: float | None, least: float) -> None:
    check(rate is not None and rate >= least, f"{what}: the load should move it to {least:g}, it is {rate}")


def _processors() -> str:
    collector = InterruptCollector()
    before = collector.collect(Host(), NOBODY, None)
    interval, said = while_measuring("mpstat", "-u", "-I", "SUM,SCPU", "-P", "ALL", "-o", "JSON", str(SECONDS), "1")
    after = collector.collect(Host(), NOBODY, None)
    use = interval.cpu
    assert use is not None
    cores = {"all": use.total} | {str(core.cpu): core for core in use.cores}
    for row in sysstat(said, "cpu-load"):
        _core(f"cpu {row['cpu']}", cores[row["cpu"]], row)
    rates = {row["cpu"]: row["intr"] for row in sysstat(said, "sum-interrupts")}
    same("interrupts", use.interrupts_per_s, rates["all"], relative=RATE_TOLERANCE)
    samples = (interval.older, interval.newer)
    older, newer = (_with(sample, interrupts=section) for sample, section in zip(samples, (before, after), strict=True))
    interrupts = Interval.between(older, newer).interrupts
    assert interrupts is not None
    for row in sysstat(said, "soft-interrupts"):
        kinds = {kind["name"].lower(): kind["value"] for kind in row["intr"]}
        ours = next(cpu for cpu in interrupts.cpus if str(cpu.cpu) == row["cpu"])
        for kind in ("timer", "sched", "rcu"):
            same(f"{kind} of cpu {row['cpu']}", ours.softirqs[kind], kinds[kind], relative=0.25, absolute=30)
    moved("context switches", use.context_switches_per_s, 1000)
    moved("busy", use.total.busy_ratio, 0.5)
    return f"processors: shares within {SHARE_TOLERANCE:g} of mpstat's, interrupts within {RATE_TOLERANCE:.0%}"


def _core(what: str, ours: CoreUse, row: dict[str, float]) -> None:
    theirs = {
        "user": row["usr"] + row["nice"] + row["guest"] + row["gnice"], "system": row["sys"], "iowait": row["iowait"],
        "softirq": row["irq"] + row["soft"], "steal": row["steal"],
    }  # fmt: skip
    for name, share in theirs.items():
        same(f"{name} of {what}", getattr(ours, f"{name}_ratio"), share / 100, absolute=SHARE_TOLERANCE)


def _with(sample: Sample, **sections: Any) -> Sample:
    return Sample(**{name: getattr(sample, name) for name in Sample.__struct_fields__} | sections)


def _faults() -> str:
    interval, said = while_measuring("sar", "-B", "-w", str(SECONDS), "1")
    averages = _sar(said)
    vm, cpu, memory = interval.vm, interval.cpu, interval.memory
    assert vm is not None
    assert cpu is not None
    assert memory is not None
    seconds = interval.seconds
    encloses("page faults", vm.faults_per_s, averages["fault/s"], seconds)
    encloses("major faults", memory.major_faults_per_s, averages["majflt/s"], seconds)
    encloses("direct scans", vm.direct_scanned_pages_per_s, averages["pgscand/s"], seconds)
    encloses("context switches", cpu.context_switches_per_s, averages["cswch/s"], seconds)
    encloses("new processes", cpu.forks_per_s, averages["proc/s"], seconds)
    moved("page faults", vm.faults_per_s, 2000)
    return "faults, reclaim, switches and forks: all that sar has seen"


def _sar(said: str) -> dict[str, float]:
    """The averages by their heads; each table has a line of heads and, at the end, one of averages."""
    found: dict[str, float] = {}
    heads: list[str] = []
    for line in said.splitlines():
        words = line.split()
        if words and not words[-1].replace(".", "").isdigit() and "/" in words[-1] + words[1:2][0]:
            heads = [word for word in words if "/" in word or word.startswith("%")]
        elif words and words[0] == "Average:":
            if words[1][0].isdigit():
                found |= dict(zip(heads, map(float, words[1:]), strict=True))
            else:
                heads = words[1:]
    return found


def _memory() -> str:
    source = LiveSource(Host(), None)

    def anonymous() -> int:
        memory = source.sample().memory
        return (memory.anon_bytes or 0) if memory else 0

    wait_for(lambda: anonymous() > 800 << 20, "the load's gigabyte in anonymous memory")
    said = output("free", "-b", "-w").splitlines()
    after = source.sample().memory
    source.close()
    assert after is not None
    theirs = dict(zip(said[0].split(), map(int, said[1].split()[1:]), strict=True))
    slab = after.slab_reclaimable_bytes or 0
    ours = {
        "total": after.total_bytes, "free": after.free_bytes, "shared": after.shared_bytes,
        "buffers": after.buffers_bytes, "cache": after.cached_bytes + slab, "available": after.available_bytes,
        "used": after.total_bytes - after.available_bytes,
    }  # fmt: skip
    for name, size in ours.items():
        same(f"memory {name}", size, theirs[name], relative=SIZE_TOLERANCE, absolute=32 << 20)
    swap = dict(zip(said[0].split(), map(int, said[2].split()[1:]), strict=False))
    same("swap total", after.swap_total_bytes, swap["total"])
    return f"memory and swap: within {SIZE_TOLERANCE:.0%} of free's"


def _disks(folder: Path) -> str:
    job = (
        "--name=load",
        f"--directory={folder}",
        "--rw=randwrite",
        "--bs=16k",
        "--size=64m",
        "--direct=1",
        "--fsync=8",
    )
    with loaded("fio", *job, "--rate_iops=400", "--time_based", "--runtime=60"):
        interval, said = while_measuring("iostat", "-x", "-d", "-y", "-o", "JSON", str(SECONDS), "1")
    uses = {use.name: use for use in interval.disks or ()}
    busiest = 0.0
    for row in sysstat(said, "disk"):
        name = row["disk_device"]
        if name not in uses:  # a partition, or a device that has never done anything
            continue
        use = uses[name]
        same(f"{name} writes", use.writes_per_s, row["w/s"], relative=RATE_TOLERANCE, absolute=10)
        same(f"{name} written", use.write_bytes_per_s, row["wkB/s"] * 1024, relative=RATE_TOLERANCE, absolute=1 << 18)
        same(f"{name} reads", use.reads_per_s, row["r/s"], relative=RATE_TOLERANCE, absolute=10)
        same(f"{name} flushes", use.flushes_per_s, row["f/s"], relative=RATE_TOLERANCE, absolute=10)
        same(f"{name} discards", use.discards_per_s, row["d/s"], relative=RATE_TOLERANCE, absolute=10)
        same(f"{name} time of a write", use.write_await_ms or 0, row["w_await"], relative=RATE_TOLERANCE, absolute=0.3)
        same(f"{name} time of a flush", use.flush_ms or 0, row["f_await"], relative=RATE_TOLERANCE, absolute=0.3)
        same(f"{name} busy", use.busy_ratio, row["util"] / 100, relative=RATE_TOLERANCE, absolute=0.03)
        busiest = max(busiest, use.writes_per_s)
    moved("writes", busiest, 100)
    return f"disks: rates and times within {RATE_TOLERANCE:.0%} of iostat's"


def _filesystems(folder: Path) -> str:
    collector = FilesystemCollector()
    before = _root_free(collector)
    (folder / "large").write_bytes(b"x" * (256 << 20))
    wait_for(lambda: before - _root_free(collector) > 200 << 20, "256 MiB more on the disk")
    mounts = collector.collect(Host(), NOBODY, None).mounts
    rows = output("df", "-B1", "--output=target,size,used,avail,itotal,iavail").splitlines()[1:]
    collector.close()
    theirs = {" ".join(row.split()[:-5]): list(map(int, row.split()[-5:])) for row in rows}
    columns = ("total_bytes", "free_bytes", "available_bytes", "inodes_total", "inodes_free")
    for point, (total, free, available, inodes, inodes_free) in zip(
        mounts.text("point"), mounts.rows(*columns), strict=True
    ):
        check(point in theirs, f"df does not know {point}")
        ours = (total, total - free, available, inodes, inodes_free)
        for name, figure, other in zip(
            ("size", "used", "available", "inodes", "free inodes"), ours, theirs[point], strict=True
        ):
            same(f"{name} of {point}", figure, other, relative=0.01, absolute=64 << 20)
    return "file systems and inodes: as df has them"


def _root_free(collector: FilesystemCollector) -> int:
    mounts = collector.collect(Host(), NOBODY, None).mounts
    return int(mounts.ints("free_bytes")[mounts.text("point").index("/")])


def _traffic() -> str:
    """iperf3 through loopback: what its receiver got is what lo carried."""
    server = subprocess.Popen(["iperf3", "-s", "-1", "-p", "5297"], stdout=subprocess.DEVNULL, cwd="/")
    try:
        wait_for(lambda: "5297" in output("ss", "-Hltn"), "iperf3's server")
        interval, said = while_measuring("iperf3", "-c", "127.0.0.1", "-p", "5297", "-b", "500M", "-t", "6", "-J")
    finally:
        server.terminate()
        server.wait()
    received = json.loads(said)["end"]["sum_received"]["bytes"]
    (lo,) = (use for use in interval.networks or () if use.name == "lo")
    same("bytes through lo", lo.rx_bytes_per_s * interval.seconds, received, relative=SIZE_TOLERANCE)
    softnet, protocols = interval.softnet, interval.protocols
    assert softnet is not None
    assert protocols is not None
    moved("packets taken from queues", softnet.processed_per_s, 500)
    moved("segments out", protocols.host.tcp_out_segments_per_s, 500)
    return f"network: bytes within {SIZE_TOLERANCE:.0%} of what iperf3 sent"


COUNTERS = {
    "TcpActiveOpens": "tcp_active_opens_total",
    "TcpPassiveOpens": "tcp_passive_opens_total",
    "TcpInSegs": "tcp_in_segments_total",
    "TcpOutSegs": "tcp_out_segments_total",
    "TcpRetransSegs": "tcp_retransmits_total",
    "TcpOutRsts": "tcp_resets_sent_total",
    "TcpEstabResets": "tcp_resets_total",
    "TcpAttemptFails": "tcp_attempt_fails_total",
    "TcpExtListenOverflows": "tcp_listen_overflows_total",
    "TcpExtListenDrops": "tcp_listen_drops_total",
    "TcpExtTCPTimeouts": "tcp_timeouts_total",
    "TcpExtTCPReqQFullDrop": "tcp_request_queue_drops_total",
    "TcpExtTCPSynRetrans": "tcp_syn_retransmits_total",
    "IpInDiscards": "ip_in_discards_total",
}
"""nstat's name, ours."""


def _protocols() -> str:
    collector = ProtocolCollector()
    before = collector.collect(Host(), NOBODY, None).host
    theirs = json.loads(output("nstat", "-az", "-s", "-j"))["kernel"]
    summary = output("ss", "-s")
    after = collector.collect(Host(), NOBODY, None).host
    collector.close()
    for name, field in COUNTERS.items():
        low, high = getattr(before, field), getattr(after, field)
        check(low <= theirs[name] <= high, f"{name}: nstat says {theirs[name]}, perftui {low} before and {high} after")
    udp = theirs["UdpOutDatagrams"] + theirs["Udp6OutDatagrams"]
    same("UDP datagrams of both versions", after.udp_out_datagrams_total, udp, absolute=20)
    words = summary.replace("(", " ").replace(",", " ").replace(")", " ").split()
    same("connections in ss -s", after.tcp_established, int(words[words.index("estab") + 1]), absolute=10)
    same("TIME_WAIT in ss -s", after.tcp_time_wait_sockets, int(words[words.index("timewait") + 1]), absolute=50)
    return f"protocols: {len(COUNTERS)} counters between two readings of nstat's, sockets as ss has them"


def _nodes() -> str:
    before = NumaCollector().collect(Host(), NOBODY, None).nodes
    theirs = {words[0]: words[1:] for line in output("numastat").splitlines() if len(words := line.split()) > 1}
    after = NumaCollector().collect(Host(), NOBODY, None).nodes
    for name, column in (("numa_hit", "hit_total"), ("numa_miss", "miss_total"), ("local_node", "local_total")):
        for row, figure in enumerate(theirs[name]):
            low, high = before.ints(column)[row], after.ints(column)[row]
            check(low <= int(figure) <= high, f"{name} of node {row}: numastat {figure}, perftui {low} to {high}")
    return f"memory nodes: {len(after)} as numastat has them"
