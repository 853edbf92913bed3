"""process.ionice."""

from perftui.errors import NoData
from perftui.host.ioprio import io_priority
from perftui.host.procfs import Host
from perftui.model.finding import Finding
from perftui.model.interval import Interval
from perftui.model.proposal import Proposal, SetIoPriority
from perftui.model.rates import DiskUse
from perftui.model.sample import KnobReading, Sample
from perftui.tune.knob import (
    live_settings,
    may_set_threads,
    process_of,
    proposed,
    thread_list,
    thread_reading,
    threads_before,
    tree_threads,
    unavailable,
)

HONOURING = "bfq"
"""The I/O scheduler that heeds the levels of a priority (Documentation/block/ioprio.rst); mq-deadline heeds only the
classes, kyber and none nothing."""

AFTER = "be:0"
MIN_OTHERS = 0.3
"""Part of the device's bytes that others must move for a priority to have somebody to overtake."""


class Ionice:
    """The I/O priority of each thread: none, idle, be:0 (first) to be:7, rt:0 to rt:7.

    Cures neighbour-io, and io-sync-latency when others use the same device. Only the scheduler bfq heeds the levels:
    with none, kyber or mq-deadline as the device's scheduler it has no effect, and the reading says so.

    Visible within seconds. Needs the same user or CAP_SYS_NICE; the class rt needs CAP_SYS_ADMIN and is never proposed.
    Risk low. Threads and processes started afterwards inherit it.
    """

    id = "process.ionice"

    def read(self, host: Host, sample: Sample) -> tuple[KnobReading, ...]:
        processes = tree_threads(sample)
        if not processes:
            return ()
        schedulers = _schedulers(host, sample)
        readings = []
        for process, threads in processes.items():
            subject = f"pid {process.pid}"
            if not host.is_live:
                readings.append(unavailable(self.id, subject, "I/O priorities are not in a captured tree"))
                continue
            if HONOURING not in schedulers.values():
                readings.append(unavailable(self.id, subject, *_why_not(schedulers)))
                continue
            reading = thread_reading(
                self.id,
                process,
                live_settings(threads, io_priority),
                permitted=may_set_threads(sample),
                privilege="CAP_SYS_NICE",
            )
            if reading is not None:
                reading.detail["devices"] = " ".join(name for name, used in schedulers.items() if used == HONOURING)
                readings.append(reading)
        return tuple(readings)

    def propose(self, finding: Finding, reading: KnobReading, sample: Sample, interval: Interval) -> Proposal | None:
        if finding.rule not in ("io-sync-latency", "neighbour-io") or reading.value == AFTER:
            return None
        process = process_of(reading)
        main = sample.target.process
        device = _contended(finding, reading, interval)
        if device is None or reading.value.startswith("rt") or process != main:
            return None
        disk, others = device
        targets = thread_list(reading)
        restored = [f"ionice {_flags(reading.value)} -p {targets}"]
        restored += [f"ionice {_flags(one.value)} -p {one.tid}" for one in threads_before(reading)[1:]]
        return proposed(
            reading,
            finding,
            sample,
            action=SetIoPriority(before=reading.value, after=AFTER, process=process, threads=threads_before(reading)),
            after=AFTER,
            command=f"ionice {_flags(AFTER)} -p {targets}",
            undo_command="; ".join(restored),
            risk="low",
            settle_seconds=5.0,
            expected_effect=(
                f"Others move {others:.0%} of the bytes on {disk.name}; its requests go before theirs: shorter waits, "
                f"at most the {disk.await_ms or 0.0:.1f} ms that a request takes there now."
            ),
            affects=f"every other process that uses {disk.name} waits longer; what it starts from now on inherits it",
        )


def _schedulers(host: Host, sample: Sample) -> dict[str, str]:
    """The scheduler in force, by device that has done I/O."""
    found = {}
    for name in sample.disks.devices.text("name") if sample.disks else ():
        try:
            listed = host.text(f"/sys/block/{name.replace('/', '!')}/queue/scheduler")
        except NoData:
            continue
        found[name] = listed[listed.find("[") + 1 : listed.find("]")] if "[" in listed else listed
    return found


def _why_not(schedulers: dict[str, str]) -> tuple[str, str]:
    if not schedulers:
        return "no block device with a scheduler is in use", ""
    shown = ", ".join(f"{name}: {used}" for name, used in schedulers.items())
    first = next(iter(schedulers))
    return (
        f"the device's I/O scheduler does not heed priorities ({shown})",
        f"echo {HONOURING} > /sys/block/{first}/queue/scheduler",
    )


def _contended(finding: Finding, reading: KnobReading, interval: Interval) -> tuple[DiskUse, float] | None:
    """The device that others use too, with their part of its bytes; None when there is nobody to overtake."""
    devices = reading.detail["devices"].split()
    blamed = finding.blame.device if finding.blame else None
    disks = [disk for disk in interval.disks or () if disk.name in devices and blamed in (None, disk.name)]
    busiest = max(disks, key=lambda disk: disk.busy_ratio, default=None)
    if busiest is None or interval.tree is None:
        return None
    moved = busiest.read_bytes_per_s + busiest.write_bytes_per_s
    own = (interval.tree.read_bytes_per_s or 0.0) + (interval.tree.write_bytes_per_s or 0.0)
    others = 1 - min(1.0, own / moved) if moved > 0 else 0.0
    return (busiest, others) if others >= MIN_OTHERS else None


def _flags(value: str) -> str:
    """``be:0`` → ``-c 2 -n 0``, as ionice(1) takes it."""
    name, _, level = value.partition(":")
    number = {"none": 0, "rt": 1, "be": 2, "idle": 3}[name]
    return f"-c {number} -n {level}" if level else f"-c {number}"
