"""``perftui tune`` on a real process: applied under the dead-man, confirmed, undone, put back."""

import json
import os
import pty
import subprocess
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from perftui.cli.remembered import remember
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.proposal import Proposal, SetNice, ThreadValue, proposal_id
from perftui.model.sample import Sample
from perftui.model.target import Target
from perftui.report.documents import JournalDocument, ProposalDoc, ProposalsDocument
from tests.cli.conftest import SLEEP, SPIN, Perftui
from tests.host.test_target import wait_for
from tests.report.samples import NICE

pytestmark = pytest.mark.root


class Offer:
    """A remembered proposal: a sleeping child's nice value from 0 to 5."""

    def __init__(self, perftui: Perftui, pid: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", perftui.env["XDG_STATE_HOME"])
        self.perftui = perftui
        self.pid = pid
        held = HeldTarget.open(Host(), pid)
        self.target = held.target
        held.close()
        assert self.target.process is not None
        thread = ThreadValue(tid=pid, start_ticks=self.target.process.start_ticks, value="0")
        self.proposal = msgspec.structs.replace(
            NICE,
            id=proposal_id(self.target.process, "process.nice", f"pid {pid}", "0", "5"),
            subject=f"pid {pid}",
            after="5",
            action=SetNice(before="0", after="5", process=self.target.process, threads=(thread,)),
        )
        self.remember(self.proposal, self.target)

    def remember(self, proposal: Proposal, target: Target) -> None:
        remember((proposal,), Sample(monotonic_ns=1, wall_ns=1, boot_id=Host().boot_id, target=target))

    @property
    def nice(self) -> int:
        return os.getpriority(os.PRIO_PROCESS, self.pid)

    def apply(self, *args: str) -> dict[str, Any]:
        done = self.perftui("tune", "apply", self.proposal.id, "--yes", "--json", *args)
        assert done.returncode == 0, done.stderr
        return entry_of(done.stdout)


def entry_of(text: str) -> dict[str, Any]:
    msgspec.json.decode(text, type=JournalDocument)
    entries: list[dict[str, Any]] = json.loads(text)["entries"]
    assert len(entries) == 1
    return entries[0]


@pytest.fixture
def offer(perftui: Perftui, child: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> Offer:
    return Offer(perftui, child(SLEEP), monkeypatch)


def test_a_change_outlives_the_command_is_confirmed_and_undone(offer: Offer, perftui: Perftui) -> None:
    entry = offer.apply()
    assert (entry["state"], entry["proposal"]["after"], offer.nice) == ("applied", "5", 5)
    assert entry["deadline"] > entry["at"]

    done = perftui("tune", "confirm", entry["id"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{entry['id']}  kept  process.nice: 0 → 5\n")
    assert offer.nice == 5

    done = perftui("tune", "undo", entry["id"], "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert entry_of(done.stdout)["state"] == "reverted"
    assert offer.nice == 0


def test_without_a_confirmation_the_deadline_puts_it_back(offer: Offer, perftui: Perftui) -> None:
    entry = offer.apply("--deadline", "2")
    wait_for(lambda: offer.nice == 0)
    wait_for(lambda: entry_of(perftui("tune", "history", "--json").stdout)["state"] == "reverted")
    late = perftui("tune", "confirm", entry["id"])
    assert late.returncode == 6
    assert f"change {entry['id']} is reverted" in late.stderr


def test_the_deadline_of_the_configuration_is_used(offer: Offer, perftui: Perftui) -> None:
    path = perftui.home / "short.toml"
    path.write_text("deadline_seconds = 2\n")
    offer.apply("--config", str(path))
    wait_for(lambda: offer.nice == 0)


def test_undo_last(offer: Offer, perftui: Perftui) -> None:
    offer.apply()
    done = perftui("tune", "undo", "--last", "--yes")
    assert (done.returncode, offer.nice) == (0, 0), done.stderr
    done = perftui("tune", "undo", "--last", "--yes")
    assert (done.returncode, done.stderr) == (2, "perftui: --last: there is no change to undo\n")


def test_nothing_is_written_without_a_confirmation(offer: Offer, perftui: Perftui) -> None:
    done = perftui("tune", "apply", offer.proposal.id)
    assert (done.returncode, offer.nice) == (2, 0)
    assert done.stderr == "perftui: this writes to the system and there is no terminal to ask on: give --yes\n"
    assert "renice -n 0 -p 4242" in done.stdout


@pytest.mark.parametrize(("answer", "code", "nice"), [("\n", 6, 0), ("n\n", 6, 0), ("y\n", 0, 5), ("\x04", 2, 0)])
def test_on_a_terminal_it_asks_and_the_default_is_no(
    offer: Offer, perftui: Perftui, answer: str, code: int, nice: int
) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        perftui.argv("tune", "apply", offer.proposal.id),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=perftui.env,
        start_new_session=True,
    )
    os.close(slave)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(master, 4096)
    assert b"0 \xe2\x86\x92 5" in shown
    os.write(master, answer.encode())
    try:
        while chunk := os.read(master, 4096):
            shown += chunk
    except OSError:
        pass
    os.close(master)
    assert (process.wait(60), offer.nice) == (code, nice), shown
    if nice:
        perftui("tune", "undo", "--last", "--yes")


def test_read_only_refuses(offer: Offer, perftui: Perftui) -> None:
    done = perftui("--read-only", "tune", "apply", offer.proposal.id, "--yes")
    assert (done.returncode, offer.nice) == (6, 0)
    assert "read-only" in done.stderr


def test_a_value_that_has_changed_since_is_left_alone(offer: Offer, perftui: Perftui) -> None:
    os.setpriority(os.PRIO_PROCESS, offer.pid, 3)
    done = perftui("tune", "apply", offer.proposal.id, "--yes")
    assert (done.returncode, offer.nice) == (6, 3)


def test_somebody_elses_value_is_not_undone(offer: Offer, perftui: Perftui) -> None:
    entry = offer.apply()
    os.setpriority(os.PRIO_PROCESS, offer.pid, 7)
    done = perftui("tune", "undo", entry["id"], "--yes")
    assert (done.returncode, offer.nice) == (6, 7)


def test_a_pid_that_is_another_process_by_now_is_refused(offer: Offer, perftui: Perftui) -> None:
    process = offer.target.process
    assert process is not None
    earlier = msgspec.structs.replace(process, start_ticks=process.start_ticks - 1)
    offer.remember(offer.proposal, msgspec.structs.replace(offer.target, process=earlier))
    done = perftui("tune", "apply", offer.proposal.id, "--yes")
    assert (done.returncode, offer.nice) == (6, 0)
    assert "another process by now" in done.stderr


def test_ids_that_nobody_knows(perftui: Perftui) -> None:
    for args in (("apply", "bogus"), ("confirm", "bogus"), ("undo", "bogus"), ("show", "bogus")):
        done = perftui("tune", *args, *(["--yes"] if args[0] in ("apply", "undo") else []))
        assert done.returncode == 2, done.stderr
        assert "'bogus'" in done.stderr or '"bogus"' in done.stderr
    assert "either a JOURNAL_ID" in perftui("tune", "undo").stderr
    assert "either a JOURNAL_ID" in perftui("tune", "undo", "x", "--last").stderr


def test_an_empty_journal(perftui: Perftui) -> None:
    assert perftui("tune", "history").stdout == "No change was made.\n"
    assert perftui("tune", "recover").stdout == "Nothing was left unconfirmed.\n"
    assert json.loads(perftui("tune", "history", "--json").stdout) == {"schema": "perftui.journal/1", "entries": []}


def test_show_takes_both_kinds_of_id(offer: Offer, perftui: Perftui) -> None:
    shown = perftui("tune", "show", offer.proposal.id, "--json").stdout
    assert msgspec.json.decode(shown, type=ProposalsDocument).proposals[0].id == offer.proposal.id
    assert offer.proposal.id in perftui("tune", "show", offer.proposal.id).stdout
    entry = offer.apply()
    assert entry_of(perftui("tune", "show", entry["id"], "--json").stdout)["state"] == "applied"
    perftui("tune", "undo", "--last", "--yes")


def test_recover_leaves_what_a_dead_man_still_guards(offer: Offer, perftui: Perftui) -> None:
    offer.apply()
    assert perftui("tune", "recover").stdout == "Nothing was left unconfirmed.\n"
    assert offer.nice == 5
    perftui("tune", "undo", "--last", "--yes")


def test_what_list_prints_can_be_applied(perftui: Perftui, child: Callable[..., int]) -> None:
    """Spinners in sessions of their own take the CPU from the target; whatever else runs here only adds to that."""
    for _ in range(3):
        child(SPIN)
    pid = child(SPIN)
    offered: list[ProposalDoc] = []

    def listed() -> bool:
        done = perftui("tune", "list", pid, "--for", "3", "--json")
        assert done.returncode == 0, done.stderr
        offered[:] = msgspec.json.decode(done.stdout, type=ProposalsDocument).proposals
        return bool(offered)

    wait_for(listed, seconds=60)
    done = perftui("tune", "apply", offered[0].id, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert entry_of(done.stdout)["proposal"]["command"] == offered[0].command
    done = perftui("tune", "undo", "--last", "--yes", "--json")
    assert entry_of(done.stdout)["state"] == "reverted", done.stderr


def test_a_missing_right_is_code_4(perftui: Perftui, offer: Offer) -> None:
    assert offer.proposal.action is not None
    lower = msgspec.structs.replace(offer.proposal.action, after="-5")
    offer.remember(msgspec.structs.replace(offer.proposal, after="-5", action=lower), offer.target)
    without = ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"]
    done = subprocess.run(
        [*without, *perftui.argv("tune", "apply", offer.proposal.id, "--yes")],
        capture_output=True,
        text=True,
        env=perftui.env,
        timeout=60,
        check=False,
    )
    assert (done.returncode, offer.nice) == (4, 0), done.stderr
    assert "CAP_SYS_NICE" in done.stderr


def test_nothing_to_propose_is_said(perftui: Perftui, child: Callable[..., int]) -> None:
    done = perftui("tune", "list", child(SLEEP), "--for", "2")
    assert done.returncode == 0, done.stderr
    assert "No setting would help here." in done.stdout
