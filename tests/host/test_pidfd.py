import os
import signal

from perftui.host import pidfd
from perftui.model.target import ProcessId
from tests.tune.support import program


def test_a_process_is_held_by_pid_and_start_time() -> None:
    with program() as process:
        found = pidfd.process_id(process.pid)
        assert found is not None
        held = pidfd.hold(found)
        assert held >= 0
        assert not pidfd.has_ended(held)
        assert pidfd.is_alive(found)
        pidfd.send(held, signal.SIGKILL)
        assert pidfd.has_ended(held, wait_seconds=30)
        process.wait()
        pidfd.send(held, signal.SIGKILL)  # ended: nothing happens
        os.close(held)
        assert pidfd.hold(found) == -1
        assert not pidfd.is_alive(found)
        assert pidfd.process_id(process.pid) is None


def test_another_process_with_the_pid_is_not_it() -> None:
    own = pidfd.process_id(os.getpid())
    assert own is not None
    assert pidfd.hold(ProcessId(pid=own.pid, start_ticks=own.start_ticks - 1)) == -1
    assert pidfd.hold(ProcessId(pid=0, start_ticks=0)) == -1
