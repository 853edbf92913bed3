"""Others take what the target needs."""

from perftui.analyze.others import blame_of, heaviest, shares_text
from perftui.analyze.rule import Limit, LookAlike, Rule, Story
from perftui.analyze.scene import Scene
from perftui.model.neighbours import Neighbour


class NeighbourCpu(Rule):
    """Other processes take the CPU that the target needs.

    **Sees** the target's threads ready to run and without a CPU, while processes outside its tree use the CPUs.

    **Signals.** Required, from `/proc/PID/task/*/schedstat` and `/proc/stat`: `run_delay_ratio` = delay ÷ (run +
    delay) at least 0.2 (clears at 0.12); `run_delay_seconds` at least 0.1 s/s, so that a nearly idle target does
    not count; `cpu_contended_ratio` at least 0.85 (0.75): the busy ratio of its CPUs, or, with `/proc/pressure/cpu`
    at 0.4 or more, a busy ratio of 0.6; `neighbour_blame_ratio` at least 0.5 (0.4): a target that asks for d CPUs,
    would get a = min(d, CPUs, r + what the others use) alone and gets r is slowed d/r times, a/r of it by its
    neighbours, and that factor must be the larger one. Supporting: `neighbour_loss_ratio` of at least 0.3. Except for
    the busy ratio (netdata) the thresholds are assumptions that were checked on the scenarios.

    **Look-alikes.** `cpu-saturated`: the target alone asks for more than there is. `cpu-quota` and `cpu-affinity`:
    it may not use the CPUs that there are. Steal by the hypervisor shows in `/proc/stat` and not as run delay.

    **False positives.** Short bursts of others (a cron job); watch for longer.

    **What to do.** With autogroup on, the scheduler shares between sessions first: `nice` counts only within one
    session, and across sessions it is `/proc/PID/autogroup` that counts. Under systemd or containers the control
    group's weight decides before either. Or move the neighbour elsewhere.
    """

    id = "neighbour-cpu"
    layer = "neighbour"
    metric = "run_delay_ratio"
    required = (
        Limit("run_delay_ratio", 0.2, 0.12, full=0.5),
        Limit("run_delay_seconds", 0.1, 0.05, full=0.5),
        Limit("cpu_contended_ratio", 0.85, 0.75),
        Limit("neighbour_blame_ratio", 0.5, 0.4, full=0.9),
    )
    supporting = (Limit("neighbour_loss_ratio", 0.3, 0.2),)
    look_alikes = (
        LookAlike("cpu-saturated", (Limit("cpu_demand_ratio", 0.95, 0.95),)),
        LookAlike("cpu-quota", (Limit("throttled_periods_ratio", 0.25, 0.25),)),
        LookAlike(
            "cpu-affinity",
            (Limit("affinity_ratio", 0.99, 0.99, above=False), Limit("excluded_idle_ratio", 0.5, 0.5)),
        ),
    )

    def tell(self, scene: Scene) -> Story:
        heavy, used = scene.interval.neighbours, scene.neighbour_cores or 0.0
        got, alone = scene.own_cores or 0.0, scene.alone_cores or 0.0
        top = heaviest(heavy, used)
        return Story(
            summary=f"Beside the target, {shares_text(heavy, used)}; it gets {got:.2f} of the {alone:.2f} CPUs that it "
            "would get alone",
            advice=_advice(scene, top),
            impact=1 - got / alone if alone > 0 else 0.0,
            blame=blame_of(top),
        )


def _advice(scene: Scene, top: Neighbour | None) -> str:
    tree = scene.interval.newer.tree
    if top is None or tree is None:
        return "Find out what starts these processes, or raise the target's priority."
    grouped = bool(tree.autogroup_enabled) and tree.autogroup is not None
    if grouped and top.session != tree.session:
        return (
            f"They sit in another session: session {tree.session} (target), session {top.session} ({top.name}), and "
            "autogroup is on: a nice value does not reach across; lower the autogroup nice of the target, or move the "
            "neighbour."
        )
    where = "in the target's session" if top.session == tree.session else "and autogroup is off"
    return (
        f"The neighbour is {where} (nice {top.nice}, target {tree.nice}): a lower nice value of the target helps, "
        "or a higher one of the neighbour."
    )
