"""The memory regions of a process's addresses, with its maps read as seldom as possible."""

from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.maps import UNKNOWN, Maps, parse_maps
from perftui.host.procfs import Host

_STALE_NS = 5_000_000_000
_AGAIN_NS = 1_000_000_000
_MAX_KNOWN = 4096


class Regions:
    """Answers are remembered per address.

    A new address makes it read ``maps`` when the last reading is over 5 s old, or does not hold the address and is
    over 1 s old: a process with 10,000 mappings takes 10 ms to read.
    """

    def __init__(self, host: Host, pid: int) -> None:
        self._host = host
        self._path = f"/proc/{pid}/maps"
        self._maps: Maps | None = None
        self._read_ns = 0
        self._known: dict[int, int] = {}

    def region(self, address: int) -> int:
        """Index into ``REGIONS``; "unknown" where maps are not readable."""
        known = self._known.get(address)
        if known is not None:
            return known
        age = monotonic_ns() - self._read_ns
        region = self._maps.region(address) if self._maps and age < _STALE_NS else UNKNOWN
        if region == UNKNOWN and age > _AGAIN_NS:
            self._reread()
            region = self._maps.region(address) if self._maps else UNKNOWN
        if region != UNKNOWN and len(self._known) < _MAX_KNOWN:
            self._known[address] = region
        return region

    def _reread(self) -> None:
        """Addresses seen before are forgotten too: the process may have executed another program."""
        self._read_ns = monotonic_ns()
        self._known.clear()
        try:
            self._maps = parse_maps(self._host.read(self._path))
        except (NoData, ValueError):  # ValueError: the file was cut short because the process ended
            self._maps = None
