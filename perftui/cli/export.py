"""``perftui export``: figures for other programs, as they are measured."""

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perftui.cli import options as shared
from perftui.cli.options import DEFAULT_SECONDS, Options
from perftui.errors import NotDeliverable, UsageError

if TYPE_CHECKING:  # rooms are imported when a command runs
    from perftui.model.update import Update

ONCE_SECONDS = 2.0
"""Without a file or an address the page is printed once: two looks, so that there are rates."""

UNTIL_ENDED_SECONDS = 100 * 365 * 86400.0
"""Without ``--for``: until a signal comes or the target ends."""

_PASSING = (errno.ENOSPC, errno.EDQUOT)
"""A disk that is full now may have room at the next tick."""


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

        page = _Textfile(textfile)
        _watch(options, target, lambda update: page.replace(exposition(update)))
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
    put: Callable[[str], None] = _write

    def begin() -> None:
        nonlocal put
        if output is not None:
            put = _into(output)
        put(csv_header(names))

    _watch(options, target, lambda update: put(csv_row(update, names)), begin=begin)


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
            document = tick_document(update, update.interval)
            with _to_stdout():
                put_json_line(document)

    _watch(options, target, put)


def _watch(
    options: Options,
    target: str | None,
    on_update: Callable[["Update"], None],
    seconds: float = UNTIL_ENDED_SECONDS,
    begin: Callable[[], None] | None = None,
) -> None:
    """Call ``begin`` when the target is there, then ``on_update`` for each tick that has rates, from the second on."""
    from perftui.cli.target import open_target
    from perftui.cli.watch import measure
    from perftui.host.procfs import Host

    def seen(update: "Update") -> None:
        if update.interval is not None:
            on_update(update)

    options.config()
    host = Host()
    held = open_target(host, target, options)
    if begin is not None:
        try:
            begin()
        except BaseException:
            if held is not None:
                held.close()
            raise
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
    kept = _Textfile(textfile) if textfile is not None else None

    def keep(update: "Update") -> None:
        latest[:] = [update]
        if kept is not None:
            kept.replace(exposition(update))

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


def _into(output: Path) -> Callable[[str], None]:
    """What writes text to the file, begun anew; each piece at once. UsageError when it cannot be begun.

    It follows no symbolic link: in a folder of many, somebody may have put one there. Nothing is buffered, so that
    what did not fit is not tried once more when the file is closed.
    """
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(output, flags, 0o666)
    except OSError as error:
        reason = "it is a symbolic link" if error.errno == errno.ELOOP else error.strerror
        raise UsageError(f"-o {output}: {reason}") from error

    def put(text: str) -> None:
        rest = memoryview(text.encode())
        with _written(f"-o {output}"):
            while rest:
                rest = rest[os.write(descriptor, rest) :]

    def close() -> None:
        with _written(f"-o {output}"):
            os.close(descriptor)

    click.get_current_context().call_on_close(close)
    return put


def _write(text: str) -> None:
    with _to_stdout():
        sys.stdout.write(text)
        sys.stdout.flush()


@contextmanager
def _to_stdout() -> Iterator[None]:
    try:
        with _written("stdout"):
            yield
    except NotDeliverable:
        # Python would try the rest once more at exit, and end with a code of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


@contextmanager
def _written(where: str) -> Iterator[None]:
    """NotDeliverable when it cannot be; a reader who has left is another matter."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NotDeliverable(f"{where}: {error.strerror}") from error


class _Textfile:
    """A page in a file. Whoever reads it sees the old page or the new one, never half of one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._began = False
        self._failing = False

    def replace(self, text: str) -> None:
        """UsageError when the first page cannot be written there; later failures are told once and outlived."""
        from perftui.cli.output import notice

        try:
            _replace(self._path, text)
        except OSError as error:
            message = f"--textfile {self._path}: {error.strerror}"
            if not self._began and error.errno not in _PASSING:
                raise UsageError(message) from error
            if not self._failing:
                notice(f"{message}; the next ticks try again")
            self._failing = True
        else:
            self._began, self._failing = True, False


def _replace(path: Path, text: str) -> None:
    import tempfile

    # No .prom at its end: the collector must not read it.
    descriptor, name = tempfile.mkstemp(prefix=".perftui-", suffix=".tmp", dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, 0o644)  # the collector is another user
            file.write(text)
        fresh.replace(path)
    except BaseException:
        fresh.unlink()
        raise
