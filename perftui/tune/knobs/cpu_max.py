"""cgroup.cpu-max."""

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.finding import Finding
from perftui.model.group_sections import CgroupCpu
from perftui.model.interval import Interval
from perftui.model.proposal import Proposal, WriteFile
from perftui.model.sample import KnobReading, Sample
from perftui.tune.knob import proposed, quoted, unavailable, writable

MAX_STEP = 2.0
"""The limit is doubled at most: somebody set it, and the group shares the machine with others."""


class CpuMax:
    """How much CPU a control group may use: in cores such as 1.5, or max for no limit.

    Cures cpu-quota, on the level of the hierarchy that throttles. cgroup v1 keeps it in cpu.cfs_quota_us (microseconds
    per cpu.cfs_period_us), v2 in cpu.max. The proposal asks for what the group wanted, at most twice the limit, no more
    than the CPUs there are or than a level above allows.

    Visible within 0.1 s. Needs write permission on the file (root). Risk medium: others on the host get less. A group
    of systemd may be set back by it, and one of a container by its manager.
    """

    id = "cgroup.cpu-max"

    def read(self, host: Host, sample: Sample) -> tuple[KnobReading, ...]:
        if sample.cgroup is None:
            return ()
        if not sample.cgroup.cpu:
            reason = "the target is in no group with a CPU limit to set"
            remedy = "start it in a group of its own, with the cpu controller on (systemd-run --scope CMD)"
            return (unavailable(self.id, "the target's group", reason, remedy),)
        return tuple(self._read(host, sample.cgroup.version, level) for level in sample.cgroup.cpu)

    def _read(self, host: Host, version: int, level: CgroupCpu) -> KnobReading:
        if level.escaped or visible(level.path) != level.path:
            reason = "its name cannot be written safely"
            return unavailable(self.id, visible(level.path), reason, "rename the control group")
        path = f"{level.path}/{'cpu.max' if version == 2 else 'cpu.cfs_quota_us'}"
        try:
            raw = host.text(path)
        except NoData as error:
            return unavailable(self.id, level.path, error.reason, error.remedy)
        return KnobReading(
            knob=self.id,
            subject=level.path,
            available=True,
            value="max" if level.quota_us is None else cores_text(level.quota_us / level.period_us),
            permitted=writable(host, path),
            privilege=f"write permission on {path} (root)",
            detail={"path": path, "raw": " ".join(raw.split()), "period_us": str(level.period_us)},
        )

    def propose(self, finding: Finding, reading: KnobReading, sample: Sample, interval: Interval) -> Proposal | None:
        use = interval.quota
        if finding.rule != "cpu-quota" or use is None or use.path != reading.subject or reading.value == "max":
            return None
        wanted = use.quota_cores + use.throttled_seconds_per_s
        ceiling = _ceiling(reading.subject, sample, interval)
        cores = min(MAX_STEP * use.quota_cores, max(wanted, 1.25 * use.quota_cores), ceiling)
        period = int(reading.detail["period_us"])
        quota = int(cores * period / 1000) * 1000
        if quota <= use.quota_cores * period:
            return None
        raw, path = reading.detail["raw"], reading.detail["path"]
        written = f"{quota} {period}" if path.endswith("cpu.max") else str(quota)
        after = cores_text(quota / period)
        return proposed(
            reading,
            finding,
            sample,
            action=WriteFile(before=raw, after=written, path=path),
            after=after,
            command=_echo(written, path),
            undo_command=_echo(raw, path),
            risk="medium",
            settle_seconds=1.0,
            expected_effect=(
                f"At {reading.value} cores the group was throttled in {use.throttled_periods_ratio:.0%} of its periods "
                f"and stood still {use.throttled_seconds_per_s:.2f} s per second; {after} cores give it "
                f"{quota / period / use.quota_cores:.1f} times as much."
            ),
            affects=f"every process in {reading.subject}; others on the host get that much less",
        )


def cores_text(cores: float) -> str:
    """``1.5``, ``0.2``, ``2``: as the command line takes it."""
    return f"{cores:.3f}".rstrip("0").rstrip(".")


def _ceiling(group: str, sample: Sample, interval: Interval) -> float:
    """The CPUs of the host, or less where a level above has a limit of its own."""
    levels = sample.cgroup.cpu if sample.cgroup else ()
    at = next(at for at, level in enumerate(levels) if level.path == group)
    limits = [level.quota_us / level.period_us for level in levels[at + 1 :] if level.quota_us is not None]
    cpus = len(interval.cpu.cores) if interval.cpu else sample.tree.cpus_online if sample.tree else 1
    return min([float(cpus), *limits])


def _echo(text: str, path: str) -> str:
    return f"echo {quoted(text)} > {quoted(path)}"
