"""A made-up profile for the tests of the terminal."""

from perftui.model.profile import Frame, StackProfile, StackRow, ThreadName

SECOND = 1_000_000_000


def build_profile(pid: int, start_ns: int) -> StackProfile:
    """Ten seconds at 100 Hz: functions at 60, 30 and 10 % of the CPU, and threads that wait."""
    leaves = (("parse", 31, 600), ("encode", 50, 300), ("log", 77, 100))
    frames = [Frame(function="main", file="/srv/app.py", line=5), Frame(function="serve", file="/srv/app.py", line=12)]
    frames += [Frame(function=name, file="/srv/app.py", line=line) for name, line, _ in leaves]
    frames += [Frame(function="wait", file="/usr/lib/python3.11/threading.py", line=320)]
    rows = [
        StackRow(pid=pid, tid=pid, stack=at, samples=samples, on_cpu=samples)
        for at, (_, _, samples) in enumerate(leaves)
    ]
    rows += [StackRow(pid=pid, tid=pid + 20 * thread, stack=3, samples=1000, on_cpu=0) for thread in range(1, 9)]
    return StackProfile(
        sampler="py-spy", rate_hz=100, started_ns=start_ns, ended_ns=start_ns + 10 * SECOND,
        covered_ns=10 * SECOND, attempts=1000, frames=tuple(frames), stacks=((0, 1, 2), (0, 1, 3), (0, 1, 4), (0, 5)),
        rows=tuple(rows),
        threads=tuple(
            ThreadName(pid=pid, tid=pid + 20 * row, name=f"worker-{row}") for row in range(9)
        ),
    )  # fmt: skip
