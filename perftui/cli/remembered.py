"""The proposals that were printed, so that ``perftui tune apply ID`` can find them in a later invocation."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from perftui.errors import StoreError, UsageError
from perftui.model.proposal import Proposal
from perftui.model.sample import Sample
from perftui.model.target import Target
from perftui.store.files import open_private, state_dir

KEPT = 200
MAX_FILE_BYTES = 16 * 1024 * 1024


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal with the target and the boot it was made for."""

    proposal: Proposal
    target: Target
    boot_id: str
    wall_ns: int


def remember(proposals: tuple[Proposal, ...], sample: Sample) -> None:
    """Keep the proposals, newest first; the oldest beyond ``KEPT`` are forgotten. StoreError."""
    fresh = [
        Remembered(proposal=proposal, target=sample.target, boot_id=sample.boot_id, wall_ns=sample.wall_ns)
        for proposal in proposals
    ]
    ids = {proposal.id for proposal in proposals}
    with _opened() as fd:
        old = [entry for entry in _read(fd) if entry.proposal.id not in ids]
        encoded = msgspec.json.encode((fresh + old)[:KEPT])
        os.ftruncate(fd, 0)
        os.pwrite(fd, encoded, 0)


def recall(proposal_id: str, boot_id: str) -> Remembered:
    """UsageError when no proposal of that id was printed since the machine was started."""
    with _opened() as fd:
        found = [entry for entry in _read(fd) if entry.proposal.id == proposal_id and entry.boot_id == boot_id]
    if not found:
        raise UsageError(f'no proposal "{proposal_id}": perftui tune list TARGET prints what can be applied')
    return found[0]


def _path() -> Path:
    return state_dir() / "proposals.json"


@contextmanager
def _opened() -> Iterator[int]:
    """The file, ours alone until the end of the block."""
    path = _path()
    open_private(path)
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    finally:
        os.close(fd)


def _read(fd: int) -> list[Remembered]:
    """What cannot be read (a crash in mid-write, another version) is forgotten: proposals can be listed again."""
    try:
        return msgspec.json.decode(os.pread(fd, MAX_FILE_BYTES, 0), type=list[Remembered])
    except msgspec.DecodeError:
        return []
