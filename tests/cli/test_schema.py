"""``perftui schema``: every document describes itself."""

import json

import pytest

from perftui.report.documents import DOCUMENTS
from tests.cli.conftest import Perftui


@pytest.mark.parametrize("name", ["diagnosis", "perftui.proposals/1", "journal", "doctor", "diff", "tick", "flame"])
def test_one_schema(perftui: Perftui, name: str) -> None:
    printed = json.loads(perftui("schema", name).stdout)
    assert printed["$ref"].removeprefix("#/$defs/") in printed["$defs"]


def test_all_schemas(perftui: Perftui) -> None:
    printed = json.loads(perftui("schema").stdout)
    assert set(printed) == set(DOCUMENTS)
