"""One update in Prometheus' text format, version 0.0.4.

Two kinds of families: the counters and levels of the host's sections as they are, with a label for each device, and the
series of ``model.catalogue`` as gauges. Units are base units: seconds, bytes, ratios, joules, hertz.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from perftui import __version__
from perftui.model.catalogue import METRICS, MetricUnit
from perftui.model.headline import headline
from perftui.model.reading_help import help_of
from perftui.model.reading_table import READINGS
from perftui.model.readings import Figure, Observed, Reading, Unit, figures_of, observed, uncounted
from perftui.model.section import Section
from perftui.model.update import Update

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = tuple[tuple[str, str], ...]

_METRIC_ENDS: dict[MetricUnit, str] = {
    "ratio": "_ratio",
    "cores": "_cores",
    "bytes": "_bytes",
    "bytes/s": "_bytes_per_second",
    "1/s": "_per_second",
    "s/s": "_seconds_per_second",
    "s": "_seconds",
    "count": "",
    "W": "_watts",
    "°C": "_celsius",
    "Hz": "_hertz",
}

_BASE_UNITS: dict[Unit, tuple[str, float]] = {
    "ns": ("seconds", 1e-9),
    "us": ("seconds", 1e-6),
    "ms": ("seconds", 1e-3),
    "ticks": ("seconds", 1),
    "pct": ("ratio", 1e-2),
    "mhz": ("hertz", 1e6),
    "khz": ("hertz", 1e3),
    "uj": ("joules", 1e-6),
    "mbit": ("bytes_per_second", 125_000),
    "bytes": ("bytes", 1),
    "ratio": ("ratio", 1),
    "celsius": ("celsius", 1),
    "watts": ("watts", 1),
    "pages": ("pages", 1),
}
"""The unit to export and the factor to it; ticks are divided by the section's own ``ticks_per_second``."""

_LABELS = {
    ("disks", "name"): "device",
    ("cgroup", "name"): "device",
    ("swaps", "name"): "device",
    ("networks", "name"): "interface",
    ("links", "name"): "interface",
    ("filesystems", "point"): "mountpoint",
    ("filesystems", "type"): "fstype",
    ("gpus", "index"): "gpu",
}
"""Keys that have another name where Prometheus is at home."""


class Family(msgspec.Struct, frozen=True):
    """All samples of one name. ``factor`` brings a reading to its base unit."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    factor: float = 1.0


Sample = tuple[Labels, float]


def exposition(update: Update) -> str:
    """The whole page; ends in a newline. A figure that is not visible has no line, a collector without data says 0."""
    pages: dict[Family, list[Sample]] = {}
    for family, sample in (*_readings(update), *_series(update), *_own(update)):
        pages.setdefault(family, []).append(sample)
    return "".join(line for family, samples in pages.items() for line in _lines(family, samples))


def _lines(family: Family, samples: list[Sample]) -> Iterator[str]:
    yield f"# HELP {family.name} {_escaped(family.help)}\n# TYPE {family.name} {family.kind}\n"
    for labels, value in samples:
        told = ",".join(f'{name}="{_quoted(text)}"' for name, text in labels)
        yield f"{family.name}{{{told}}} {value:.15g}\n" if told else f"{family.name} {value:.15g}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")


# ---- readings: counters and levels as they are


def _readings(update: Update) -> Iterator[tuple[Family, Sample]]:
    for reading in _EXPORTED:
        section: Section | None = getattr(update.sample, reading.section)
        if section is None:
            continue
        per_tick = 1 / getattr(section, "ticks_per_second", 1)
        for one in observed(reading, section):
            family = READING_FAMILIES[one.figure.path]
            factor = per_tick if one.figure.unit == "ticks" else family.factor
            yield family, (_labels(reading, one), one.value * factor)


def _labels(reading: Reading, one: Observed) -> Labels:
    return tuple((_LABELS.get((reading.section, name), name), text) for name, text in one.labels)


def _reading_family(reading: Reading, figure: Figure) -> Family:
    """``disks.devices.read_ms_total`` is ``perftui_disk_read_seconds_total``."""
    field, column = figure.path[1:-1], figure.path[-1]
    layout = reading.tables.get(field[-1]) if field else None
    between = (*field[:-1], layout.name) if layout else field
    words = [reading.word, *(part for part in between if part not in ("", reading.section))]
    end, factor = _BASE_UNITS.get(figure.unit, ("", 1))
    stem = uncounted(column).removesuffix(figure.unit).strip("_")
    if stem.endswith("bytes_limit"):  # of a second
        stem, end = f"{stem.removesuffix('bytes_limit')}limit", "bytes_per_second"
    if words[-1] == stem.partition("_")[0]:  # cgroup.usage.usage_ns_total says it twice
        words.pop()
    ends = (*((end,) if end else ()), *(("total",) if figure.counter else ()))
    kind: Literal["counter", "gauge"] = "counter" if figure.counter else "gauge"
    whole = "_".join(part for part in ("perftui", *words, stem, *ends) if part)
    return Family(whole, kind, f"{help_of(figure.path)} Source: {reading.source}.", factor)


_EXPORTED = tuple(reading for reading in READINGS if reading.word)
READING_FAMILIES: dict[tuple[str, ...], Family] = {
    figure.path: _reading_family(reading, figure) for reading in _EXPORTED for figure in figures_of(reading)
}


# ---- series: rates and shares worked out by perftui


def _series(update: Update) -> Iterator[tuple[Family, Sample]]:
    if update.interval is None:
        return
    values = headline(update.interval)
    yield from ((family, ((), values[name])) for name, family in SERIES_FAMILIES.items() if name in values)


def _series_families() -> dict[str, Family]:
    """A series that is also a reading (``memory-cached``) is exported once, as the reading."""
    taken = {family.name for family in READING_FAMILIES.values()}
    families = {
        metric.name: Family(
            f"perftui_{metric.name.replace('-', '_')}{_METRIC_ENDS[metric.unit]}",
            "gauge",
            f"{metric.help} Source: {metric.source}.",
        )
        for metric in METRICS
    }
    return {name: family for name, family in families.items() if family.name not in taken}


SERIES_FAMILIES = _series_families()


# ---- perftui itself, and its answer


_INFO = Family("perftui_info", "gauge", "Always 1: the version, and what is watched.")
_TIME = Family("perftui_sample_timestamp_seconds", "gauge", "When this was measured, in Unix time.")
_FINDING = Family("perftui_finding_confidence_ratio", "gauge", "A bottleneck that was found, and how sure that is.")
_COLLECTOR = Family("perftui_collector_visible", "gauge", "1 for a collector with data, 0 for one without.")
_CPU = Family("perftui_own_cpu_ratio", "gauge", "CPU that perftui uses, of one core.")
_RESIDENT = Family("perftui_own_resident_bytes", "gauge", "Resident memory of perftui.")
_MISSED = Family("perftui_own_missed_samples_total", "counter", "Samples so late that the next one was due.")
OWN_FAMILIES = (_INFO, _TIME, _FINDING, _COLLECTOR, _CPU, _RESIDENT, _MISSED)


def _own(update: Update) -> Iterator[tuple[Family, Sample]]:
    target, cost = update.sample.target, update.own_cost
    told = (("version", __version__), ("kind", target.kind), ("command", _name(target.command)))
    yield _INFO, (told, 1)
    yield _TIME, ((), update.sample.wall_ns / 1e9)
    for finding in update.diagnosis.findings if update.diagnosis else ():
        which = (("rule", finding.rule), ("layer", finding.layer), ("severity", finding.severity))
        yield _FINDING, (which, finding.confidence)
    for status in update.sample.collectors:
        yield _COLLECTOR, ((("collector", status.name),), int(status.state == "ok"))
    yield _CPU, ((), cost.cpu_pct / 100)
    yield _RESIDENT, ((), cost.rss_bytes)
    yield _MISSED, ((), cost.missed_ticks_total)


def _name(command: str) -> str:
    """The program alone: its arguments may hold secrets, and a page is for everybody."""
    return command.partition(" ")[0].rpartition("/")[2]
