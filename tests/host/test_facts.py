"""What a host says of itself."""

import os
from pathlib import Path

from perftui.host.facts import facts_of
from perftui.host.procfs import Host


def test_this_host() -> None:
    facts = facts_of(Host())
    assert facts["python"].startswith("3.")
    assert int(facts["memory"].split()[0]) * 1024 == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_what_is_not_there_is_left_out_and_nothing_acts(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text('NAME="x"\nPRETTY_NAME="Debian \x1b[2J 13"\n')
    facts = facts_of(Host(tmp_path))
    assert set(facts) == {"python", "system"}
    assert facts["system"] == "Debian ^[[2J 13"
