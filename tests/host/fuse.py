"""A file system that never answers: a FUSE mount whose server takes no request."""

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_MNT_DETACH = 2


@contextmanager
def hung_mount(point: Path) -> Iterator[Callable[[], None]]:
    """Mounted at ``point``; what is yielded ends the server, and all calls that hang fail. Needs root."""
    libc = ctypes.CDLL(None, use_errno=True)
    with ExitStack() as server, ExitStack() as mounted:
        descriptor = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        server.callback(os.close, descriptor)
        options = f"fd={descriptor},rootmode=40000,user_id=0,group_id=0".encode()
        if libc.mount(b"hung", os.fsencode(point), b"fuse", 0, options) != 0:
            raise OSError(ctypes.get_errno(), "mount")
        mounted.callback(libc.umount2, os.fsencode(point), _MNT_DETACH)
        yield server.close
