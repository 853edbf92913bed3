"""``--fail-on``: the check that a caller asks of a diagnosis."""

import difflib
from typing import get_args

from perftui.analyze.rules import RULES
from perftui.cli.output import notice
from perftui.errors import UsageError
from perftui.model.finding import Severity
from perftui.model.update import Update
from perftui.report.build import diagnosis_of

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""Mildest first."""

CHECK_FAILED = 1


def checked(gates: tuple[str, ...]) -> tuple[str, ...]:
    """The gates as given. UsageError for what is neither a severity nor a rule."""
    known = [*SEVERITIES, *(rule.id for rule in RULES)]
    for gate in gates:
        if gate not in known:
            close = difflib.get_close_matches(gate, known, n=1)
            hint = f"did you mean {close[0]}?" if close else "perftui explain lists the rules"
            raise UsageError(f'--fail-on: "{gate}" is no severity ({", ".join(SEVERITIES)}) and no rule; {hint}')
    return gates


def check(update: Update, gates: tuple[str, ...]) -> int:
    """1 when a gate is hit, or when its rule could not be judged: no data is no pass."""
    failed = [reason for gate in gates if (reason := _hit(update, gate))]
    for reason in failed:
        notice(reason)
    return CHECK_FAILED if failed else 0


def _hit(update: Update, gate: str) -> str:
    diagnosis = diagnosis_of(update)
    for finding in diagnosis.findings:
        severe = gate in SEVERITIES and SEVERITIES.index(finding.severity) >= SEVERITIES.index(gate)
        if severe or finding.rule == gate:
            return f"check failed: {finding.rule} is {finding.severity} (--fail-on {gate})"
    for unknown in diagnosis.unknown:
        if unknown.rule == gate:
            return f"check failed: {gate} cannot be judged here: {unknown.reason}"
    return ""
