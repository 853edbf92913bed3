"""What one diagnosis looks at."""

from functools import cached_property
from itertools import pairwise

import msgspec

from perftui.analyze.scene import Scene
from perftui.analyze.stacks import StackReader
from perftui.model.interval import Interval
from perftui.model.profile import ProfileStatus, StackProfile
from perftui.model.sample import Sample


class Window(msgspec.Struct, frozen=True, dict=True):
    """Consecutive samples (at least two, oldest first) and the stacks of the same time.

    ``memory`` holds (monotonic_ns, rss_bytes) of the target's tree since it was attached, which may be much
    longer than the samples.
    """

    samples: tuple[Sample, ...]
    profile: StackProfile | None
    profile_status: ProfileStatus | None
    memory: tuple[tuple[int, int], ...] = ()

    @cached_property
    def whole(self) -> Interval:
        """From the first sample to the last. ValueError with fewer than two samples."""
        if len(self.samples) < 2:
            raise ValueError("a window needs at least two samples")
        return Interval.between(self.samples[0], self.samples[-1])

    @cached_property
    def parts(self) -> tuple[Interval, Interval, Interval]:
        """Thirds of the window, cut at the samples nearest to them.

        With three samples the two halves and the whole; with two samples the whole three times.
        """
        count = len(self.samples)
        if count == 2:
            return (self.whole,) * 3
        if count == 3:
            halves = [Interval.between(*pair) for pair in pairwise(self.samples)]
            return (halves[0], halves[1], self.whole)
        first = self._nearest(1 / 3, 1, count - 3)
        second = self._nearest(2 / 3, first + 1, count - 2)
        cuts = [self.samples[at] for at in (0, first, second, count - 1)]
        thirds = [Interval.between(*pair) for pair in pairwise(cuts)]
        return (thirds[0], thirds[1], thirds[2])

    @cached_property
    def _reader(self) -> StackReader | None:
        return StackReader(self.profile) if self.profile is not None and self.profile.rows else None

    @cached_property
    def scene(self) -> Scene:
        return Scene(self.whole, self._reader)

    @cached_property
    def part_scenes(self) -> tuple[Scene, Scene, Scene]:
        """The parts with the stacks of the whole, which only say which thread is which."""
        first, second, third = (Scene(part, self._reader) for part in self.parts)
        return (first, second, third)

    def _nearest(self, share: float, lowest: int, highest: int) -> int:
        """The sample nearest to a share of the window's time, within bounds."""
        start, end = self.samples[0].monotonic_ns, self.samples[-1].monotonic_ns
        wanted = start + share * (end - start)
        return min(range(lowest, highest + 1), key=lambda at: abs(self.samples[at].monotonic_ns - wanted))
