"""The stacks of a target or a file, written out."""

import sys
from pathlib import Path
from typing import NamedTuple

import msgspec

from perftui.cli.options import DEFAULT_SECONDS, Options
from perftui.cli.output import colors, notice, put, put_json
from perftui.cli.ranges import is_recording, opened
from perftui.cli.target import open_target
from perftui.cli.watch import measure
from perftui.errors import NoData, NotPermitted, PerftuiError, StoreError, UsageError
from perftui.host.procfs import Host
from perftui.host.rights import may_trace
from perftui.model.profile import StackProfile
from perftui.model.update import Update
from perftui.profile.formats import EXPORTS, About, export
from perftui.profile.formats.weigh import of_thread
from perftui.profile.tree import View
from perftui.report.flame import Flame, flame_document, flame_text
from perftui.session.flame_file import read_flame
from perftui.session.stack_windows import joined
from perftui.store.files import check_replaceable, replace_file

TEXT = "text"
_TARGETS = ("name:", "unit:", "cgroup:", "container:")
_ENDINGS = {
    ".svg": "svg",
    ".pb.gz": "pprof",
    ".pprof": "pprof",
    ".json": "speedscope",
    ".collapsed": "collapsed",
    ".folded": "collapsed",
    ".collapsed.txt": "collapsed",
    ".txt": TEXT,
}
"""The longest that fits says what a file is to hold."""


class Wanted(NamedTuple):
    """What the command line asks for; None: what is best."""

    format_name: str | None
    output: Path | None
    view: str | None
    tid: int | None


def flame_of(source: str, wanted: Wanted, options: Options) -> None:
    """Write the stacks of ``source``. UsageError before anything is watched; NoData when there are none."""
    if options.as_json and (wanted.format_name or wanted.output):
        raise UsageError("--json is a form of its own, on stdout: leave out --format and -o")
    chosen = _chosen(wanted)
    options.config()
    flame = _of_file(source, options) if _is_file(source) else _of_target(source, options)
    flame = _in_view(_of_thread(flame, wanted.tid), wanted.view)
    if options.as_json:
        put_json(flame_document(flame))
    elif chosen == TEXT:
        text = flame_text(flame, color=wanted.output is None and colors(options))
        _put(text.encode(), wanted.output) if wanted.output else put(text, options)
    else:
        _put(export(chosen).write(flame.profile, flame.about), wanted.output)


def _chosen(wanted: Wanted) -> str:
    """The format. UsageError when it cannot be told, cannot be written there, or is nothing for a terminal."""
    if wanted.output is not None:
        try:
            check_replaceable(wanted.output)
        except StoreError as error:
            raise UsageError(f"-o {error}") from error
    chosen = wanted.format_name
    if chosen is None and wanted.output is not None:
        fits = [ending for ending in _ENDINGS if wanted.output.name.endswith(ending)]
        if not fits:
            raise UsageError(f"-o {wanted.output}: its ending does not say which format: give --format")
        chosen = _ENDINGS[max(fits, key=len)]
    if chosen is None:
        chosen = TEXT if sys.stdout.isatty() else "collapsed"
    silent = {one.name for one in EXPORTS if not one.terminal}
    if chosen in silent and wanted.output is None and sys.stdout.isatty():
        raise UsageError(f"--format {chosen} is nothing to read on a terminal: give -o FILE")
    return chosen


def _is_file(source: str) -> bool:
    """A number is a PID, also where a file has that name: ``./4242`` is the file."""
    if source.isdecimal() or source.startswith(_TARGETS):
        return False
    return "/" in source or Path(source).exists() or Path(source.rpartition("@")[0] or source).exists()


def _of_target(spec: str, options: Options) -> Flame:
    if not options.config().profiling:
        raise NoData("stacks are not sampled", "profiling = true in the configuration")
    host = Host()
    held = open_target(host, spec, options)
    seconds = options.seconds or DEFAULT_SECONDS
    update = measure(host, held, options, seconds=seconds, window_seconds=seconds)
    profile, sample = update.profile, update.sample
    if profile is None or not profile.samples:
        raise _nothing_seen(host, update)
    _tell_who_is_missing(update, profile)
    about = About(title=sample.target.label, wall_ns=sample.wall_ns - sample.monotonic_ns + profile.started_ns)
    return Flame(profile=profile, about=about, source="live")


def _tell_who_is_missing(update: Update, profile: StackProfile) -> None:
    """Of a big tree a short watch does not see everyone."""
    interval, tree = update.interval, update.sample.tree
    section, cores = update.sample.processes, interval.process_cores if interval else None
    if tree is None or section is None or cores is None:
        return
    everyone = set(tree.processes.ints("pid"))
    busy = {pid for pid, used in zip(section.processes.ints("pid"), cores, strict=True) if used}
    if missing := everyone & busy - {row.pid for row in profile.rows}:
        notice(
            f"{len(missing)} of {len(everyone)} processes run but were not seen: five are looked at at a time, the "
            "busiest always and the others by turns (a longer --for sees more)"
        )


def _nothing_seen(host: Host, update: Update) -> PerftuiError:
    """Why there are no stacks: a right that is missing, or what the sampler says."""
    status, pid = update.profile_status, update.sample.target.pid
    slept = "it did not run in this time, and perf sees only what runs" if status.sampler == "perf" else ""
    why = NoData(status.reason or slept or "no stacks were seen", status.remedy or "watch for longer with --for")
    if pid is None or not host.exists(f"/proc/{pid}"):
        return why
    try:
        may_trace(host, pid)
    except NoData as error:
        return NotPermitted(str(why if status.reason else error))
    return why


def _of_file(spec: str, options: Options) -> Flame:
    if options.seconds is not None:
        raise UsageError("--for is for a live target; a part of a recording is FILE@FROM-TO")
    if is_recording(spec):
        return _of_recording(spec, options)
    imported = read_flame(Path(spec))
    about = About(title=imported.title or Path(spec).name, unit=imported.unit)
    return Flame(profile=imported.profile, about=about, source=imported.format, knows_cpu=imported.knows_cpu)


def _of_recording(spec: str, options: Options) -> Flame:
    with opened(spec, options.config()) as side:
        recording = side.recording
        profile, left_out = joined(recording, side.since_ns, side.until_ns)
        if profile is None or not profile.samples:
            raise NoData(f"{spec}: no stacks were recorded in it")
        wall_ns = recording.first_wall_ns + side.since_ns - recording.first_ns
        about = About(title=recording.header.target, wall_ns=wall_ns)
        return Flame(profile=profile, about=about, source="recording", left_out=left_out)


def _of_thread(flame: Flame, tid: int | None) -> Flame:
    return flame if tid is None else msgspec.structs.replace(flame, profile=of_thread(flame.profile, tid))


def _in_view(flame: Flame, asked: str | None) -> Flame:
    """With the view that was asked for, or the one there is. UsageError, NoData where it would be empty."""
    if asked == "cpu" and not flame.knows_cpu:
        raise UsageError("--view cpu: the file does not tell what ran on a CPU; leave it out")
    view: View = "wall" if asked == "wall" or not flame.knows_cpu else "cpu"
    if view == "cpu" and not flame.profile.on_cpu:
        raise NoData("nothing ran on a CPU in this time", "--view wall shows where the threads wait")
    return msgspec.structs.replace(flame, about=msgspec.structs.replace(flame.about, view=view))


def _put(content: bytes, output: Path | None) -> None:
    if output is not None:
        replace_file(output, content, 0o666)
        notice(f"wrote {output}")
        return
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
