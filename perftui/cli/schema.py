"""``perftui schema``."""

import click

from perftui.errors import UsageError


@click.command()
@click.argument("name", required=False)
def schema(name: str | None) -> None:
    """Print the JSON Schema of a published document, or of all.

    NAME is diagnosis, proposals, journal, doctor, diff, tick, flame or allocations.
    """
    import msgspec

    from perftui.cli.output import put_json
    from perftui.report.documents import DOCUMENTS

    if name is None:
        put_json({known: msgspec.json.schema(kind) for known, kind in DOCUMENTS.items()})
        return
    for known, kind in DOCUMENTS.items():
        if name in (known, known.removeprefix("perftui.").partition("/")[0]):
            put_json(msgspec.json.schema(kind))
            return
    raise UsageError(f'no document "{name}": known are {", ".join(DOCUMENTS)}')
