"""Numbers as people read them."""

_BINARY = ("B", "K", "M", "G", "T", "P")
_DECIMAL = ("", "k", "M", "G", "T", "P")


def bytes_text(value: float) -> str:
    """``1536`` → ``1.5K``: binary units, at most three significant digits."""
    return _scaled(value, 1024, _BINARY)


def count_text(value: float) -> str:
    """``12000`` → ``12k``: decimal units."""
    return _scaled(value, 1000, _DECIMAL)


def rate_text(bytes_per_s: float) -> str:
    """``1536`` → ``1.5K/s``."""
    return f"{bytes_text(bytes_per_s)}/s"


def ratio_text(ratio: float) -> str:
    """``0.123`` → ``12 %``; one decimal below ten percent."""
    pct = ratio * 100
    return f"{pct:.0f} %" if pct >= 10 or pct == 0 else f"{pct:.1f} %"


def duration_text(seconds: float) -> str:
    """``3700`` → ``1h01m``; below a minute ``12.3s``; below a second in ms."""
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, secs = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d{hours:02d}h"
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{secs:02d}s"


def _scaled(value: float, base: int, units: tuple[str, ...]) -> str:
    size = abs(value)
    sign = "-" if value < 0 else ""
    for unit in units:
        if size < base or unit == units[-1]:
            digits = 1 if 0 < size < 10 and unit not in ("B", "") else 0
            return f"{sign}{size:.{digits}f}{unit}"
        size /= base
    raise AssertionError("unreachable")


def cpu_list(text: str) -> tuple[int, ...]:
    """The kernel's list of CPUs: ``0-2,5`` → ``(0, 1, 2, 5)``. ValueError for anything else."""
    cpus: list[int] = []
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        cpus.extend(range(int(first), int(last or first) + 1))
    return tuple(cpus)
