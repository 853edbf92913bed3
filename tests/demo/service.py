"""A small order service with planted bottlenecks: asyncio in front, a thread pool, SQLite and a log on disk.

    GET /order?sku=S&qty=N    place an order
    GET /fault                which fault is on, and the others
    GET /fault?name=NAME      switch it on (``next``: the one after)

Run it through ``python -m tests.demo.run``, which adds the load.
"""

import asyncio
import json
import signal
import sqlite3
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.demo.faults import FAULTS, Audit, Faults, Stock
from tests.demo.pricing import price_order, render_report

POOL_THREADS = 8
KEPT_ORDERS = 5000
MAX_HEADER_LINES = 100


class NotFound(Exception):
    """There is no such path."""


class OrderBook:
    """The last orders, in SQLite."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._base = sqlite3.connect(path, check_same_thread=False)
        self._base.execute("PRAGMA synchronous=OFF")
        self._base.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, sku TEXT, quantity INTEGER, price REAL)")

    def add(self, sku: str, quantity: int, price: float) -> int:
        with self._lock, self._base:
            row = self._base.execute(
                "INSERT INTO orders (sku, quantity, price) VALUES (?, ?, ?)", (sku, quantity, price)
            ).lastrowid
            self._base.execute("DELETE FROM orders WHERE id <= ?", ((row or 0) - KEPT_ORDERS,))
        return row or 0

    def close(self) -> None:
        self._base.close()


class Service:
    """The routes. ``place_order`` runs in the pool, everything else on the event loop."""

    def __init__(self, folder: Path, fault: str) -> None:
        self.faults = Faults(fault)
        self._stock = Stock(self.faults)
        self._book = OrderBook(folder / "orders.sqlite")
        self._audit = Audit(self.faults, folder / "audit.log")
        self._pool = ThreadPoolExecutor(POOL_THREADS, thread_name_prefix="orders")

    async def answer(self, target: str) -> dict[str, object]:
        url = urlsplit(target)
        query = {key: values[-1] for key, values in parse_qs(url.query).items()}
        if url.path == "/order":
            return await self._order(query.get("sku", "tea"), int(query.get("qty", "1")))
        if url.path == "/fault":
            return self._fault(query.get("name", ""))
        raise NotFound(f"no page {url.path}; try /order or /fault")

    async def _order(self, sku: str, quantity: int) -> dict[str, object]:
        loop = asyncio.get_running_loop()
        number = await loop.run_in_executor(self._pool, self.place_order, sku, quantity)
        if self.faults.name == "loop":
            render_report(12_000)
        return {"order": number, "sku": sku, "quantity": quantity}

    def _fault(self, name: str) -> dict[str, object]:
        names = list(FAULTS)
        if name == "next":
            name = names[(names.index(self.faults.name) + 1) % len(names)]
        if name and name not in FAULTS:
            raise NotFound(f"no fault {name!r}; there are {', '.join(names)}")
        if name:
            self.faults.switch(name)
        return {"fault": self.faults.name, "what": FAULTS[self.faults.name], "faults": names}

    def place_order(self, sku: str, quantity: int) -> int:
        price = price_order(quantity, thorough=self.faults.name == "gil")
        self._stock.reserve(sku, quantity)
        number = self._book.add(sku, quantity, price)
        self._audit.append(json.dumps({"order": number, "sku": sku, "quantity": quantity, "price": price}))
        return number

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        self.faults.end_helpers()
        self._audit.close()
        self._book.close()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One HTTP/1.1 connection, kept alive until the client leaves."""
        try:
            while request := await reader.readline():
                await _skip_headers(reader)
                writer.write(await self._respond(request.decode("latin-1")))
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return  # a client that left, one that does not speak HTTP, or the end of the service
        finally:
            writer.close()

    async def _respond(self, request: str) -> bytes:
        words = request.split()
        try:
            status, body = "200 OK", await self.answer(words[1] if len(words) > 1 else "/")
        except (NotFound, ValueError) as error:
            status, body = "404 Not Found", {"error": str(error)}
        payload = json.dumps(body).encode() + b"\n"
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
        return head.encode() + payload


async def _skip_headers(reader: asyncio.StreamReader) -> None:
    for _ in range(MAX_HEADER_LINES):
        if (await reader.readline()).strip() == b"":
            return
    raise ValueError("too many header lines")


async def serve(fault: str, port: int) -> None:
    """Serve on loopback until SIGTERM or SIGINT; prints ``listening PORT`` first (port 0: any free one)."""
    with tempfile.TemporaryDirectory(prefix="perftui-demo-", dir="/var/tmp") as folder:
        service = Service(Path(folder), fault)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        server = await asyncio.start_server(service.connected, "127.0.0.1", port)
        print(f"listening {server.sockets[0].getsockname()[1]}", flush=True)
        await stop.wait()
        server.close()
        service.close()
