"""nginx with two workers under light load.

Accepted: healthy, idle.
"""

import os
import shutil
from pathlib import Path

from tests.scenarios.stage import CannotPlay, disk_folder, hold, listener, load, spawn, spawn_program

CONFIGURATION = """
daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e; keepalive_requests 100000;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "ok\\n"; }} }}
}}
"""


def configure(folder: Path, port: int) -> Path:
    folder.chmod(0o755)
    path = folder / "nginx.conf"
    path.write_text(CONFIGURATION.format(folder=folder, port=port))
    return path


def main() -> int:
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        raise CannotPlay("nginx is not installed: apt-get install nginx-light")
    sock, port = listener()
    sock.close()
    with disk_folder() as folder:
        target = spawn_program([program, "-e", f"{folder}/error", "-c", str(configure(folder, port))])
        for _ in range(4):
            spawn(load(port, 50, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), own_session=True)
        return hold(target)


if __name__ == "__main__":
    raise SystemExit(main())
