"""What the resource pane shows: one gauge per resource, from one update."""

from collections.abc import Callable, Iterator, Sequence
from math import ceil, isnan, nan
from typing import TYPE_CHECKING

import msgspec

from perftui.model.sample import Sample
from perftui.model.series import Summary
from perftui.model.units import bytes_text, count_text, rate_text, ratio_text
from perftui.model.update import Update
from perftui.tui.renderables.bars import peak_of, round_ceiling

if TYPE_CHECKING:
    from perftui.model.interval import Interval

NETWORK_FLOOR = 100_000.0
"""Bytes a second that fill a bar on an otherwise quiet disk or network; a busier one raises the scale."""

RECENT_MINUTES = 15
"""What ``Update.recent`` sums up."""


class Gauge(msgspec.Struct, frozen=True):
    """One row. ``series`` is oldest first; ``missing`` says why there is none. Low ``rank`` stays when space is short.

    ``facts`` go from the last where there is no room for all.
    ``spread`` values stand side by side (one per CPU) instead of one after the other.
    """

    label: str
    rank: int
    value: str = ""
    series: Sequence[float] = ()
    ceiling: float = 1.0
    facts: Sequence[str] = ()
    missing: str = ""
    of_target: bool = False
    spread: bool = False


def gauges(update: Update) -> list[Gauge]:
    """Host first, then the target."""
    rows = [*_host(update)]
    if update.sample.target.kind != "host":
        rows += _target(update)
    return rows


def _host(update: Update) -> Iterator[Gauge]:
    sample, interval = update.sample, update.interval
    yield _ratio(update, "cpu", "CPU", 0, "cpu", _cpu_facts(sample, interval))
    if interval and interval.cpu and interval.cpu.cores:
        busy = [core.busy_ratio for core in interval.cpu.cores]
        top = max(range(len(busy)), key=busy.__getitem__)
        facts = (f"busiest is cpu{interval.cpu.cores[top].cpu}",)
        yield Gauge("cores", 8, value=ratio_text(busy[top]), series=busy, facts=facts, spread=True)
    yield _ratio(update, "memory", "memory", 1, "memory", _memory_facts(sample))
    if sample.memory and sample.memory.swap_total_bytes:
        used = sample.memory.swap_total_bytes - sample.memory.swap_free_bytes
        facts = (f"{bytes_text(used)} of {bytes_text(sample.memory.swap_total_bytes)}",)
        yield _ratio(update, "swap", "swap", 11, "memory", facts)
    yield from _pressure(update)
    yield _rate(update, ("disk-read", "disk-write"), "disk", 6, "disk", _disk_facts(update))
    yield _rate(update, ("net-rx", "net-tx"), "network", 7, "network", _network_facts(update))


def _target(update: Update) -> Iterator[Gauge]:
    history, tree = update.history, update.interval.tree if update.interval else None
    cores = history.get("target-cpu", ())
    shape: list[str] = []
    if tree:
        shape = [f"{tree.processes} proc {tree.threads} thr"]
    quota = update.interval.quota if update.interval else None
    if quota:
        shape.insert(0, f"quota {quota.quota_cores:.2g}, throttled {ratio_text(quota.throttled_periods_ratio)}")
    yield _gauge(
        update, "target-cpu", cores, "CPU", 2, "tree", lambda value: f"{value:.2f} cores",
        ceiling=max(1.0, ceil(_known(peak_of(cores)))), facts=shape, of_target=True,
    )  # fmt: skip
    delay = history.get("target-delay", ())
    yield _gauge(
        update, "target-delay", delay, "delay", 3, "threads", lambda value: f"{value:.2f} s/s",
        ceiling=max(1.0, ceil(_known(peak_of(delay)))), facts=("waiting for a CPU",), of_target=True,
    )  # fmt: skip
    rss = history.get("target-rss", ())
    faults: list[str] = []
    if tree:
        faults = [f"swap {bytes_text(tree.swap_bytes)}", f"{count_text(tree.major_faults_per_s)}/s major faults"]
    yield _gauge(
        update, "target-rss", rss, "RSS", 5, "tree", bytes_text,
        ceiling=round_ceiling(_known(peak_of(rss)), 1.0), facts=faults, of_target=True,
    )  # fmt: skip
    yield _rate(update, ("target-read", "target-write"), "I/O", 9, "tree", (), of_target=True)


def _gauge(
    update: Update,
    name: str,
    series: Sequence[float],
    label: str,
    rank: int,
    collector: str,
    text: Callable[[float], str],
    *,
    ceiling: float,
    facts: Sequence[str],
    of_target: bool = False,
) -> Gauge:
    """The row of one series: its last value, its peak, its history; or why there is none.

    Peak and p95 are of the last 15 minutes where those were summed up; the peak may be newer than that.
    """
    now = series[-1] if series else nan
    if isnan(now):
        return Gauge(label, rank, missing=_reason(update.sample, collector), of_target=of_target)
    past = update.recent.get(name)
    peak = max(peak_of(series), past.peak) if past else peak_of(series)
    facts = (f"peak {text(peak)}", *facts, *([f"p95 {text(past.p95)} of {_minutes(past)}"] if past else []))
    return Gauge(label, rank, text(now), series, ceiling, facts, of_target=of_target)


def _minutes(past: Summary) -> str:
    """How much of the last 15 minutes there are figures for."""
    return f"{max(1, round(RECENT_MINUTES * past.coverage_ratio))} min"


def _ratio(update: Update, name: str, label: str, rank: int, collector: str, facts: Sequence[str]) -> Gauge:
    series = update.history.get(name, ())
    return _gauge(update, name, series, label, rank, collector, ratio_text, ceiling=1.0, facts=facts)


def _rate(
    update: Update,
    names: tuple[str, str],
    label: str,
    rank: int,
    collector: str,
    facts: Sequence[str],
    *,
    of_target: bool = False,
) -> Gauge:
    """Both directions added up in the bars, apart in the text."""
    into, out = (update.history.get(name, ()) for name in names)
    both = [a + b for a, b in zip(into, out, strict=False)]
    if both and not isnan(both[-1]):
        sides = (
            f"{name.rpartition('-')[2]} {rate_text(side[-1])}" for name, side in zip(names, (into, out), strict=True)
        )
        facts = (" ".join(sides), *facts)
    top = round_ceiling(_known(peak_of(both)), NETWORK_FLOOR)
    return _gauge(update, "", both, label, rank, collector, rate_text, ceiling=top, facts=facts, of_target=of_target)


def _pressure(update: Update) -> Iterator[Gauge]:
    """Three rows, or a single one that says why the kernel does not tell."""
    if update.sample.pressure is None:
        yield Gauge("PSI", 4, missing=_reason(update.sample, "pressure"))
        return
    for what, rank in (("cpu", 4), ("memory", 12), ("io", 10)):
        label = "PSI mem" if what == "memory" else f"PSI {what}"
        yield _ratio(update, f"psi-{what}", label, rank, "pressure", ("of the time some task stalls",))


def _reason(sample: Sample, collector: str) -> str:
    """Why a signal is not there, in its collector's own words."""
    status = sample.status(collector)
    if status is None or status.state == "ok":
        return "measuring"
    return f"{status.reason}: {status.remedy}" if status.remedy else status.reason


def _cpu_facts(sample: Sample, interval: "Interval | None") -> list[str]:
    if not interval or not interval.cpu:
        return []
    total = interval.cpu.total
    shares = [("user", total.user_ratio), ("sys", total.system_ratio), ("iowait", total.iowait_ratio)]
    if total.steal_ratio >= 0.005:
        shares.append(("steal", total.steal_ratio))
    facts = [f"{name} {ratio * 100:.0f}" for name, ratio in shares]
    return [*facts, f"load {sample.cpu.load1:.1f}"] if sample.cpu else facts


def _memory_facts(sample: Sample) -> list[str]:
    memory = sample.memory
    if memory is None:
        return []
    used = memory.total_bytes - memory.available_bytes
    return [f"{bytes_text(used)} of {bytes_text(memory.total_bytes)}"]


def _disk_facts(update: Update) -> list[str]:
    disks = update.interval.disks if update.interval else None
    if not disks:
        return []
    busiest = max(disks, key=lambda disk: disk.busy_ratio)
    facts = [f"{busiest.name} {busiest.busy_ratio * 100:.0f} % busy"]
    return facts if busiest.await_ms is None else [*facts, f"{busiest.await_ms:.1f} ms"]


def _network_facts(update: Update) -> list[str]:
    """What the row's own figures leave out: losses, and the traffic of the host with itself."""
    networks = (update.interval.networks if update.interval else None) or ()
    lost = sum(use.drops_per_s + use.errors_per_s for use in networks)
    facts = [f"{count_text(lost)}/s dropped or wrong"] if lost else []
    inner = [use.rx_bytes_per_s + use.tx_bytes_per_s for use in networks if use.name == "lo"]
    return [*facts, *(f"besides lo {rate_text(sum(inner))}" for _ in inner[:1])]


def _known(figure: float) -> float:
    return 0.0 if isnan(figure) else figure
