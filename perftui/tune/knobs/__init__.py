"""The knobs, one file each. ``KNOBS`` lists them; its order breaks ties between proposals."""

from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.sample import KnobReading, Sample
from perftui.tune.knob import Knob
from perftui.tune.knobs.affinity import Affinity
from perftui.tune.knobs.autogroup import Autogroup
from perftui.tune.knobs.cpu_max import CpuMax
from perftui.tune.knobs.ionice import Ionice
from perftui.tune.knobs.nice import Nice
from perftui.tune.knobs.swappiness import Swappiness
from perftui.tune.knobs.task_delayacct import TaskDelayacct

KNOBS: tuple[Knob, ...] = (Autogroup(), Nice(), Affinity(), CpuMax(), Ionice(), Swappiness(), TaskDelayacct())

REVEALING = frozenset({TaskDelayacct.id})
"""Knobs that cure nothing and make something visible: proposed after all others, and beside the advice."""


def read_all(host: Host, held: HeldTarget | None, sample: Sample) -> tuple[KnobReading, ...]:
    """Every knob's readings; a section of the sample, so that a recording holds them too.

    None when the target has ended meanwhile: its PIDs may be others' by now.
    """
    readings = tuple(reading for knob in KNOBS for reading in knob.read(host, sample))
    return () if held is not None and held.ended else readings
