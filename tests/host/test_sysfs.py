"""Files of devices that are there, missing, odd, or do not answer."""

import errno
import os
from pathlib import Path

from perftui.host import sysfs
from perftui.host.procfs import Host


class Asleep(Host):
    """A system whose devices do not answer."""

    def read(self, path: str) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_texts_and_numbers(tmp_path: Path) -> None:
    host = Host(tmp_path)
    for name, content in (("name", "coretemp\n"), ("temp1_input", "-4500\n"), ("odd", "<unknown>\n"), ("empty", "")):
        (tmp_path / name).write_text(content)
    assert sysfs.text(host, "/name") == "coretemp"
    assert sysfs.number(host, "/temp1_input") == sysfs.cell(host, "/temp1_input") == -4500
    for path in ("/odd", "/empty", "/missing"):
        assert (sysfs.number(host, path), sysfs.cell(host, path)) == (None, -1)
    assert sysfs.text(host, "/missing") == ""


def test_a_device_that_does_not_answer_is_a_gap() -> None:
    assert sysfs.text(Asleep(), "/temp1_input") == ""
    assert sysfs.number(Asleep(), "/temp1_input") is None


def test_entries_come_by_their_numbers(tmp_path: Path) -> None:
    for name in ("hwmon10", "hwmon9", "hwmon"):
        (tmp_path / "class" / name).mkdir(parents=True)
    assert sysfs.entries(Host(tmp_path), "/class") == ["hwmon", "hwmon9", "hwmon10"]
    assert sysfs.entries(Host(tmp_path), "/none") == []


def test_links(tmp_path: Path) -> None:
    (tmp_path / "device").symlink_to("../../0000:03:00.0")
    assert sysfs.link(Host(tmp_path), "/device") == "../../0000:03:00.0"
    assert sysfs.link(Host(tmp_path), "/missing") == ""
