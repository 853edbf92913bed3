"""The page over HTTP: one path, few clients, no patience."""

import http.client
import socket
import threading
from collections.abc import Iterator

import pytest

from perftui.cli import listen
from perftui.cli.listen import MAX_CLIENTS, MAX_REQUEST_BYTES, PageServer, address_of
from perftui.errors import NotDeliverable, UsageError
from tests.host.test_target import wait_for

PAGE = 'perftui_info{command="é"} 1\n'


@pytest.fixture
def server() -> Iterator[PageServer]:
    with PageServer(("127.0.0.1", 0), lambda: PAGE, "text/plain; version=0.0.4") as running:
        yield running


def asked(server: PageServer, request: bytes) -> bytes:
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(request)
        answer = b""
        while more := client.recv(65536):
            answer += more
        return answer


def test_the_page(server: PageServer) -> None:
    connection = http.client.HTTPConnection(*server.address, timeout=10)
    connection.request("GET", "/metrics?x=1")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Content-Type")) == (200, "text/plain; version=0.0.4")
    assert answer.read().decode() == PAGE
    connection.close()


def test_head_has_no_body(server: PageServer) -> None:
    answer = asked(server, b"HEAD /metrics HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET / HTTP/1.1", b"404"),
        (b"GET /metrics/../etc/passwd HTTP/1.1", b"404"),
        (b"POST /metrics HTTP/1.1", b"405"),
        (b"nonsense", b"405"),
    ],
)
def test_nothing_else_is_served(server: PageServer, request_line: bytes, status: bytes) -> None:
    assert asked(server, request_line + b"\r\nHost: x\r\n\r\n").split()[1] == status


def test_an_endless_request_is_cut_off(server: PageServer) -> None:
    with socket.create_connection(server.address, timeout=10) as client:
        try:
            client.sendall(b"GET /metrics HTTP/1.1\r\nX: " + b"a" * (4 * MAX_REQUEST_BYTES))
            assert client.recv(100) == b""
        except ConnectionError:
            pass
    assert asked(server, b"GET /metrics HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_silent_clients_are_few_and_are_let_go(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "CLIENT_SECONDS", 1.0)
    silent = [socket.create_connection(server.address, timeout=10) for _ in range(2 * MAX_CLIENTS)]
    assert sum(thread.name == "perftui-client" for thread in threading.enumerate()) <= MAX_CLIENTS
    assert all(client.recv(1) == b"" for client in silent)
    wait_for(lambda: not any(thread.name == "perftui-client" for thread in threading.enumerate()))
    for client in silent:
        client.close()
    assert asked(server, b"GET /metrics HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_without_a_thread_a_client_is_let_go_and_the_next_one_served(
    server: PageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as starved:
        starved.setattr(threading.Thread, "start", none_left)
        for _ in range(MAX_CLIENTS + 1):
            with socket.create_connection(server.address, timeout=10) as client:
                assert client.recv(1) == b""
    assert asked(server, b"GET /metrics HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_a_closed_server_is_gone() -> None:
    with PageServer(("127.0.0.1", 0), lambda: PAGE, "text/plain") as server:
        address = server.address
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
    wait_for(lambda: not any(thread.name == "perftui-listen" for thread in threading.enumerate()))


def test_a_taken_port_is_said(server: PageServer) -> None:
    with pytest.raises(NotDeliverable, match=f"cannot listen on 127.0.0.1:{server.address[1]}"):
        PageServer(server.address, lambda: PAGE, "text/plain")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("9464", ("127.0.0.1", 9464)),
        (":9464", ("127.0.0.1", 9464)),
        ("0.0.0.0:1", ("0.0.0.0", 1)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize("text", ["", "x", "127.0.0.1", "localhost:http", "1:65536", "h:-1", "h:٣"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError, match="--listen"):
        address_of(text)
