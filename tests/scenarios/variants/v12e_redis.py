"""redis under light load.

Accepted: healthy, idle (it hardly notices).
"""

import shutil

from tests.scenarios.stage import CannotPlay, hold, listener, load, spawn, spawn_program


def free_port() -> int:
    sock, port = listener()
    sock.close()
    return port


def main() -> int:
    program = shutil.which("redis-server")
    if program is None:
        raise CannotPlay("redis-server is not installed: apt-get install redis-server")
    port = free_port()
    target = spawn_program([program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
    for _ in range(4):
        spawn(load(port, 50, b"*2\r\n$4\r\nINCR\r\n$6\r\norders\r\n"), own_session=True)
    return hold(target)


if __name__ == "__main__":
    raise SystemExit(main())
