"""What a sampler's thread waits on."""

import os
import selectors


def waking_selector() -> tuple[selectors.BaseSelector, int]:
    """A selector, and the eventfd in it that wakes its thread. OSError without descriptors: then none stays open."""
    wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
    try:
        selector = selectors.DefaultSelector()
        selector.register(wake, selectors.EVENT_READ)
    except OSError:
        os.close(wake)
        raise
    return selector, wake
