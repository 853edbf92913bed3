"""Which bottleneck causes which: when both are found, the cause comes first.

Read a line as: while the left one holds, the right ones follow from it, and curing them changes nothing.
"""

SYMPTOMS: dict[str, tuple[str, ...]] = {
    # A shortage of CPU slows everything that runs, so its causes come before all that is measured in CPU time.
    "cpu-quota": (
        "cpu-affinity", "cpu-saturated", "neighbour-cpu", "cpu-one-core", "coord-gil", "coord-lock", "coord-loop-cpu",
    ),
    "cpu-affinity": ("cpu-saturated", "neighbour-cpu", "cpu-one-core", "coord-gil", "coord-loop-cpu"),
    "neighbour-cpu": ("cpu-saturated", "cpu-one-core", "coord-loop-cpu"),
    # A lock makes its users take turns: one core, and a crowd at the interpreter whenever it changes hands.
    "coord-lock": ("coord-gil", "cpu-one-core"),
    "coord-gil": ("cpu-one-core",),
    # A blocked loop is one busy thread, or one that sleeps for a lock or a device.
    "coord-loop-cpu": ("cpu-one-core", "coord-gil"),
    "coord-loop-sync": ("coord-lock", "io-sync-latency"),
}  # fmt: skip


def in_causal_order(rules: list[str]) -> list[str]:
    """The same rules, causes before their symptoms; otherwise the given order (heaviest first) is kept."""
    left, ordered = list(rules), list[str]()
    while left:
        free = (rule for rule in left if not any(rule in SYMPTOMS.get(cause, ()) for cause in left))
        ordered.append(next(free))
        left.remove(ordered[-1])
    return ordered
