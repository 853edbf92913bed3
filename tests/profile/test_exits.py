"""Every way in which py-spy says no."""

import pytest

from perftui.profile.exits import ended_by_target, explain

NO_PROCESS = "Error: Failed to get process executable name. Check that the process is running.\n"


@pytest.mark.parametrize(
    ("returncode", "text", "reason", "remedy"),
    [
        (
            1,
            NO_PROCESS + "\nCaused by:\n    No such file or directory (os error 2)",
            "there is no process 42",
            "perftui (without a target)",
        ),
        (1, "Error: Failed to find python version from target process\n", "is not a Python process", "without stacks"),
        (
            1,
            "Permission Denied: Try running again with elevated permissions by going 'sudo'",
            "not permitted",
            "sudo perftui",
        ),
        (1, NO_PROCESS + "\nCaused by:\n    Permission denied (os error 13)", "not permitted", "--cap-add=SYS_PTRACE"),
        (
            1,
            "Error: Failed to suspend process\nReason: EPERM: Operation not permitted\n\nCaused by:\n    (os error 1)",
            "is traced by another program",
            "detach",
        ),
        (
            1,
            "Error: Failed to suspend process\n\nCaused by:\n    unexpected waitpid result",
            "is stopped",
            "kill -CONT 42",
        ),
        (
            1,
            "Error: No python processes found in process 42 or any of its subprocesses",
            "neither process 42 nor any of its children",
            "attach to the child",
        ),
        (
            1,
            "Error: Failed to create output\n\nCaused by:\n    No such file or directory (os error 2)",
            "write",
            "memory",
        ),
        (
            101,
            "thread 'main' panicked at src/x.rs:1:2:\nindex out of bounds",
            "crashed: index out of bounds",
            "upgrade",
        ),
        (-9, "py-spy> Sampling process\n", "killed by signal 9", "dmesg"),
        (
            1,
            "py-spy> Sampling\nError: A new failure\n\nCaused by:\n    0: why\x1b[31m",
            "failed: 0: why^[[31m",
            "py-spy dump",
        ),
        (1, "", "failed: it said nothing", "py-spy dump --pid 42"),
    ],
)
def test_each_ending_has_a_reason_and_a_remedy(returncode: int, text: str, reason: str, remedy: str) -> None:
    said = explain(42, returncode, text)

    assert reason in said.reason
    assert remedy in said.remedy


def test_a_target_that_ended_midway_is_no_failure() -> None:
    assert ended_by_target("py-spy> Sampling process\npy-spy> Stopped sampling because process exited\n")
    assert not ended_by_target("py-spy> Stopped sampling because Control-C pressed\n")
