"""Every published document has a schema, a name and a version."""

import msgspec
import pytest

from perftui.report.documents import DOCUMENTS


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_says_what_it_is(name: str) -> None:
    kind = DOCUMENTS[name]
    described = msgspec.json.schema(kind)["$defs"][kind.__name__]
    assert described["properties"]["schema"]["enum"] == [name]
    assert described["description"]
