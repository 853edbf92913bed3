"""The cards of this machine (mostly none), of a captured one, and of the stub."""

from pathlib import Path

import pytest

from perftui.collect.gpu import GpuCollector
from perftui.collect.scope import Scope
from perftui.errors import NoData
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET
from tests.host.nvml_stub import compiled, run_with_stub
from tests.host.test_drm import AMD, FDINFO, card
from tests.host.test_nvml import has_driver

COLLECT = """
import perftui.collect.gpu as gpu
from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.collect.scope import Scope
looks = []
opened = gpu.open_nvml
def counted(host):
    looks.append(1)
    return opened(host)
gpu.open_nvml = counted
collector = gpu.GpuCollector()
said = []
for _ in range(3):
    try:
        section = collector.collect(Host(), Scope(None, ()), None)
        said.append([card.name for card in section.gpus] + list(section.processes.ints("pid")))
    except NoData as error:
        said.append([error.reason, error.remedy])
collector.close()
collector.close()
tell([said, len(looks)])
"""


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("nvml"))


def test_the_stubs_cards_make_a_section(stub: Path) -> None:
    said, looks = run_with_stub(stub, "healthy", COLLECT)
    assert said == [["Stub A", "Stub ^[[31mB", 4242, 77]] * 3
    assert looks == 1


def test_a_mismatch_is_said_each_time_and_looked_at_once(stub: Path) -> None:
    said, looks = run_with_stub(stub, "mismatch", COLLECT)
    assert said[0] == said[2]
    assert "not of the version of the loaded driver" in said[0][0]
    assert looks == 1


def test_a_driver_that_stops_to_answer_is_let_go(stub: Path) -> None:
    said, looks = run_with_stub(stub, "wedged", COLLECT)
    assert [words[0] for words in said] == ["the NVIDIA driver does not answer: Unknown Error"] * 3
    assert looks == 1


@pytest.mark.skipif(has_driver() or Path("/sys/class/drm").exists(), reason="this machine may have a GPU")
def test_no_gpu_is_a_state() -> None:
    collector = GpuCollector()
    for _ in range(2):
        with pytest.raises(NoData, match="no GPU here"):
            collector.collect(Host(), NO_TARGET, None)


def test_a_captured_card_and_the_targets_use_of_it(tmp_path: Path) -> None:
    card(tmp_path, 0, "0000:03:00.0", "amdgpu", AMD)
    for pid in (9, 10):
        (tmp_path / f"proc/{pid}/fd").mkdir(parents=True)
        (tmp_path / f"proc/{pid}/fdinfo").mkdir()
    (tmp_path / "proc/9/fd/3").symlink_to("/dev/dri/renderD128")
    (tmp_path / "proc/9/fdinfo/3").write_bytes(FDINFO)
    collector, host = GpuCollector(), Host(tmp_path)
    section = collector.collect(host, NO_TARGET, None)
    assert [gpu.name for gpu in section.gpus] == ["AMD GPU 0x73bf"]
    assert list(section.processes.rows("gpu", "pid", "memory_bytes")) == [(0, 9, 128 * 1024)]
    assert section.missing == ""
    (tmp_path / "proc/10/fd/7").symlink_to("/dev/dri/card0")
    (tmp_path / "proc/10/fdinfo/7").write_bytes(FDINFO)
    section = collector.collect(host, Scope(None, (10,)), None)
    assert sorted(section.processes.ints("pid")) == [9, 10]


def test_a_process_that_let_go_of_the_card_is_no_row(tmp_path: Path) -> None:
    card(tmp_path, 0, "0000:03:00.0", "amdgpu", AMD)
    for folder in ("fd", "fdinfo"):
        (tmp_path / f"proc/9/{folder}").mkdir(parents=True)
    (tmp_path / "proc/9/fd/3").symlink_to("/dev/dri/renderD128")
    (tmp_path / "proc/9/fdinfo/3").write_bytes(FDINFO)
    collector, host = GpuCollector(), Host(tmp_path)
    assert len(collector.collect(host, NO_TARGET, None).processes) == 1
    (tmp_path / "proc/9/fdinfo/3").unlink()
    assert len(collector.collect(host, NO_TARGET, None).processes) == 0
