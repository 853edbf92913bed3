"""Parsers of ``/proc/PID/stat``, ``schedstat``, ``status``, ``io`` and ``limits``: bytes in, tuples out."""

from typing import NamedTuple


class Stat(NamedTuple):
    """The fields of ``/proc/PID/stat`` that perftui uses; names as in proc(5), numbers are the kernel's."""

    pid: int
    comm: bytes
    state: str
    ppid: int
    session: int
    minflt: int
    majflt: int
    utime: int
    stime: int
    priority: int
    nice: int
    num_threads: int
    starttime: int
    rss_pages: int
    processor: int
    rt_priority: int
    policy: int


def split_stat(raw: bytes) -> tuple[bytes, list[bytes]]:
    """The name, and the fields from the state on (field 3 of proc(5) is index 0).

    The name may hold anything, ``) R (`` included, so the line is split at the *last* parenthesis.
    ValueError when it is not a stat line.
    """
    opening, closing = raw.index(b"("), raw.rindex(b")")
    return raw[opening + 1 : closing], raw[closing + 2 :].split()


def parse_stat(raw: bytes) -> Stat:
    """ValueError when it is not a whole stat line."""
    comm, fields = split_stat(raw)
    if len(fields) < 39:
        raise ValueError(f"not a whole stat line: {raw[:80]!r}")
    return Stat(
        pid=int(raw[: raw.index(b" ")]),
        comm=comm,
        state=fields[0].decode("ascii"),
        ppid=int(fields[1]),
        session=int(fields[3]),
        minflt=int(fields[7]),
        majflt=int(fields[9]),
        utime=int(fields[11]),
        stime=int(fields[12]),
        priority=int(fields[15]),
        nice=int(fields[16]),
        num_threads=int(fields[17]),
        starttime=int(fields[19]),
        rss_pages=int(fields[21]),
        processor=int(fields[36]),
        rt_priority=int(fields[37]),
        policy=int(fields[38]),
    )


def start_ticks(raw: bytes) -> int:
    """When the process or thread of a stat line started, in clock ticks since boot."""
    return int(split_stat(raw)[1][19])


def parse_fields(raw: bytes) -> dict[bytes, bytes]:
    """``name: value`` lines (status, io, meminfo, autogroup-like files) as a dict of stripped bytes."""
    fields = {}
    for line in raw.splitlines():
        name, colon, value = line.partition(b":")
        if colon:
            fields[name] = value.strip()
    return fields


def int_field(raw: bytes, name: bytes) -> int:
    """The number after ``name:`` in a status-like file, without parsing the rest of it; -1 when it is not there."""
    at = raw.find(b"\n" + name + b":")
    if at < 0:
        return -1
    start = at + len(name) + 2
    return int(raw[start : raw.find(b"\n", start)].split(None, 1)[0])


def first_int(value: bytes | None) -> int:
    """The number a status value starts with (``123 kB`` → 123); -1 for None."""
    return int(value.split(None, 1)[0]) if value else -1


def soft_limit(raw: bytes, name: bytes) -> int:
    """The soft limit called ``name`` in ``/proc/PID/limits``; -1 when it is not there or unlimited."""
    for line in raw.splitlines():
        if line.startswith(name):
            value = line[len(name) :].split()[0]
            return int(value) if value.isdigit() else -1
    return -1
