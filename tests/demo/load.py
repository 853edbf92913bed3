"""Bounded load for the demo: eight clients on loopback that think a while between their orders."""

import http.client
import random
import threading
import time

CLIENTS = 8
THINK_SECONDS = 0.1


def client(port: int, number: int) -> None:
    """One customer; comes back after a second when the service was not to be had."""
    dice = random.Random(number)
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            while True:
                connection.request("GET", f"/order?sku=tea-{number}&qty={dice.randint(1, 9)}")
                connection.getresponse().read()
                time.sleep(dice.uniform(0.5, 1.5) * THINK_SECONDS)
        except (OSError, http.client.HTTPException):
            time.sleep(1)
        finally:
            connection.close()


def run(port: int) -> None:
    """Runs until the process is ended."""
    customers = [threading.Thread(target=client, args=(port, number)) for number in range(CLIENTS)]
    for customer in customers:
        customer.start()
    for customer in customers:
        customer.join()
