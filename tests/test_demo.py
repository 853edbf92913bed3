"""The demo service: it serves, its faults can be switched, it ends cleanly."""

import http.client
import json
from collections.abc import Iterator

import pytest

from tests.accept.story import commands, descendants, kill, state, wait_for
from tests.demo.faults import FAULTS
from tests.demo.run import demo, switch


@pytest.fixture
def running() -> Iterator[tuple[int, int]]:
    with demo("none") as pid_and_port:
        yield pid_and_port


def get(port: int, path: str) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_orders_are_numbered_and_faults_switch(running: tuple[int, int]) -> None:
    _, port = running
    first, second = (get(port, "/order?sku=tea&qty=2")[1]["order"] for _ in range(2))
    assert isinstance(first, int)
    assert isinstance(second, int)
    assert first < second
    for name in ("gil", "lock", "loop", "fsync", "none"):
        assert json.loads(switch(port, name))["fault"] == name
    assert get(port, "/fault")[1]["faults"] == list(FAULTS)


def test_what_it_does_not_know_is_refused(running: tuple[int, int]) -> None:
    _, port = running
    assert get(port, "/nothing")[0] == 404
    assert get(port, "/fault?name=nothing")[0] == 404
    assert get(port, "/order?qty=many")[0] == 404


def test_it_ends_with_its_helpers() -> None:
    with demo("one-core") as (pid, _):
        helpers = wait_for(lambda: descendants(pid), "the indexer")
    assert {state(process) for process in (pid, *helpers)} <= {"X", "Z"}


def test_neighbours_are_no_children_and_end_with_the_service() -> None:
    with demo("neighbour") as (pid, _):
        spinners = wait_for(lambda: set(commands(rf"tests\.demo\.jobs spin {pid}$")), "the spinners")
        assert not spinners & descendants(pid)
        kill(pid)
        wait_for(lambda: {state(spinner) for spinner in spinners} <= {"X", "Z"}, "the end of the spinners")
