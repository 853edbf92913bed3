"""Bytes by stack, from memray brought into the running process for a while."""

import contextlib
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from perftui.errors import NoData, NotDeliverable, NotPermitted, TargetEnded
from perftui.host.procfs import Host
from perftui.host.run import Completed, run
from perftui.host.target import HeldTarget
from perftui.host.text import visible
from perftui.model.allocations import Allocations, AllocationStack, AllocationView
from perftui.model.profile import Frame
from perftui.profile.memray_plan import Plan
from perftui.store.files import state_dir

MOST_STACKS = 2000
NO_FRAME = Frame(function="(outside Python code)")
_ATTACH_SECONDS = 30.0
_PATIENCE_SECONDS = 20.0
"""A debugger that ends while the target runs leaves its breakpoints there, and the target dies of the first: also of
SIGTERM, and when memray is told to end, which kills it. Interrupted it stops the target and takes them out.
"""
_WRITE_SECONDS = 30.0
_READ_SECONDS = 120.0
_LOOK_SECONDS = 0.2
_TEXT_LIMIT = 512

_READER = f"""
import json, sys
from memray import FileReader
def view(records):
    found = sorted(records, key=lambda record: -record.size)
    stacks = [
        [record.size, record.n_allocations, record.thread_name, [list(frame) for frame in record.stack_trace()]]
        for record in found[:{MOST_STACKS}]
    ]
    return [sum(record.size for record in found), sum(record.n_allocations for record in found), stacks]
with FileReader(sys.argv[1]) as reader:
    about = reader.metadata
    json.dump({{
        "seconds": (about.end_time - about.start_time).total_seconds(),
        "held": view(reader.get_leaked_allocation_records(merge_threads=False)),
        "peak": view(reader.get_high_watermark_allocation_records(merge_threads=False)),
    }}, sys.stdout)
"""

_RawStack = tuple[int, int, str, list[tuple[str, str, int]]]
_RawView = tuple[int, int, list[_RawStack]]


class _Raw(msgspec.Struct):
    seconds: float
    held: _RawView
    peak: _RawView


def track(host: Host, held: HeldTarget, plan: Plan, seconds: float, started: Callable[[], None]) -> Allocations:
    """Attach, wait, read. ``started`` is called once tracking is on.

    Tracking ends by itself, also when perftui dies; an exception (Ctrl+C) ends it at once. NotPermitted,
    NotDeliverable, TargetEnded; IdentityUncertain when the process was replaced meanwhile.
    """
    with _folder(plan) as folder:
        # memray's own files too: see _folder.
        plan = plan._replace(environment={**plan.environment, "TMPDIR": folder})
        file = f"{folder}/allocations.bin"
        held.check()
        try:
            _attach(held, plan, seconds, file)
            started()
            _wait(host, held, plan, seconds, file)
        except BaseException:  # also in the middle of attaching: tracking may have begun by then
            if _is_open(host, plan.pid, file):
                _detach(plan)
            raise
        if not Path(file).exists():
            raise NotDeliverable("memray wrote nothing")
        return parse(plan, _read(plan, file))


def parse(plan: Plan, raw: bytes) -> Allocations:
    """What the reader in the target's Python printed. NotDeliverable when it is something else."""
    try:
        found = msgspec.json.decode(raw, type=_Raw)
    except msgspec.MsgspecError as error:
        raise NotDeliverable(f"memray's result cannot be read: {error}") from error
    return Allocations(
        pid=plan.pid,
        tool=f"memray {plan.version}",
        seconds=found.seconds,
        held=_view(found.held),
        peak=_view(found.peak),
    )


def _view(raw: _RawView) -> AllocationView:
    size_bytes, allocations, stacks = raw
    return AllocationView(
        size_bytes=size_bytes,
        allocations=allocations,
        stacks=tuple(
            AllocationStack(
                size_bytes=size,
                allocations=count,
                thread=visible(thread, _TEXT_LIMIT),
                # memray has the innermost first
                frames=tuple(
                    Frame(function=visible(function, _TEXT_LIMIT), file=visible(file, _TEXT_LIMIT), line=line)
                    for function, file, line in reversed(frames)
                )
                or (NO_FRAME,),
            )
            for size, count, thread, frames in stacks
        ),
    )


@contextlib.contextmanager
def _folder(plan: Plan) -> Iterator[str]:
    """A folder for the files of one run, which the target's user may write to; removed afterwards.

    Not in ``/tmp``: a target that was handed a script (Python 3.14) runs it whenever it wakes, and there somebody else
    could have put another one in its place by then.
    """
    parent = "/run" if os.geteuid() == 0 else str(state_dir())
    try:
        made = tempfile.TemporaryDirectory(prefix="perftui-memray-", dir=parent, ignore_cleanup_errors=True)
    except OSError as error:
        raise NotDeliverable(f"no folder can be made in {parent}: {error.strerror}") from error
    with made as folder:
        if plan.user is not None:
            os.chown(folder, *plan.user)
        yield folder


def _attach(held: HeldTarget, plan: Plan, seconds: float, file: str) -> None:
    done = _memray(plan, "attach", "--duration", str(math.ceil(seconds)), "--aggregate", "--no-compress", "-o", file)
    if done.timed_out or b"Timed out waiting" in done.stdout + done.stderr:
        raise NotDeliverable(
            "the target ran no Python code for a while, so memray could not get in, and left: try again while it works"
        )
    if done.returncode != 0:
        if held.ended:
            raise TargetEnded(f"process {plan.pid} ended while memray was attached")
        raise _refusal(plan, done)


def _memray(plan: Plan, command: str, *arguments: str) -> Completed:
    """``memray attach|detach`` by the target's own Python, as the target's user."""
    argv = [plan.python, "-B", "-m", "memray", command, "--method", plan.method, *arguments, str(plan.pid)]
    try:
        return run(
            argv,
            deadline_seconds=_ATTACH_SECONDS,
            user=plan.user,
            environment=plan.environment,
            patience_seconds=_PATIENCE_SECONDS,
            interrupt=plan.method,
        )
    except NoData as error:
        raise NotDeliverable(str(error)) from error


def _refusal(plan: Plan, done: Completed) -> Exception:
    text = " ".join(visible(line, 200) for line in (done.stdout + done.stderr).splitlines()[:6])
    if "permission to trace" in text or "different user" in text:
        return NotPermitted(f"memray may not trace process {plan.pid}: run perftui as root, with CAP_SYS_PTRACE")
    if "No module named" in text:
        return NotDeliverable(f"the target itself does not find memray: install it where its packages are ({text})")
    return NotDeliverable(f"memray could not get into process {plan.pid}: {text}")


def _wait(host: Host, held: HeldTarget, plan: Plan, seconds: float, file: str) -> None:
    """Until the time is over and the target has closed the file, which is when it is whole."""
    until = time.monotonic() + seconds
    while not held.ended and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, _LOOK_SECONDS))
    until = time.monotonic() + _WRITE_SECONDS
    while not held.ended and _is_open(host, plan.pid, file):
        if time.monotonic() > until:
            raise NotDeliverable(f"the target has not closed memray's file after {_WRITE_SECONDS:.0f} s")
        time.sleep(_LOOK_SECONDS)


def _is_open(host: Host, pid: int, file: str) -> bool:
    try:
        names = host.names(f"/proc/{pid}/fd")
    except NoData:
        return False
    for name in names:
        with contextlib.suppress(NoData):
            if host.link(f"/proc/{pid}/fd/{name}") == file:
                return True
    return False


def _detach(plan: Plan) -> None:
    """As good as can be: tracking ends by itself in any case."""
    with contextlib.suppress(NotDeliverable):
        _memray(plan, "detach")


def _read(plan: Plan, file: str) -> bytes:
    argv = [plan.python, "-B", "-c", _READER, file]
    done = run(argv, deadline_seconds=_READ_SECONDS, user=plan.user, environment=plan.environment)
    if done.returncode != 0:
        last = done.stderr.strip().rpartition(b"\n")[2]
        why = "it took too long" if done.timed_out else visible(last, 200)
        raise NotDeliverable(f"memray's result cannot be read: {why}")
    return done.stdout
