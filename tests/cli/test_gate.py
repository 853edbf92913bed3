"""``--fail-on``: no data is no pass."""

import pytest

from perftui.cli.gate import check, checked
from perftui.errors import UsageError
from perftui.model.finding import Diagnosis
from tests.report.samples import DIAGNOSIS, update

HEALTHY = Diagnosis(state="healthy", window_seconds=8.0)


@pytest.mark.parametrize(
    ("gate", "diagnosis", "code", "message"),
    [
        ("critical", DIAGNOSIS, 1, "coord-gil is critical (--fail-on critical)"),
        ("info", DIAGNOSIS, 1, "coord-gil is critical (--fail-on info)"),
        ("cpu-one-core", DIAGNOSIS, 1, "cpu-one-core is warning (--fail-on cpu-one-core)"),
        ("cpu-quota", DIAGNOSIS, 0, ""),
        ("io-sync-latency", DIAGNOSIS, 1, "io-sync-latency cannot be judged here: syscall is hidden"),
        ("critical", HEALTHY, 0, ""),
    ],
)
def test_a_gate(gate: str, diagnosis: Diagnosis, code: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(update(diagnosis), (gate,)) == code
    assert message in capsys.readouterr().err


def test_what_is_neither_severity_nor_rule_is_refused() -> None:
    assert checked(("critical", "coord-gil")) == ("critical", "coord-gil")
    with pytest.raises(UsageError, match="did you mean critical"):
        checked(("critcal",))
    with pytest.raises(UsageError, match="perftui explain lists the rules"):
        checked(("zzzzzz",))
