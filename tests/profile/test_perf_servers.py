"""Servers that many have, as they come, under load: frames with names, or the reason why there are none."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from perftui.model.profile import StackProfile
from tests.host.test_target import wait_for
from tests.profile.natives import collect, sampling, whole

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/errors;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello"; }} }}
}}
"""
REQUESTS = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 50
FOREVER = "select count(*) from generate_series(1, 1000000000000) as s(x) where md5(x::text) like 'ffffffff%'\n"


def needs(name: str) -> str:
    """The path of a program; the test is skipped where it is not installed."""
    path = shutil.which(name, path="/usr/local/bin:/usr/bin:/usr/sbin:/sbin:/bin") or ""
    if not path:
        pytest.skip(f"{name} is not installed")
    return path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextmanager
def started(*argv: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


def sampled(pid: int) -> tuple[StackProfile, str]:
    """What was seen, and the reason that the sampler gives for what is missing."""
    with sampling(pid) as sampler:
        profile = whole(collect(sampler, samples=40))
        return profile, sampler.status.reason


def of_the_program(profile: StackProfile, name: str) -> set[str]:
    """Functions of the program itself that have a name."""
    return {
        frame.function
        for frame in profile.frames
        if name in frame.file.rpartition("/")[2] and frame.function != "[unknown]"
    }


def test_redis(tmp_path: Path) -> None:
    server, load, port = needs("redis-server"), needs("redis-benchmark"), free_port()
    with started(server, "--port", str(port), "--save", "", "--dir", str(tmp_path)) as process:
        wait_for(lambda: answers(port), seconds=30)
        with started(load, "-p", str(port), "-q", "-l", "-t", "get,set"):
            profile, reason = sampled(process.pid)

    assert of_the_program(profile, "redis") or "has no symbols" in reason
    assert any(frame.file == "[kernel]" for frame in profile.frames)


def test_nginx(tmp_path: Path) -> None:
    server, port = needs("nginx"), free_port()
    (tmp_path / "nginx.conf").write_text(NGINX.format(folder=tmp_path, port=port))
    done = threading.Event()

    def load() -> None:
        while not done.is_set():  # nginx closes a connection after 1,000 requests
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as client:
                while not done.is_set():
                    client.sendall(REQUESTS)
                    if not client.recv(1 << 16):
                        break

    with started(server, "-c", str(tmp_path / "nginx.conf")) as process:
        wait_for(lambda: answers(port), seconds=30)
        thread = threading.Thread(target=load)
        thread.start()
        try:
            profile, reason = sampled(process.pid)
        finally:
            done.set()
            thread.join()

    assert of_the_program(profile, "nginx") or "has no symbols" in reason
    assert any(frame.file == "[kernel]" for frame in profile.frames)


@pytest.mark.root
def test_postgres() -> None:
    postgres, setpriv = needs("postgres"), needs("setpriv")
    become = [setpriv, "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    with tempfile.TemporaryDirectory() as folder:
        shutil.chown(folder, "postgres", "postgres")
        init = Path(postgres).resolve().with_name("initdb")
        made = subprocess.run(
            [*become, str(init), "--no-sync", "-D", f"{folder}/db"],
            capture_output=True,
            timeout=100,
            check=False,
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        )
        assert made.returncode == 0, made.stderr
        with started(*become, postgres, "--single", "-D", f"{folder}/db", "postgres") as process:
            assert process.stdin is not None
            process.stdin.write(FOREVER.encode())
            process.stdin.flush()
            wait_for(lambda: Path(f"/proc/{process.pid}/comm").read_text() == "postgres\n", seconds=30)
            profile, reason = sampled(process.pid)

    assert of_the_program(profile, "postgres") or "has no symbols" in reason
