"""What the resource pane shows: one gauge per resource, from one update."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, isnan, nan

from perftui.model.interval import Interval
from perftui.model.sample import Sample
from perftui.model.units import bytes_text, count_text, rate_text, ratio_text
from perftui.model.update import Update
from perftui.tui.renderables.bars import peak_of, round_ceiling

NETWORK_FLOOR = 100_000.0
"""Bytes a second that fill a bar on an otherwise quiet disk or network; a busier one raises the scale."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """One row. ``series`` is oldest first; ``missing`` says why there is none. Low ``rank`` stays when space is short.

    ``spread`` values stand side by side (one per CPU) instead of one after the other.
    """

    label: str
    rank: int
    value: str = ""
    series: Sequence[float] = ()
    ceiling: float = 1.0
    detail: str = ""
    missing: str = ""
    of_target: bool = False
    spread: bool = False


def gauges(update: Update) -> list[Gauge]:
    """Host first, then the target."""
    rows = [*_host(update)]
    if update.sample.target.kind == "process":
        rows += _target(update)
    return rows


def _host(update: Update) -> Iterator[Gauge]:
    sample, interval = update.sample, update.interval
    yield _ratio(update, "cpu", "CPU", 0, "cpu", _cpu_detail(sample, interval))
    if interval and interval.cpu and interval.cpu.cores:
        busy = [core.busy_ratio for core in interval.cpu.cores]
        top = max(range(len(busy)), key=busy.__getitem__)
        detail = f"busiest is cpu{interval.cpu.cores[top].cpu}"
        yield Gauge("cores", 8, value=ratio_text(busy[top]), series=busy, detail=detail, spread=True)
    yield _ratio(update, "memory", "memory", 1, "memory", _memory_detail(sample))
    if sample.memory and sample.memory.swap_total_bytes:
        used = sample.memory.swap_total_bytes - sample.memory.swap_free_bytes
        detail = f"{bytes_text(used)} of {bytes_text(sample.memory.swap_total_bytes)}"
        yield _ratio(update, "swap", "swap", 11, "memory", detail)
    yield from _pressure(update)
    yield _rate(update, ("disk-read", "disk-write"), "disk", 6, "disk", _disk_detail(update))
    yield _rate(update, ("net-rx", "net-tx"), "network", 7, "network", _network_detail(update))


def _target(update: Update) -> Iterator[Gauge]:
    history, tree = update.history, update.interval.tree if update.interval else None
    cores = history.get("target-cpu", ())
    shape = (
        f"{_many(tree.processes, 'process', 'processes')}, {_many(tree.threads, 'thread', 'threads')}" if tree else ""
    )
    quota = update.interval.quota if update.interval else None
    if quota:
        shape = f"quota {quota.quota_cores:.2g}, throttled {ratio_text(quota.throttled_periods_ratio)}  {shape}"
    yield _gauge(
        update, cores, "CPU", 2, "tree", lambda value: f"{value:.2f} cores",
        ceiling=max(1.0, ceil(_known(peak_of(cores)))), detail=shape, of_target=True,
    )  # fmt: skip
    delay = history.get("target-delay", ())
    yield _gauge(
        update, delay, "delay", 3, "threads", lambda value: f"{value:.2f} s/s",
        ceiling=max(1.0, ceil(_known(peak_of(delay)))), detail="waiting for a CPU", of_target=True,
    )  # fmt: skip
    rss = history.get("target-rss", ())
    faults = f"swap {bytes_text(tree.swap_bytes)}, {count_text(tree.major_faults_per_s)}/s major faults" if tree else ""
    yield _gauge(
        update, rss, "RSS", 5, "tree", bytes_text,
        ceiling=round_ceiling(_known(peak_of(rss)), 1.0), detail=faults, of_target=True,
    )  # fmt: skip
    yield _rate(update, ("target-read", "target-write"), "I/O", 9, "tree", "", of_target=True)


def _gauge(
    update: Update,
    series: Sequence[float],
    label: str,
    rank: int,
    collector: str,
    text: Callable[[float], str],
    *,
    ceiling: float,
    detail: str,
    of_target: bool = False,
) -> Gauge:
    """The row of one series: its last value, its peak, its history; or why there is none."""
    now = series[-1] if series else nan
    if isnan(now):
        return Gauge(label, rank, missing=_reason(update.sample, collector), of_target=of_target)
    detail = f"peak {text(peak_of(series))}  {detail}".rstrip()
    return Gauge(label, rank, text(now), series, ceiling, detail, of_target=of_target)


def _ratio(update: Update, name: str, label: str, rank: int, collector: str, detail: str) -> Gauge:
    series = update.history.get(name, ())
    return _gauge(update, series, label, rank, collector, ratio_text, ceiling=1.0, detail=detail)


def _rate(
    update: Update,
    names: tuple[str, str],
    label: str,
    rank: int,
    collector: str,
    detail: str,
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
        detail = f"{' '.join(sides)}  {detail}"
    top = round_ceiling(_known(peak_of(both)), NETWORK_FLOOR)
    return _gauge(update, both, label, rank, collector, rate_text, ceiling=top, detail=detail, of_target=of_target)


def _pressure(update: Update) -> Iterator[Gauge]:
    """Three rows, or a single one that says why the kernel does not tell."""
    if update.sample.pressure is None:
        yield Gauge("PSI", 4, missing=_reason(update.sample, "pressure"))
        return
    for what, rank in (("cpu", 4), ("memory", 12), ("io", 10)):
        label = "PSI mem" if what == "memory" else f"PSI {what}"
        yield _ratio(update, f"psi-{what}", label, rank, "pressure", "of the time some task stalls")


def _reason(sample: Sample, collector: str) -> str:
    """Why a signal is not there, in its collector's own words."""
    status = sample.status(collector)
    if status is None or status.state == "ok":
        return "measuring"
    return f"{status.reason}: {status.remedy}" if status.remedy else status.reason


def _cpu_detail(sample: Sample, interval: Interval | None) -> str:
    if not interval or not interval.cpu:
        return ""
    total = interval.cpu.total
    shares = (("user", total.user_ratio), ("sys", total.system_ratio), ("iowait", total.iowait_ratio))
    text = " ".join(f"{name} {ratio * 100:.0f}" for name, ratio in shares)
    text += f" steal {total.steal_ratio * 100:.0f}" if total.steal_ratio >= 0.005 else ""
    return f"{text}  load {sample.cpu.load1:.1f}" if sample.cpu else text


def _memory_detail(sample: Sample) -> str:
    memory = sample.memory
    if memory is None:
        return ""
    used = memory.total_bytes - memory.available_bytes
    return f"{bytes_text(used)} of {bytes_text(memory.total_bytes)}"


def _disk_detail(update: Update) -> str:
    disks = update.interval.disks if update.interval else None
    if not disks:
        return ""
    busiest = max(disks, key=lambda disk: disk.busy_ratio)
    waited = f", {busiest.await_ms:.1f} ms" if busiest.await_ms is not None else ""
    return f"{busiest.name} {busiest.busy_ratio * 100:.0f} % busy{waited}"


def _network_detail(update: Update) -> str:
    networks = update.interval.networks if update.interval else None
    lost = sum(use.drops_per_s + use.errors_per_s for use in networks or ())
    return f"{count_text(lost)}/s dropped or wrong" if lost else ""


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _known(figure: float) -> float:
    return 0.0 if isnan(figure) else figure
