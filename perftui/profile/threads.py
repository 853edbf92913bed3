"""The target's threads: how long each ran, and which thread a sampled one is."""

import os
from collections.abc import Collection, Iterable

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.stat import parse_fields

_PTHREAD_BYTES = 2304
"""glibc's ``struct pthread`` on x86-64 and aarch64; musl's is smaller."""


def run_times(host: Host, pid: int) -> dict[int, int]:
    """TID → nanoseconds on a CPU so far. Threads that end meanwhile are left out; empty when the target is gone."""
    try:
        tids = [int(name) for name in host.names(f"/proc/{pid}/task")]
    except NoData:
        return {}
    times = {}
    for tid in tids:
        try:
            times[tid] = int(host.read(f"/proc/{pid}/task/{tid}/schedstat").split()[0])
        except (NoData, IndexError, ProcessLookupError):
            continue
    return times


class ThreadIds:
    """Finds the kernel's TID of a thread as the sampler names it.

    CPython from 3.11 on knows its TID, but as its own PID namespace counts. Before, there is only the address
    of the thread's ``pthread_t``. That structure holds the TID too, at a place that differs between C
    libraries; it is found by looking which word holds the numbers of existing threads, each a different one.
    """

    def __init__(self, host: Host, pid: int) -> None:
        self._host = host
        self._pid = pid
        self._by_address: dict[int, int] = {}

    def resolve(self, idents: Iterable[int], by_address: Collection[int], tids: Collection[int]) -> dict[int, int]:
        """Ident → TID for those that can be told; ``tids`` are the threads that exist."""
        idents = list(idents)
        if by_address:
            if any(self._by_address.get(ident) not in tids for ident in by_address):
                self._by_address = self._read_addresses(by_address, tids)
            return {ident: self._by_address[ident] for ident in idents if ident in self._by_address}
        inner = self._inner_tids(tids)
        return {ident: inner.get(ident, ident) for ident in idents if inner.get(ident, ident) in tids}

    def _inner_tids(self, tids: Collection[int]) -> dict[int, int]:
        """The target's own numbers → TIDs here; empty when it lives in this PID namespace."""
        inner = {}
        for tid in (self._pid, *tids):
            try:
                numbers = parse_fields(self._host.read(f"/proc/{self._pid}/task/{tid}/status"))[b"NSpid"].split()
            except (NoData, KeyError):
                continue
            if len(numbers) == 1:
                return {}
            inner[int(numbers[-1])] = tid
        return inner

    def _read_addresses(self, addresses: Collection[int], tids: Collection[int]) -> dict[int, int]:
        try:
            memory = self._host.open(f"/proc/{self._pid}/mem")
        except NoData:
            return {}
        try:
            blocks = {address: block for address in addresses if (block := _words(memory, address))}
        finally:
            os.close(memory)
        return match_threads(blocks, tids)


def match_threads(blocks: dict[int, memoryview], tids: Collection[int]) -> dict[int, int]:
    """Address → TID by the word that holds the most distinct existing TIDs; pure.

    ``blocks`` are the 32-bit words at each address.
    """
    known = frozenset(tids)
    best: dict[int, int] = {}
    for at in range(min(map(len, blocks.values()), default=0)):
        found = {address: words[at] for address, words in blocks.items() if words[at] in known}
        if len(found) > len(best) and len(set(found.values())) == len(found):
            best = found
    return best


def _words(memory: int, address: int) -> memoryview | None:
    try:
        block = os.pread(memory, _PTHREAD_BYTES, address)
    except (OSError, OverflowError):
        return None
    return memoryview(block[: len(block) // 4 * 4]).cast("I")
