"""A small HTTP server for one page: ``GET /metrics``.

It answers a few clients at a time and gives each five seconds in all, so that a slow or a hostile one costs little.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from perftui.errors import NotDeliverable, UsageError

MAX_CLIENTS = 4
CLIENT_SECONDS = 5.0
MAX_REQUEST_BYTES = 8192
LOOPBACK = "127.0.0.1"

Page = Callable[[], str]


def address_of(text: str) -> tuple[str, int]:
    """``9464`` (on loopback), ``HOST:PORT`` or ``[IPv6]:PORT``. UsageError."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or LOOPBACK
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise UsageError(f'--listen: "{text}" is no address: give PORT or HOST:PORT, like {LOOPBACK}:9464')
    return host, int(port)


class PageServer:
    """Serves ``page()`` until it is closed. ``address`` is where it really listens (port 0 is any free one)."""

    def __init__(self, address: tuple[str, int], page: Page, content_type: str) -> None:
        """NotDeliverable when nobody can listen there."""
        self._page = page
        self._content_type = content_type
        self._slots = threading.Semaphore(MAX_CLIENTS)
        try:
            family = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0][0]
            self._socket = socket.create_server(address, family=family, backlog=MAX_CLIENTS)
        except OSError as error:
            raise NotDeliverable(f"cannot listen on {address[0]}:{address[1]}: {error.strerror}") from error
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        self._thread = threading.Thread(target=self._accept, name="perftui-listen", daemon=True)

    def __enter__(self) -> "PageServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes up accept, which closing alone does not
        self._socket.close()
        self._thread.join(timeout=CLIENT_SECONDS)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                if self._socket.fileno() < 0 or not _listens(self._socket):
                    return
                time.sleep(0.1)  # out of descriptors: those who wait are answered when there are some
                continue
            if not (self._slots.acquire(blocking=False) and self._begin(client)):
                client.close()

    def _begin(self, client: socket.socket) -> bool:
        """False, and the slot is free again, when the system gives no thread: the next client may have more luck."""
        try:
            threading.Thread(target=self._serve, args=(client,), name="perftui-client", daemon=True).start()
        except RuntimeError:
            self._slots.release()
            return False
        return True

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, suppress(OSError):
                deadline = time.monotonic() + CLIENT_SECONDS
                request = _request(client, deadline)
                if request:
                    _send(client, self._answer(request), deadline)
        finally:
            self._slots.release()

    def _answer(self, request: bytes) -> bytes:
        method, _, rest = request.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if method not in (b"GET", b"HEAD"):
            return _response("405 Method Not Allowed", "only GET is served\n", extra="Allow: GET, HEAD\r\n")
        if path != b"/metrics":
            return _response("404 Not Found", "the metrics are at /metrics\n")
        answer = _response("200 OK", self._page(), self._content_type)
        return answer if method == b"GET" else answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def _listens(listener: socket.socket) -> bool:
    try:
        return bool(listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:
        return False


def _request(client: socket.socket, deadline: float) -> bytes:
    """The first line of a whole request; empty when it does not come in time or is too long."""
    got = b""
    while b"\r\n\r\n" not in got:
        client.settimeout(max(0.001, deadline - time.monotonic()))
        more = client.recv(MAX_REQUEST_BYTES)
        got += more
        if not more or len(got) > MAX_REQUEST_BYTES:
            return b""
    return got.partition(b"\r\n")[0]


def _send(client: socket.socket, answer: bytes, deadline: float) -> None:
    client.settimeout(max(0.001, deadline - time.monotonic()))
    client.sendall(answer)  # its time-out is for all of it
    client.shutdown(socket.SHUT_WR)


def _response(status: str, text: str, content_type: str = "text/plain; charset=utf-8", extra: str = "") -> bytes:
    body = text.encode("utf-8", "backslashreplace")
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    return f"{head}{extra}\r\n".encode() + body
