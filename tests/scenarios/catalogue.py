"""Every scenario, and the label a right answer gives it."""

from typing import NamedTuple

CALM_STATES = frozenset({"healthy", "idle"})
SHORT_SECONDS = 8
LONG_SECONDS = 65


class Scenario(NamedTuple):
    """``accepted`` holds rule ids, or states where nothing limits the target. ``seconds`` is the time watched."""

    name: str
    module: str
    accepted: frozenset[str]
    near_miss: str = ""
    seconds: int = SHORT_SECONDS
    variant: bool = False

    @property
    def calm(self) -> bool:
        """True when any verdict at all would be a false alarm."""
        return self.accepted <= CALM_STATES


def _planted(module: str, accepted: str, near_miss: str = "", seconds: int = SHORT_SECONDS) -> Scenario:
    number, _, rest = module.partition("_")
    name = number[1:].lstrip("0") + ("" if rest != "warm_up" else "-near")
    return Scenario(name, f"tests.scenarios.{module}", frozenset(accepted.split()), near_miss, seconds)


def _variant(module: str, accepted: str, seconds: int = SHORT_SECONDS) -> Scenario:
    name = module.partition("_")[0][1:].lstrip("0")
    return Scenario(name, f"tests.scenarios.variants.{module}", frozenset(accepted.split()), "", seconds, True)


SCENARIOS: tuple[Scenario, ...] = (
    _planted("s01_neighbour", "neighbour-cpu", "cpu-saturated"),
    _planted("s02_saturated", "cpu-saturated", "neighbour-cpu"),
    _planted("s03_quota", "cpu-quota", "cpu-saturated"),
    _planted("s04_affinity", "cpu-affinity", "coord-gil"),
    _planted("s05_gil", "coord-gil", "cpu-one-core"),
    _planted("s06_one_core", "cpu-one-core", "coord-gil"),
    _planted("s08_lock_sleep", "coord-lock", "net-downstream"),
    _planted("s09_lock_compute", "coord-lock", "coord-gil"),
    _planted("s10_loop_cpu", "coord-loop-cpu", "cpu-one-core"),
    _planted("s11_loop_sync", "coord-loop-sync", "idle"),
    _planted("s12_healthy_server", "healthy", "coord-poll-loop"),
    _planted("s16_fsync", "io-sync-latency", "io-device-saturated"),
    _planted("s19_leak", "memory-leak", "healthy", LONG_SECONDS),
    _planted("s19_warm_up", "healthy", "memory-leak", LONG_SECONDS),
    _planted("s28_idle", "idle", "coord-poll-loop"),
)

VARIANTS: tuple[Scenario, ...] = (
    _variant("v01b_one_session", "neighbour-cpu"),
    _variant("v01c_shell_hogs", "neighbour-cpu"),
    _variant("v02b_pool", "cpu-saturated"),
    _variant("v03b_quota_workers", "cpu-quota"),
    _variant("v03c_quota_unused", "healthy"),
    _variant("v05b_gil_two_threads", "coord-gil"),
    _variant("v05c_gil_json", "coord-gil coord-gil-in-c"),
    _variant("v06b_native_spinner", "cpu-one-core"),
    _variant("v08b_rlock_io", "coord-lock"),
    _variant("v10b_small_handlers", "coord-loop-cpu cpu-one-core"),
    _variant("v11b_blocking_recv", "coord-loop-sync"),
    _variant("v12b_prefork_idle", "idle healthy"),
    _variant("v12c_idle_pool", "idle healthy"),
    _variant("v12d_threaded_server", "healthy"),
    _variant("v12e_redis", "healthy idle"),
    _variant("v12f_nginx", "healthy idle"),
    _variant("v16b_o_sync", "io-sync-latency"),
    _variant("v16c_sqlite_commits", "io-sync-latency"),
    _variant("v19b_slow_leak", "memory-leak", LONG_SECONDS),
    _variant("v28b_idle_loop", "idle"),
)


def chosen(only: str, *, variants: bool) -> tuple[Scenario, ...]:
    """The scenarios named in ``only`` (comma or space separated; empty: all). ValueError for an unknown name."""
    everything = SCENARIOS + VARIANTS
    names = only.replace(",", " ").split()
    if not names:
        return everything if variants else SCENARIOS
    by_name = {scenario.name: scenario for scenario in everything}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ValueError(f"ONLY={only}: no scenario {', '.join(unknown)}; there are {' '.join(by_name)}")
    return tuple(by_name[name] for name in names)
