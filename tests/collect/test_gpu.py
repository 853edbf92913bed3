"""The cards of this machine (mostly none), of a captured one, and of the stub."""

from pathlib import Path

import pytest

from perftui.collect import live
from perftui.collect.gpu import GpuCollector
from perftui.collect.live import LiveSource
from perftui.errors import NoData
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET, held_child
from tests.host.nvml_stub import compiled, run_with_stub
from tests.host.test_drm import AMD, FDINFO, card
from tests.host.test_nvml import has_driver
from tests.host.test_target import wait_for

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


def test_a_captured_card_and_its_user(tmp_path: Path) -> None:
    card(tmp_path, 0, "0000:03:00.0", "amdgpu", AMD)
    for name in ("fd", "fdinfo"):
        (tmp_path / f"proc/9/{name}").mkdir(parents=True)
    (tmp_path / "proc/9/fd/3").symlink_to("/dev/dri/renderD128")
    (tmp_path / "proc/9/fdinfo/3").write_bytes(FDINFO)
    section = GpuCollector().collect(Host(tmp_path), NO_TARGET, None)
    assert [gpu.name for gpu in section.gpus] == ["AMD GPU 0x73bf"]
    assert list(section.processes.rows("gpu", "pid", "memory_bytes")) == [(0, 9, 128 * 1024)]
    assert section.missing == ""


def test_the_target_is_looked_at_each_time_when_the_whole_tool_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card(tmp_path, 0, "0000:03:00.0", "amdgpu", AMD)
    monkeypatch.setattr(live, "HOST_COLLECTORS", ())
    monkeypatch.setattr(live, "SLOW_HOST_COLLECTORS", ((GpuCollector, 0.0),))
    monkeypatch.setattr(live, "SLOW_TARGET_COLLECTORS", ())
    with held_child("print('up', flush=True)\ninput()") as (_, held):
        folder = tmp_path / f"proc/{held.process.pid}"
        for name in ("fd", "fdinfo"):
            (folder / name).mkdir(parents=True)
        source = LiveSource(Host(tmp_path), held)

        def users() -> list[int] | None:
            section = source.sample().gpus
            return None if section is None else list(section.processes.ints("pid"))

        wait_for(lambda: users() == [])
        (folder / "fdinfo/7").write_bytes(FDINFO)
        (folder / "fd/7").symlink_to("/dev/dri/card0")
        wait_for(lambda: users() == [held.process.pid])  # long before all processes are looked at again
        source.close()


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
