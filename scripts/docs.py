"""Write docs/rules.md, docs/knobs.md and docs/metrics.md from the rules, the knobs and the catalogue of metrics.

python -m scripts.docs [--check]      --check: exit 1 when a file is not up to date
"""

import inspect
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from perftui.analyze.rules import RULES
from perftui.model.catalogue import METRICS
from perftui.model.reading_help import help_of
from perftui.model.reading_table import READINGS
from perftui.model.readings import Reading, figures_of
from perftui.report.prometheus import READING_FAMILIES, SERIES_FAMILIES, Family
from perftui.tune.knobs import KNOBS

FOLDER = Path(__file__).resolve().parents[1] / "docs"


def rendered(title: str, entries: tuple[object, ...]) -> str:
    """One Markdown page: a heading and the docstring for each entry."""
    pages = {str(getattr(entry, "id", "")): inspect.getdoc(entry) or "" for entry in entries}
    head = f"# {title}\n\nRendered by `make docs` from the docstrings that `perftui explain ID` prints.\n"
    return head + "".join(f"\n## {page_id}\n\n{text.rstrip()}\n" for page_id, text in pages.items())


METRICS_HEAD = """\
# Metrics

Rendered by `make docs` from `perftui/model/catalogue.py` and `perftui/model/reading_table.py`; a test compares them
with what is collected.

## Series

What the screen draws over time, and what `perftui export` prints, by name. All are kept for seven days (every tick of
15 minutes, then 10 s for 6 hours, then 60 s) and shown over any window from a minute to 7 days on the page History
(`d`): peak, mean, p50, p95, p99 and trend of it, with the spikes. Beyond 15 minutes the quantiles are those of small
histograms: within 1/64 where a bucket holds few values, a few percent else.

`cpu`, `disk-read`, `disk-write`, `disk-busy`, `disk-await`, `net-rx` and `net-tx` are there for one CPU, disk or
interface too, as `disk-read:vda`; those are kept for 15 minutes. A series that is not visible is left out;
`perftui doctor` says why.

"""

READINGS_HEAD = """
## Readings

What a sample holds, and with it a recording: figures as the kernel gives them. Counters only grow. The last columns are
there where `perftui export prometheus` has a section figure by figure: what it is, and its name.
"""


def metrics_page() -> str:
    """The series, then a table for each section of a sample."""
    series = _table(
        ("metric", "unit", "kind", "what", "source", "read", "right needed", "Prometheus"),
        (
            (f"`{metric.name}`", metric.unit, metric.kind, metric.help, _code(metric.source),
             _period(metric.period_seconds), metric.right, _family(SERIES_FAMILIES.get(metric.name)))
            for metric in METRICS
        ),
    )  # fmt: skip
    return METRICS_HEAD + series + READINGS_HEAD + "".join(map(_section, READINGS))


def _section(reading: Reading) -> str:
    """Its docstring, where it comes from, and its figures."""
    right = f" Right needed: {reading.right}." if reading.right else ""
    origin = f"Source: {_code(reading.source)}. Read: {_period(reading.period_seconds)}.{right}"
    figures = [
        (f"`{figure.name}`", figure.unit, "counter" if figure.counter else "gauge",
         *((help_of(figure.path), _family(READING_FAMILIES[figure.path])) if reading.word else ()))
        for figure in figures_of(reading)
    ]  # fmt: skip
    more = ("what", "Prometheus") if reading.word else ()
    table = _table(("figure", "unit", "kind", *more), figures) if figures else ""
    text = (inspect.getdoc(reading.struct) or "").replace("``", "`")
    return f"\n### {reading.section}\n\n{text}\n\n{origin}\n" + (f"\n{table}" if table else "")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    def lines() -> Iterator[str]:
        yield f"| {' | '.join(head)} |\n"
        yield f"|{'---|' * len(head)}\n"
        for row in rows:
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n"

    return "".join(lines())


def _code(source: str) -> str:
    """Paths hold stars and underscores that Markdown would take for emphasis."""
    return f"`{source}`"


def _period(seconds: float) -> str:
    return f"every {seconds:g} s" if seconds else "every tick"


def _family(family: Family | None) -> str:
    return f"`{family.name}`" if family else ""


def pages() -> dict[Path, str]:
    return {
        FOLDER / "rules.md": rendered("Rules", RULES),
        FOLDER / "knobs.md": rendered("Knobs", KNOBS),
        FOLDER / "metrics.md": metrics_page(),
    }


def main() -> int:
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"docs/{path.name} is not up to date: run make docs", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.write_text(pages()[path])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
