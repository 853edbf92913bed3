"""``perftui allocations``: what it refuses, before it touches anything."""

from collections.abc import Callable

from tests.cli.conftest import SLEEP, Perftui


def test_read_only_loads_nothing(perftui: Perftui, child: Callable[..., int]) -> None:
    done = perftui("allocations", child(SLEEP), "--yes", "--read-only")
    assert done.returncode == 6
    assert "read-only: nothing is loaded" in done.stderr


def test_what_is_not_python_cannot_be_tracked(perftui: Perftui, child: Callable[..., int]) -> None:
    done = perftui("allocations", child("/bin/sleep", "600"), "--yes", "--json")
    assert (done.returncode, done.stdout) == (5, "")
    assert "is not a Python process" in done.stderr


def test_no_such_target(perftui: Perftui) -> None:
    assert perftui("allocations", "999999999", "--yes").returncode == 3


def test_one_form_at_a_time(perftui: Perftui) -> None:
    done = perftui("allocations", "1", "--collapsed", "held", "--json")
    assert done.returncode == 2
    assert "--collapsed and --json" in done.stderr
