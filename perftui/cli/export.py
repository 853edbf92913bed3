"""``perftui export``: figures for other programs, as they are measured."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perftui.cli import options as shared
from perftui.cli.options import DEFAULT_SECONDS, Options
from perftui.errors import UsageError

if TYPE_CHECKING:  # rooms are imported when a command runs
    from perftui.model.update import Update

ONCE_SECONDS = 2.0
"""Without a file or an address the page is printed once: two looks, so that there are rates."""

UNTIL_ENDED_SECONDS = 100 * 365 * 86400.0
"""Without ``--for``: until a signal comes or the target ends."""


@click.group()
def export() -> None:
    """Print or serve figures for other programs: Prometheus, CSV, JSON lines.

    No stacks are sampled and nothing is written to the system. docs/metrics.md lists the metrics.
    """


@export.command()
@click.argument("target", required=False)
@click.option("--textfile", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Replace FILE at every tick, for node_exporter's textfile collector.")  # fmt: skip
@click.option("--listen", metavar="[HOST:]PORT", help="Serve /metrics; on 127.0.0.1 unless HOST says otherwise.")
@shared.watching
@shared.children
@shared.common
def prometheus(options: Options, target: str | None, textfile: Path | None, listen: str | None) -> None:
    """Figures of TARGET and this host in Prometheus' text format.

    With neither --textfile nor --listen they are printed once.
    """
    if listen is not None:
        _serve(options, target, textfile, listen)
    elif textfile is not None:
        from perftui.report.prometheus import exposition

        _watch(options, target, lambda update: _replace(textfile, exposition(update)))
    else:
        from perftui.report.prometheus import exposition

        latest: list[Update] = []
        _watch(options, target, lambda update: latest.__setitem__(slice(None), [update]), ONCE_SECONDS)
        _write(exposition(latest[0]))


@export.command("csv")
@click.argument("target", required=False)
@click.option("--metrics", metavar="NAME,NAME,…", help="Which ones, in this order (default: all there are).")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write to FILE.")
@shared.watching
@shared.children
@shared.common
def comma_separated(options: Options, target: str | None, metrics: str | None, output: Path | None) -> None:
    """Chosen metrics of TARGET and this host: a header, then a row for each tick.

    Metrics of one CPU, disk or interface have its name behind a colon: disk-read:vda.
    """
    from perftui.report.csv import csv_header, csv_row

    names = _chosen(metrics, target)
    put = _into(output)
    put(csv_header(names))
    _watch(options, target, lambda update: put(csv_row(update, names)))


@export.command("json")
@click.argument("target", required=False)
@shared.watching
@shared.children
@shared.common
def json_lines(options: Options, target: str | None) -> None:
    """Every metric of TARGET and this host: a JSON document a line for each tick (perftui schema tick)."""
    from perftui.cli.output import put_json_line
    from perftui.report.build import tick_document

    def put(update: "Update") -> None:
        if update.interval is not None:
            put_json_line(tick_document(update, update.interval))

    _watch(options, target, put)


def _watch(
    options: Options,
    target: str | None,
    on_update: Callable[["Update"], None],
    seconds: float = UNTIL_ENDED_SECONDS,
) -> None:
    """Call ``on_update`` for each tick that has rates, from the second on."""
    from perftui.cli.target import open_target
    from perftui.cli.watch import measure
    from perftui.host.procfs import Host

    def seen(update: "Update") -> None:
        if update.interval is not None:
            on_update(update)

    options.config()
    host = Host()
    held = open_target(host, target, options)
    measure(
        host,
        held,
        options,
        seconds=options.seconds or seconds,
        window_seconds=DEFAULT_SECONDS,
        profiling=False,
        on_update=seen,
    )


def _serve(options: Options, target: str | None, textfile: Path | None, listen: str) -> None:
    """The page is made when somebody asks, of the latest tick."""
    from perftui.cli.listen import PageServer, address_of
    from perftui.cli.output import notice
    from perftui.report.prometheus import CONTENT_TYPE, exposition

    latest: list[Update] = []

    def keep(update: "Update") -> None:
        latest[:] = [update]
        if textfile is not None:
            _replace(textfile, exposition(update))

    with PageServer(address_of(listen), lambda: exposition(latest[0]) if latest else "", CONTENT_TYPE) as server:
        host, port = server.address
        notice(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}/metrics")
        _watch(options, target, keep)


def _chosen(metrics: str | None, target: str | None) -> list[str]:
    """UsageError for an unknown name, and for one of a target when there is none."""
    from perftui.model.catalogue import METRICS, metric_of

    if metrics is None:
        return [metric.name for metric in METRICS if target or not metric.of_target]
    names = [name.strip() for name in metrics.split(",") if name.strip()]
    if not names:
        raise UsageError("--metrics: no name was given; docs/metrics.md lists them all")
    for name in names:
        if metric_of(name).of_target and target is None:
            raise UsageError(f"--metrics: {name} is of a target: name one, perftui export csv TARGET …")
    return list(dict.fromkeys(names))


def _into(output: Path | None) -> Callable[[str], None]:
    """What writes text to the file, begun anew, or to stdout; each piece at once. UsageError."""
    if output is None:
        return _write
    try:
        file = output.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"-o {output}: {error.strerror}") from error
    click.get_current_context().call_on_close(file.close)

    def put(text: str) -> None:
        file.write(text)
        file.flush()

    return put


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _replace(path: Path, text: str) -> None:
    """Whoever reads the file sees the old page or the new one, never half of one. UsageError."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")  # no .prom at its end: the collector must not read it
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"--textfile {path}: {error.strerror}") from error
