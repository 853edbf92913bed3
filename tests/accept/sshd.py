"""An sshd of our own on loopback: own port, own keys, gone at the end."""

import getpass
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.accept.story import Failed, wait_for

CONFIGURATION = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile {folder}/pid
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
AcceptEnv XDG_*
LogLevel ERROR
"""


def _key(path: Path) -> None:
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
    subprocess.run(argv, check=True, capture_output=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


@contextmanager
def sshd() -> Iterator[list[str]]:
    """Yields the ``ssh`` argv to which a remote command is appended; it asks for a terminal and passes XDG_* on."""
    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        raise Failed("sshd is not installed: apt-get install openssh-server")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd wants to lock its children in
    with tempfile.TemporaryDirectory(prefix="perftui-sshd-") as name:
        folder, port = Path(name), _free_port()
        _key(folder / "host_key")
        _key(folder / "key")
        (folder / "authorized_keys").write_text((folder / "key.pub").read_text())
        (folder / "config").write_text(CONFIGURATION.format(port=port, folder=folder))
        server = subprocess.Popen([program, "-D", "-e", "-f", str(folder / "config")], stderr=subprocess.PIPE)
        try:
            wait_for(lambda: _answers(port), "an answer of sshd")
            options = ["UserKnownHostsFile=/dev/null", "StrictHostKeyChecking=no", "LogLevel=ERROR", "SendEnv=XDG_*"]
            flags = [word for option in options for word in ("-o", option)]
            place = ["-i", str(folder / "key"), "-p", str(port), f"{getpass.getuser()}@127.0.0.1"]
            yield ["ssh", "-tt", "-F", "none", *flags, *place]
        finally:
            server.terminate()
            server.communicate()
