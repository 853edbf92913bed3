"""How a session runs."""

import msgspec


class SessionOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``window_seconds`` is what a verdict looks back on; with ``flight_recorder`` the last 15 minutes are kept."""

    interval_seconds: float = 1.0
    window_seconds: float = 10.0
    deadline_seconds: float = 30.0
    profiling: bool = True
    profile_rate_hz: int = 100
    profile_budget_ratio: float = 0.05
    read_only: bool = False
    flight_recorder: bool = False
