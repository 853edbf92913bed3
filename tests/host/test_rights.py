"""What may be seen is found out by asking the kernel."""

import os
from pathlib import Path

import pytest

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.rights import has_capability, how_to_get, may_trace


def test_own_process_may_be_traced() -> None:
    may_trace(Host(), os.getpid())


def test_capabilities_match_the_status_file() -> None:
    effective = int(Path("/proc/self/status").read_text().partition("CapEff:")[2].split()[0], 16)
    assert has_capability("CAP_SYS_PTRACE") is bool(effective >> 19 & 1)
    with pytest.raises(KeyError):
        has_capability("CAP_NONSENSE")


@pytest.mark.root
def test_a_process_of_another_user_is_hidden() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # the interpreter itself may be out of reach for another user, so no new program
        os.setgid(65534)
        os.setuid(65534)
        try:
            may_trace(Host(), os.getppid())
        except NoData as error:
            os.write(writer, f"{has_capability('CAP_SYS_PTRACE')} {error.reason} {error.remedy}".encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader) as said:
        text = said.read()
    os.waitpid(child, 0)
    assert text.startswith("False ")
    assert f"belongs to uid {os.getuid()}" in text
    assert "run as root" in text


def test_a_root_that_was_given_less_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "--cap-add=SYS_RESOURCE" in how_to_get("CAP_SYS_RESOURCE")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert how_to_get("CAP_SYS_RESOURCE") == "run perftui as root"


def test_a_process_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(NoData, match="has ended"):
        may_trace(Host(), 2**22 + 1)


def test_a_kernel_without_the_file(tmp_path: Path) -> None:
    (tmp_path / "proc/7").mkdir(parents=True)
    with pytest.raises(NoData, match="TRACEHOOK"):
        may_trace(Host(tmp_path), 7)
