"""What the knobs of the kernel's own settings share: how one is read, and how a change of it is put."""

from typing import NamedTuple

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.model.finding import Finding
from perftui.model.proposal import Proposal, Risk, WriteFile
from perftui.model.sample import KnobReading, Sample
from perftui.tune.knob import proposed, unavailable, writable


class Sysctl(NamedTuple):
    """A setting of the whole host, gone after a restart; ``name`` is as sysctl(8) has it (``vm.swappiness``)."""

    name: str

    @property
    def id(self) -> str:
        return f"sysctl.{self.name}"

    @property
    def path(self) -> str:
        return f"/proc/sys/{self.name.replace('.', '/')}"

    def reading(self, host: Host) -> KnobReading:
        """Where the kernel does not have it the reading says so."""
        try:
            value = host.text(self.path)
        except NoData as error:
            return unavailable(self.id, "host", error.reason, error.remedy)
        return KnobReading(
            knob=self.id,
            subject="host",
            available=True,
            value=value,
            permitted=writable(host, self.path),
            privilege=f"write permission on {self.path} (root)",
        )

    def change(
        self,
        reading: KnobReading,
        finding: Finding,
        sample: Sample,
        *,
        after: str,
        risk: Risk,
        settle_seconds: float,
        expected_effect: str,
        affects: str,
    ) -> Proposal:
        return proposed(
            reading,
            finding,
            sample,
            action=WriteFile(before=reading.value, after=after, path=self.path),
            after=after,
            command=f"sysctl -w {self.name}={after}",
            undo_command=f"sysctl -w {self.name}={reading.value}",
            risk=risk,
            settle_seconds=settle_seconds,
            expected_effect=expected_effect,
            affects=affects,
        )
