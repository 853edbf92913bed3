"""What perf says, in the words of several versions."""

import pytest

from perftui.profile.perf_exits import explain


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "Permission error mapping pages.\nConsider increasing /proc/sys/kernel/perf_event_mlock_kb",
            "lock the memory",
        ),
        ("failed to mmap with 1 (Operation not permitted); mlock", "lock the memory"),
        ("Access to performance monitoring and observability operations is limited.", "does not let perf look at"),
        ("Error:\nNo permission to enable cpu-clock event.", "does not let perf look at"),
        ("Error:\nToo many events are opened.", "more open files"),
        ("Error: Problems finding threads of monitor", "process 7 has ended"),
        ("The sys_perf_event_open() syscall returned with 38 (Function not implemented)", "no perf events"),
        ("  Error: unknown option `clockid'\n\n Usage: perf record", "too old"),
        ("first\n\x1b[31mlast words\n\n", "perf failed: ^[[31mlast words"),
        ("", "perf failed: it said nothing"),
    ],
)
def test_words_become_a_reason(text: str, reason: str) -> None:
    said = explain(7, 255, text)

    assert reason in said.reason
    assert said.remedy or "ended" in said.reason


def test_a_signal_is_named() -> None:
    assert explain(7, -9, "").reason == "perf was killed by signal 9"
