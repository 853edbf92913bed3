"""sysctl.vm.swappiness."""

from perftui.host.procfs import Host
from perftui.model.finding import Finding
from perftui.model.interval import Interval
from perftui.model.proposal import Proposal
from perftui.model.sample import KnobReading, Sample
from perftui.tune.knob import unavailable
from perftui.tune.sysctl import Sysctl

SETTING = Sysctl("vm.swappiness")
AFTER = 10
"""Swap only under real shortage (0 would forbid it until the page cache is nearly gone)."""


class Swappiness:
    """How readily the kernel swaps memory of programs out rather than drop cached files: 0 to 200, usually 60.

    Cures memory-swap: what the target needs is swapped out while the page cache is large. Without a swap device it has
    no effect.

    Visible within minutes. Needs root. Risk medium: the page cache shrinks sooner, which hurts whoever reads files.
    It is a setting of the whole host, and is gone after a restart.
    """

    id = SETTING.id

    def read(self, host: Host, sample: Sample) -> tuple[KnobReading, ...]:
        if sample.memory is not None and sample.memory.swap_total_bytes == 0:
            return (unavailable(self.id, "host", "there is no swap: it has no effect", "add swap with swapon"),)
        return (SETTING.reading(host),)

    def propose(self, finding: Finding, reading: KnobReading, sample: Sample, interval: Interval) -> Proposal | None:
        if finding.rule != "memory-swap" or int(reading.value) <= AFTER:
            return None
        swapped = interval.tree.swap_bytes if interval.tree else 0
        return SETTING.change(
            reading,
            finding,
            sample,
            after=str(AFTER),
            risk="medium",
            settle_seconds=60.0,
            expected_effect=(
                f"{swapped / 2**20:.0f} MiB of the target are swapped out; the kernel drops cached files before it "
                "swaps more. What is swapped out comes back only when it is used."
            ),
            affects="the whole host: less page cache for everybody who reads files",
        )
