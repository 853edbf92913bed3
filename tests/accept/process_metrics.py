"""A process in depth: each figure against another program's, under load.

``ps``, ``pidstat -t`` (package sysstat), ``ss -ti``, ``lsof``, ``prlimit`` and the kernel's own files look at the same
target as perftui does. Figures of one moment are taken as close together as can be, rates over the same ten seconds.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perftui.collect.live import LiveSource
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.interval import Interval
from perftui.model.process_sections import UNLIMITED
from perftui.model.sample import Sample
from tests.accept.process_load import BACKLOG
from tests.accept.story import check, wait_for
from tests.collect.nobody import seen_by_nobody
from tests.scenarios.play import ROOT

SECONDS = 10
TOOLS = ("ps", "pidstat", "ss", "lsof", "prlimit")
DELAY_SWITCH = Path("/proc/sys/kernel/task_delayacct")
TICK_SECONDS = 0.01
BLKIO_TICKS_FIELD = 39
"""``delayacct_blkio_ticks``, field 42 of proc(5), counted from the state."""


def stories() -> Iterator[str]:
    """Yields a line for each source that agrees. Failed for the first that does not."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    check(not missing, f"{', '.join(missing)}: not installed (procps, sysstat, iproute2, lsof, util-linux)")
    with delays_accounted(), load() as (pid, port), watching(pid) as source:
        settled(source)
        yield from _memory(source)
        yield from _descriptors(source)
        yield from _limits(source, pid)
        yield from _sockets(source, port)
        yield from _rates(source, pid)
        yield from _nobody(pid)


@contextmanager
def delays_accounted() -> Iterator[None]:
    """Delay accounting on, for what starts meanwhile."""
    before = DELAY_SWITCH.read_text()
    DELAY_SWITCH.write_text("1")
    try:
        yield
    finally:
        DELAY_SWITCH.write_text(before)


@contextmanager
def load() -> Iterator[tuple[int, int]]:
    """The target's PID and the port it listens on."""
    kept = ROOT / ".accept"  # /tmp may be memory, from where no write ever reaches a disk
    kept.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept) as folder:
        argv = [sys.executable, "-m", "tests.accept.process_load", folder]
        with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as target:
            children: list[int] = []
            try:
                assert target.stdout is not None
                word, _, port = target.stdout.readline().partition(" ")
                check(word == "ready", "the load did not start")
                children = [int(child) for child in said("ps", "-o", "pid=", "--ppid", str(target.pid)).split()]
                yield target.pid, int(port)
            finally:
                target.kill()
                for child in children:
                    subprocess.run(["kill", "-9", str(child)], check=False)


@contextmanager
def watching(pid: int) -> Iterator[LiveSource]:
    host = Host()
    held = HeldTarget.open(host, pid)
    source = LiveSource(host, held)
    try:
        yield source
    finally:
        source.close()
        held.close()


def settled(source: LiveSource) -> Sample:
    """A sample with a reading of every slow section that began after now."""
    since = time.monotonic_ns()

    def look() -> Sample | None:
        sample = source.sample()
        sections = (sample.smaps, sample.open_files, sample.sockets, sample.delays, sample.limits, sample.thread_io)
        fresh = all(section is not None and section.monotonic_ns > since for section in sections)
        return sample if fresh else None

    return wait_for(look, "a reading of every slow section", 30, every=0.1)


def said(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def near(name: str, ours: float, theirs: float, *, relative: float = 0.05, absolute: float = 0.0) -> None:
    allowed = max(absolute, relative * abs(theirs))
    check(abs(ours - theirs) <= allowed, f"{name}: {ours:g} against {theirs:g}, more than {allowed:g} apart")


def _memory(source: LiveSource) -> Iterator[str]:
    sample = settled(source)
    assert sample.smaps is not None
    table = sample.smaps.processes
    rows = dict(zip(table.ints("pid"), table.rows("rss_bytes", "pss_bytes", "private_bytes"), strict=True))
    check(len(rows) == 2, f"{len(rows)} processes in smaps, not 2")
    for each, (rss, pss, private) in rows.items():
        near(f"ps rss of {each}", rss, int(said("ps", "-o", "rss=", "-p", str(each))) * 1024, absolute=2 << 20)
        maps = Path(f"/proc/{each}/smaps").read_text()
        whole = 1024 * sum(map(int, re.findall(r"^Pss: +(\d+)", maps, re.MULTILINE)))
        near(f"PSS of {each}", pss, whole, relative=0.1)  # other programs that use the same libraries come and go
        kept = 1024 * sum(map(int, re.findall(r"^Private_(?:Clean|Dirty): +(\d+)", maps, re.MULTILINE)))
        near(f"USS of {each}", private, kept, absolute=4 << 20)
    yield "memory: RSS as ps has it, PSS and USS as every single mapping adds up to, within 10 %"


def _descriptors(source: LiveSource) -> Iterator[str]:
    section = settled(source).open_files
    assert section is not None
    pids = ",".join(map(str, section.processes.ints("pid")))
    theirs: Counter[str] = Counter()
    nameless = set()
    for entry in said("lsof", "-p", pids, "-F", "ftkDin").split("\nf")[1:]:
        number, *lines = entry.split("\n")
        if number.isdigit():
            found = {line[0]: line[1:] for line in lines if line}
            theirs[_lsof_kind(found["t"], found["n"])] += 1
            if found.get("k") == "0" and found["t"] == "REG" and not found["n"].startswith("/memfd:"):
                nameless.add(found["n"])
    ours = dict(zip(section.kinds.text("kind"), section.kinds.ints("count"), strict=True))
    check(ours == theirs, f"descriptors: {ours} of ours, {dict(theirs)} by lsof")
    yield f"descriptors: the {sum(ours.values())} of both processes by kind, exactly as lsof has them"
    paths = {f"{path} (deleted)" for path in section.deleted.text("path")}
    check(len(paths) == 1 and paths == nameless, f"deleted files: {paths} of ours, {nameless} by lsof")
    near("the deleted file's size", section.deleted_bytes, 1 << 20, absolute=8192)
    yield "descriptors: the one deleted file that is still open, and its size"


def _lsof_kind(kind: str, name: str) -> str:
    if name.startswith("/memfd:"):
        return "memfd"
    if kind == "a_inode":
        return name.strip("[]").partition(":")[0]
    return {"REG": "file", "DIR": "file", "CHR": "device", "FIFO": "pipe"}.get(kind, "socket")


def _limits(source: LiveSource, pid: int) -> Iterator[str]:
    section = settled(source).limits
    assert section is not None
    shown = section.limits.rows("soft", "hard")
    ours = {
        name: tuple("unlimited" if limit == UNLIMITED else str(limit) for limit in pair)
        for name, pair in zip(section.limits.text("name"), shown, strict=True)
    }
    rows = said("prlimit", "--pid", str(pid), "--noheadings", "--raw", "-o", "RESOURCE,SOFT,HARD").splitlines()
    theirs = {name.lower(): (soft, hard) for name, soft, hard in map(str.split, rows)}
    check(ours == theirs, f"limits: {ours} of ours, {theirs} by prlimit")
    used = dict(zip(section.limits.text("name"), section.limits.ints("used"), strict=True))
    near("VSZ by ps", used["as"], 1024 * int(said("ps", "-o", "vsz=", "-p", str(pid))), relative=0.01)
    yield f"limits: all {len(ours)} as prlimit has them, the address space used as ps has it"


def _sockets(source: LiveSource, port: int) -> Iterator[str]:
    older = settled(source)
    newer = settled(source)
    theirs = _ss(port)
    interval = Interval.between(older, newer)
    assert newer.sockets is not None
    assert interval.sockets is not None
    table = newer.sockets.sockets
    ours = {
        (state, local_port, remote_port): row
        for row, (state, local_port, remote_port) in enumerate(
            zip(table.text("state"), table.ints("local_port"), table.ints("remote_port"), strict=True)
        )
    }
    queued = [key for key in theirs if key not in ours]  # connected, and nobody's until they are accepted
    check(len(queued) == BACKLOG + 1, f"not of ours but in ss: {queued}")
    check(set(ours) <= set(theirs), f"of ours but not in ss: {set(ours) - set(theirs)}")
    compared = 0
    for key, row in ours.items():
        queues, facts = theirs[key]
        moving = facts.get("bytes_acked", 0) > 1_000_000 or facts.get("bytes_received", 0) > 1_000_000
        near(f"{key} send queue", table.ints("send_queue_bytes")[row], queues[1], absolute=200_000 if moving else 0)
        near(
            f"{key} receive queue", table.ints("receive_queue_bytes")[row], queues[0], absolute=200_000 if moving else 0
        )
        for column, name in (
            ("acked_bytes_total", "bytes_acked"),
            ("received_bytes_total", "bytes_received"),
            ("retransmits_total", "retrans"),
            ("rwnd_limited_us_total", "rwnd_limited"),
            ("busy_us_total", "busy"),
            ("rtt_us", "rtt"),
        ):
            if name in facts:
                compared += 1
                near(
                    f"{key} {name}",
                    table.ints(column)[row],
                    facts[name],
                    relative=0.1,
                    absolute=400_000 if "us" in column or "bytes" in column else 2,
                )
    yield f"sockets: {len(ours)} with their queues and {compared} figures as ss -ti has them, within 10 %"
    listener = next(use for use in interval.sockets.sockets if use.state == "listen")
    check(listener.receive_queue == BACKLOG + 1, f"accept queue: {listener.receive_queue}, not {BACKLOG + 1}")
    check(listener.trouble[1] == "accept queue full", f"the listener's trouble: {listener.trouble}")
    yield "sockets: the full accept queue is said"
    worst = interval.sockets.sockets[0]
    check(worst.trouble[1] == "waits for the receiver", f"the worst socket: {worst.trouble}")
    near("share of time held by the receiver", worst.rwnd_limited_ratio or 0, 1.0)
    yield "sockets: the stalled receiver is found, and stands first"
    near("TCP received a second", interval.sockets.received_bytes_per_s or 0, 1_000_000, relative=0.15)
    yield "sockets: the process's traffic is what it sends itself, within 15 %"


def _ss(port: int) -> dict[tuple[str, int, int], tuple[tuple[int, int], dict[str, float]]]:
    """TCP sockets of the port by our name of the state, local and remote port: queues, and what else ss says."""
    names = {"LISTEN": "listen", "ESTAB": "established", "SYN-SENT": "syn-sent"}
    found = {}
    lines = said("ss", "-ntiaH", f"( sport = :{port} or dport = :{port} )").replace("\n\t", " ").splitlines()
    for line in lines:
        state, receiving, sending, local, remote, *rest = line.split()
        if state == "SYN-RECV":
            continue  # a half-open connection is nobody's yet
        ports = [int(end.rpartition(":")[2].replace("*", "0")) for end in (local, remote)]
        facts = {name: float(value) for name, value in re.findall(r"(\w+):([\d.]+)", " ".join(rest))}
        for name, scale in (("rtt", 1000), ("rwnd_limited", 1000), ("busy", 1000)):
            if name in facts:
                facts[name] *= scale
        again = re.search(r"retrans:\d+/(\d+)", line)
        facts["retrans"] = float(again[1]) if again else 0.0
        if state == "LISTEN":
            facts = {}
        found[names[state], ports[0], ports[1]] = ((int(receiving), int(sending)), facts)
    return found


def _rates(source: LiveSource, pid: int) -> Iterator[str]:
    """The same ten seconds by pidstat and by two samples."""
    older = settled(source)
    argv = ["pidstat", "-h", "-t", "-u", "-d", "-p", str(pid), str(SECONDS), "1"]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    ) as tool:
        blkio = _blkio_seconds(pid)
        output = tool.communicate()[0]
    newer = settled(source)
    blkio = (_blkio_seconds(pid) - blkio) / SECONDS
    theirs = _pidstat(output)
    interval = Interval.between(older, newer)
    threads = {use.tid: use for use in interval.threads or () if use.pid == pid}
    check(set(threads) == set(theirs), f"threads {sorted(threads)} of ours, {sorted(theirs)} by pidstat")
    for tid, (cpu, wait, _, _) in theirs.items():
        near(f"CPU of thread {threads[tid].name}", 100 * threads[tid].run_ratio, cpu, relative=0.1, absolute=3)
        near(
            f"run delay of thread {threads[tid].name}", 100 * threads[tid].delay_ratio, wait, relative=0.25, absolute=5
        )
    yield f"threads: CPU and run delay of {len(theirs)} as pidstat -t has them, within 3 and 5 points"
    writing = {use.tid: use.write_bytes_per_s / 1024 for use in interval.thread_io or () if use.pid == pid}
    for tid, (_, _, _, written) in theirs.items():
        near(f"writing of thread {threads[tid].name}", writing[tid], written, relative=0.15, absolute=200)
    check(max(writing.values()) > 2000, f"the writer writes {max(writing.values()):g} KiB/s only")
    yield "threads: what each writes to storage as pidstat -d -t has it, within 15 %"
    delays = {use.reason: use.seconds_per_s for use in interval.delays or ()}
    near("waiting for the disk", delays["blkio"], blkio, relative=0.2, absolute=3 * TICK_SECONDS)
    yield f"delays: waiting for the disk {delays['blkio']:.3f} s/s, as the threads' stat files have it"


def _pidstat(output: str) -> dict[int, tuple[float, float, float, float]]:
    """CPU and waiting in percent, KiB read and written a second, by TID."""
    found = {}
    for line in output.splitlines():
        words = line.split()
        if len(words) > 13 and words[2] == "-":
            found[int(words[3])] = (float(words[8]), float(words[7]), float(words[10]), float(words[11]))
    return found


def _blkio_seconds(pid: int) -> float:
    """Field 42 of proc(5), summed over the threads."""
    stats = [path.read_text().rpartition(") ")[2].split() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return sum(int(fields[BLKIO_TICKS_FIELD]) for fields in stats) * TICK_SECONDS


def _nobody(pid: int) -> Iterator[str]:
    for name in ("smaps", "open-files", "sockets", "delays", "thread-io"):
        answer = seen_by_nobody(name, pid)
        check(bool(answer.get("reason")) and "root" in str(answer.get("remedy")), f"{name} for nobody: {answer}")
    yield "without rights: five readings are missing, each with its reason and the remedy"
    check("oom_score" in seen_by_nobody("limits", pid), "limits are not visible to nobody")
    yield "without rights: the limits are there all the same"
