"""Graphics and compute cards: NVIDIA through NVML, AMD and Intel through their kernel drivers."""

from collections.abc import Iterator

from perftui.collect.scope import Scope
from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.drm import Card, drm_files, find_cards, read_card, read_process
from perftui.host.nvml import GpuProcess, Nvml, open_nvml
from perftui.host.procfs import Host
from perftui.model.gpu_section import Gpu, GpuSection
from perftui.model.sample import Sample
from perftui.model.table import Table

LOOK_AGAIN_NS = 60_000_000_000
"""A driver that was not there is looked for again after this time, and users of a card among all processes."""

NO_GPU = NoData("no GPU here: no NVIDIA driver, and no AMD or Intel card in /sys/class/drm")


class GpuCollector:
    name = "gpu"
    section = "gpus"

    def __init__(self) -> None:
        self._nvml: Nvml | None = None
        self._trouble: NoData | None = None
        self._cards: list[Card] = []
        self._users: dict[int, tuple[str, ...]] = {}
        self._look_ns = 0

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> GpuSection:
        now = monotonic_ns()
        if now >= self._look_ns:
            self._look_ns = now + LOOK_AGAIN_NS
            self._look(host)
        gpus, processes = self._nvidia()
        first = len(gpus)
        indices = {card.address: first + at for at, card in enumerate(self._cards)}
        gpus += [read_card(host, card, first + at) for at, card in enumerate(self._cards)]
        processes += self._drm_processes(host, scope, indices)
        if not gpus:
            absent = self._trouble or NO_GPU
            raise NoData(absent.reason, absent.remedy)
        return GpuSection(
            monotonic_ns=now,
            gpus=tuple(gpus),
            processes=_table(processes),
            missing=str(self._trouble) if self._trouble else "",
        )

    def close(self) -> None:
        """Let go of the NVIDIA driver."""
        if self._nvml is not None:
            self._nvml.close()
            self._nvml = None

    def _look(self, host: Host) -> None:
        self._cards = find_cards(host)
        self._users = _users(host) if self._cards else {}
        if self._nvml is None and host.is_live:
            try:
                self._nvml, self._trouble = open_nvml(host), None
            except NoData as error:
                self._trouble = error

    def _nvidia(self) -> tuple[list[Gpu], list[GpuProcess]]:
        if self._nvml is None:
            return [], []
        try:
            return self._nvml.read()
        except NoData as error:
            self.close()
            self._trouble = error
            return [], []

    def _drm_processes(self, host: Host, scope: Scope, indices: dict[str, int]) -> Iterator[GpuProcess]:
        """Of the processes that had a card open at the last look, and of the target's."""
        if not indices:
            return
        for pid in scope.pids:
            self._users[pid] = drm_files(host, pid)
        for pid, files in self._users.items():
            yield from read_process(host, pid, files, indices)


def _users(host: Host) -> dict[int, tuple[str, ...]]:
    found = {int(name): drm_files(host, int(name)) for name in host.names("/proc") if name.isdigit()}
    return {pid: files for pid, files in found.items() if files}


def _table(processes: list[GpuProcess]) -> Table:
    numbers = ("gpu", "pid", "memory_bytes", "sm_pct", "memory_pct", "engine_ns_total")
    return Table.of(
        {name: [getattr(process, name) for process in processes] for name in numbers},
        {"kind": [process.kind for process in processes]},
    )
