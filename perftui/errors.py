"""Every exception perftui raises on purpose.

::

    PerftuiError(exit_code=2)
    ├── UsageError            2  wrong argument
    │   └── ConfigError       2  wrong configuration: names file, line and key
    ├── TargetError           3
    │   ├── NoSuchTarget      3  nothing matches
    │   └── TargetEnded       3  it was there and is gone
    ├── NotPermitted          4  names the missing right and how to get it
    ├── NotDeliverable        5  nothing of what was asked for can be had on this host
    ├── Refused               6  refused for safety
    │   ├── IdentityUncertain 6  the PID may belong to another process by now
    │   └── Drifted           6  the value is not the one the proposal was made for
    ├── StoreError            5  a state file cannot be read or written
    └── NoData                -  one signal is not visible: reason and remedy, never an exit

The exit codes are those of the command line and are fixed.
"""


class PerftuiError(Exception):
    """Base of all; ``exit_code`` is what the command line ends with."""

    exit_code = 2


class UsageError(PerftuiError):
    """A wrong argument. The message names the argument and what to give instead."""


class ConfigError(UsageError):
    """A wrong configuration. The message names the file, the line and the key."""


class TargetError(PerftuiError):
    """The target cannot be used."""

    exit_code = 3


class NoSuchTarget(TargetError):
    """No process matches what was asked for."""


class TargetEnded(TargetError):
    """The target has ended."""


class NotPermitted(PerftuiError):
    """A right is missing. The message says which, and how to get it."""

    exit_code = 4


class NotDeliverable(PerftuiError):
    """Nothing of what was asked for can be delivered on this host."""

    exit_code = 5


class StoreError(PerftuiError):
    """A file under the state folder cannot be read or written, or is not safe to use."""

    exit_code = 5


class Refused(PerftuiError):
    """Refused for safety; nothing was changed."""

    exit_code = 6


class IdentityUncertain(Refused):
    """The process behind a PID is not certainly the one that was meant."""


class Drifted(Refused):
    """The current value is not the one the proposal was made for."""


class NoData(PerftuiError):
    """One signal is not visible here.

    ``reason`` says why, ``remedy`` what would make it visible (may be empty).
    It becomes a state on screen; it never ends the program.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason if not remedy else f"{reason} ({remedy})")
        self.reason = reason
        self.remedy = remedy
