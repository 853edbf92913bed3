"""Which sampler a target gets in a session."""

import subprocess
import sys
from pathlib import Path

from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.profile import StackProfile
from perftui.session import Session, SessionOptions
from perftui.session.stacks import StackFollower
from perftui.store.journal import Journal
from tests.host.test_target import wait_for
from tests.profile.natives import SPIN, compiled, running
from tests.session.test_session import Updates


def test_a_program_that_is_not_python_has_stacks(tmp_path: Path) -> None:
    with running(compiled(tmp_path, SPIN)) as child:
        held = HeldTarget.open(Host(), child.pid)
        follower = StackFollower(Host(), held, SessionOptions())
        try:
            taken: list[StackProfile] = []

            def seen() -> bool:
                taken.extend(follower.take())
                return any(profile.samples for profile in taken)

            wait_for(seen, seconds=60)
            status = follower.status
        finally:
            follower.stop()
            held.close()

    assert (status.sampler, status.mode, status.pid) == ("perf", "perf", child.pid)
    assert any(frame.function == "chew" for profile in taken for frame in profile.frames)


def test_a_shell_that_becomes_python_is_sampled_as_python(journal: Journal) -> None:
    """As a start script does: `exec python app.py`."""
    options = SessionOptions(interval_seconds=0.2, window_seconds=4.0)
    argv = ["/bin/sh", "-c", f'read line; exec "{sys.executable}" -c "while True: sum(range(1000))"']
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as child:
        session = Session(Host(), HeldTarget.open(Host(), child.pid), options, journal)
        updates = Updates()
        session.start(updates, updates.fail)
        try:
            updates.wait_for(lambda update: update.profile_status.sampler == "perf", 60)
            assert child.stdin is not None
            child.stdin.write(b"go\n")
            child.stdin.flush()
            seen = updates.wait_for(
                lambda update: update.profile is not None and update.profile.sampler == "py-spy", 60
            )
        finally:
            session.stop()
            child.kill()

    assert seen.profile_status.pid == child.pid
