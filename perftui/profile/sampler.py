"""What every sampler of stacks can do, whatever program is behind it."""

from typing import Protocol

from perftui.model.profile import ProfileStatus, StackProfile


class Sampler(Protocol):
    """Samples the stacks of one process until it is stopped; ``status`` says why when it cannot."""

    @property
    def status(self) -> ProfileStatus:
        """The state of now; may be asked by any thread."""
        ...

    def start(self) -> None:
        """Begin sampling. Once only: a stopped sampler stays stopped."""
        ...

    def stop(self) -> None:
        """End sampling; no child is left."""
        ...

    def take(self) -> list[StackProfile]:
        """The windows finished since the last call, oldest first."""
        ...
