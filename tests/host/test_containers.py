"""Units and containers in the paths of control groups, and the names that their runtimes wrote down."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.host.containers import container_at, container_of, inside, named, runtimes, unit_of
from perftui.host.procfs import Host
from perftui.model.group_sections import Container
from tests.captured import captured

ID = "4f66ad9a1b2c3d4e5f60718293a4b5c6d7e8f901122334455667788990aabbcc"
OTHER = "f" * 64
UID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
SYSTEMD_POD = f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UID.replace('-', '_')}.slice"


@pytest.mark.parametrize(
    ("path", "runtime", "pod_uid"),
    [
        (f"/docker/{ID}", "docker", ""),
        (f"/system.slice/docker-{ID}.scope", "docker", ""),
        (f"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{ID}.scope", "docker", ""),
        (f"/machine.slice/libpod-{ID}.scope", "podman", ""),
        (f"/libpod_parent/libpod-{ID}", "podman", ""),
        (f"/machine.slice/machine-libpod_pod_{OTHER}.slice/libpod-{ID}.scope", "podman", ""),
        (f"/system.slice/web.service/libpod-payload-{ID}", "podman", ""),
        (f"{SYSTEMD_POD}/cri-containerd-{ID}.scope", "containerd", UID),
        (f"{SYSTEMD_POD}/crio-{ID}.scope", "cri-o", UID),
        (f"{SYSTEMD_POD}/docker-{ID}.scope", "docker", UID),
        (f"/kubepods/besteffort/pod{UID}/{ID}", "", UID),
        (f"/kubepods/burstable/pod{'ab' * 16}/{ID}", "", "ab" * 16),
        (f"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{UID.replace('-', '_')}.slice/"
         f"cri-containerd-{ID}.scope", "containerd", UID),
        (f"/docker/{OTHER}/kubelet/kubepods/pod{UID}/{ID}", "", UID),
        (f"/default/{ID}", "", ""),
        (f"/system.slice/nerdctl-{ID}.scope", "containerd", ""),
    ],
)  # fmt: skip
def test_container_and_pod_of_a_path(path: str, runtime: str, pod_uid: str) -> None:
    wanted = Container(runtime=runtime, id=ID, pod_uid=pod_uid)
    assert container_at(path) == container_of(path) == wanted
    assert container_of(f"{path}/container/init.scope") == wanted
    assert container_at(f"{path}/container") is None


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/system.slice/docker.service",
        f"/machine.slice/libpod-conmon-{ID}.scope",
        f"{SYSTEMD_POD}/crio-conmon-{ID}.scope",
        f"/docker/{ID[:-1]}",
        f"/docker/{ID.upper()}",
        "/lxc.monitor.mail",
        "/lxc",
        SYSTEMD_POD,
    ],
)
def test_what_is_no_container(path: str) -> None:
    assert container_of(path) is None


@pytest.mark.parametrize("path", ["/lxc/mail", "/lxc.payload.mail", "/lxc.payload/mail"])
def test_lxc_has_its_name_in_the_path(path: str) -> None:
    assert container_of(f"{path}/system.slice/nginx.service") == Container(runtime="lxc", id="mail", name="mail")


def test_the_innermost_container_counts() -> None:
    found = container_of(f"/docker/{OTHER}/system.slice/docker-{ID}.scope")
    assert found is not None
    assert found.id == ID


@pytest.mark.parametrize(
    ("path", "unit", "user_unit", "slice_"),
    [
        ("/", "", "", ""),
        ("/init.scope", "init.scope", "", ""),
        ("/system.slice/nginx.service/workers", "nginx.service", "", "system.slice"),
        ("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service", "", "system-getty.slice"),
        ("/user.slice/user-1000.slice/session-3.scope", "session-3.scope", "", "user-1000.slice"),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/sync.service",
            "user@1000.service", "sync.service", "app.slice",
        ),
        ("/user.slice/user-1000.slice/user@1000.service", "user@1000.service", "", "user-1000.slice"),
        ("/_cpu.service", "cpu.service", "", ""),
        ("/docker/abc", "", "", ""),
        ("/lxc.payload.mail/system.slice/nginx.service", "", "", ""),
        ("/system.slice/a\x1b[2J.service", "a^[[2J.service", "", "system.slice"),
    ],
)  # fmt: skip
def test_unit_and_slice_of_a_path(path: str, unit: str, user_unit: str, slice_: str) -> None:
    assert unit_of(path) == (unit, user_unit, slice_)


@given(st.text(alphabet="/abd0.-_@:;\n\x1b", max_size=80))
def test_any_path_is_taken(path: str) -> None:
    unit_of(path)
    container_of(path)


def name_of(host: Host, path: str) -> Container:
    container = container_of(path)
    assert container is not None
    return named(host, container, path)


def test_docker_names(tmp_path: Path) -> None:
    host = captured("docker_v1", tmp_path)
    found = name_of(host, f"/docker/{ID}")
    assert (found.runtime, found.name, found.image, found.label) == (
        "docker", "web", "registry.local/web:1.4", "docker web",
    )  # fmt: skip


def test_a_shim_of_the_kubelet_is_told_by_labels(tmp_path: Path) -> None:
    folder = tmp_path / f"var/lib/docker/containers/{ID}"
    folder.mkdir(parents=True)
    (folder / "config.v2.json").write_text(
        '{"Name":"/k8s_app_cart_shop_0a1b_0","Config":{"Image":"sha256:12","Labels":{"io.kubernetes.container.name":'
        '"app","io.kubernetes.pod.name":"cart","io.kubernetes.pod.namespace":"shop"}}}'
    )
    found = name_of(Host(tmp_path), f"/kubepods/burstable/pod{UID}/{ID}")
    assert (found.runtime, found.label, found.image) == ("docker", "pod shop/cart app", "sha256:12")


def test_podman_names_of_root_and_of_a_user(tmp_path: Path) -> None:
    host = captured("systemd_v2", tmp_path)
    shop = "3b2c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a"
    front = "1f0e7c5b9a3d4e2f8b6c0a1d2e3f40516273849aabbccddeeff0011223344556"
    cache = "2a1b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809"
    assert name_of(host, f"/system.slice/shop.service/libpod-payload-{shop}").image == "quay.io/shop/shop:7"
    user = "/user.slice/user-1000.slice/user@1000.service/user.slice"
    found = name_of(host, f"{user}/libpod-{front}.scope/container")
    assert (found.label, found.image) == ("podman frontend", "docker.io/library/node:20")
    found = name_of(host, f"/machine.slice/libpod-{cache}.scope")
    assert (found.label, found.image) == ("podman cache", "")
    assert name_of(host, f"{user.replace('1000', '4')}/libpod-{front}.scope").label == f"podman {front[:12]}"


@pytest.mark.parametrize("content", ["", "[]", "{", '{"Name": 3}', '{"Config": {"Labels": [1]}}', "\x00" * 10])
def test_a_file_that_is_not_as_expected_leaves_the_id(tmp_path: Path, content: str) -> None:
    folder = tmp_path / f"var/lib/docker/containers/{ID}"
    folder.mkdir(parents=True)
    (folder / "config.v2.json").write_text(content)
    assert name_of(Host(tmp_path), f"/docker/{ID}").label == f"docker {ID[:12]}"


def test_a_hostile_name_is_made_visible(tmp_path: Path) -> None:
    folder = tmp_path / f"var/lib/docker/containers/{ID}"
    folder.mkdir(parents=True)
    (folder / "config.v2.json").write_text('{"Name":"/a\\u001b[2Jb\\nc"}')
    assert name_of(Host(tmp_path), f"/docker/{ID}").name == "a^[[2Jb^Jc"


def test_runtimes_that_are_here(tmp_path: Path) -> None:
    assert runtimes(Host(tmp_path)) == ()
    found = runtimes(captured("docker_v1", tmp_path))
    assert [(runtime.name, runtime.readable) for runtime in found] == [("docker", True)]


def test_inside_a_container(tmp_path: Path) -> None:
    assert inside(Host(tmp_path)) == ""
    (tmp_path / "proc/1").mkdir(parents=True)
    (tmp_path / "proc/1/environ").write_bytes(b"PATH=/bin\0container=lxc\0")
    assert inside(Host(tmp_path)) == "lxc"
    (tmp_path / ".dockerenv").touch()
    assert inside(Host(tmp_path)) == "docker"
