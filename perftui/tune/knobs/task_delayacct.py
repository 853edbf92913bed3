"""sysctl.kernel.task_delayacct."""

from perftui.host.procfs import Host
from perftui.model.finding import Finding
from perftui.model.interval import Interval
from perftui.model.proposal import Proposal
from perftui.model.sample import KnobReading, Sample
from perftui.tune.knob import unavailable
from perftui.tune.sysctl import Sysctl

SETTING = Sysctl("kernel.task_delayacct")
RULES = frozenset(
    {
        "io-device-saturated",
        "io-sync-latency",
        "io-read-latency",
        "memory-stall",
        "memory-swap",
        "memory-thrash",
        "memory-compaction",
    }
)
"""Findings of a wait whose length delay accounting would tell."""


class TaskDelayacct:
    """Whether the kernel counts how long each thread waits for disk, swap, reclaim and compaction: 0 or 1.

    Cures nothing by itself: it makes the waits behind the findings of disk and memory visible in seconds per second,
    on the page of the target.

    Visible from the next start of the target on: it reaches new processes alone. Needs root. Risk low: every such wait
    costs the kernel two looks at the clock. It is a setting of the whole host, and is gone after a restart.
    """

    id = SETTING.id

    def read(self, host: Host, sample: Sample) -> tuple[KnobReading, ...]:
        if sample.target.kind == "host":
            return ()  # nobody's waits are looked at
        if not host.exists(SETTING.path):
            remedy = "it needs Linux 5.14; before, boot with delayacct"
            return (unavailable(self.id, "host", f"{SETTING.path} is not there", remedy),)
        return (SETTING.reading(host),)

    def propose(self, finding: Finding, reading: KnobReading, sample: Sample, interval: Interval) -> Proposal | None:
        if finding.rule not in RULES or reading.value != "0" or interval.delays is not None:
            return None
        return SETTING.change(
            reading,
            finding,
            sample,
            after="1",
            risk="low",
            settle_seconds=0.0,
            expected_effect=(
                "nothing gets faster: once the target is started again, it is seen how long it waits for the disk, for "
                "swap and for memory to be freed"
            ),
            affects="the whole host: processes that start from now on are accounted, which costs them next to nothing",
        )
