"""``perftui explain``: docstrings are the pages."""

import pytest

from perftui.analyze.rules import RULES
from perftui.cli.pages import listing, page
from perftui.errors import UsageError
from perftui.tune.knobs import KNOBS
from tests.cli.conftest import Perftui


@pytest.mark.parametrize("page_id", [*(rule.id for rule in RULES), *(knob.id for knob in KNOBS)])
def test_every_rule_and_knob_has_a_page(page_id: str) -> None:
    text = page(page_id)
    assert text.startswith(f"{page_id}\n\n")
    assert len(text.splitlines()) > 5
    assert page_id in listing()


def test_close_matches_are_suggested() -> None:
    with pytest.raises(UsageError, match=r"did you mean process\.nice"):
        page("process.nise")
    with pytest.raises(UsageError, match="perftui explain lists all"):
        page("zzzzz")


def test_the_command_prints_a_page_or_the_list(perftui: Perftui) -> None:
    assert perftui("explain", "coord-gil").stdout == page("coord-gil")
    assert perftui("explain").stdout == listing()
