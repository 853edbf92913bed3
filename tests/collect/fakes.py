"""A collector that does what a test wants it to."""

from collections.abc import Callable

from perftui.collect.scope import Scope
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.model.sample import Sample
from perftui.model.section import Section


class FakeCollector:
    """Calls ``act`` in each reading, in the thread that reads."""

    name = "fake"
    section = "fake"

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self.readings = 0
        self.closed = 0
        self.scopes: list[Scope] = []

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> Section:
        assert previous is None
        self.readings += 1
        self.scopes.append(scope)
        now = monotonic_ns()
        self._act()
        return Section(monotonic_ns=now)

    def close(self) -> None:
        self.closed += 1
