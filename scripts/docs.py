"""Write docs/rules.md and docs/knobs.md from the docstrings of the rules and knobs.

python scripts/docs.py [--check]      --check: exit 1 when a file is not up to date
"""

import inspect
import sys
from pathlib import Path

from perftui.analyze.rules import RULES
from perftui.tune.knobs import KNOBS

FOLDER = Path(__file__).resolve().parents[1] / "docs"


def rendered(title: str, entries: tuple[object, ...]) -> str:
    """One Markdown page: a heading and the docstring for each entry."""
    pages = {str(getattr(entry, "id", "")): inspect.getdoc(entry) or "" for entry in entries}
    head = f"# {title}\n\nRendered by `make docs` from the docstrings that `perftui explain ID` prints.\n"
    return head + "".join(f"\n## {page_id}\n\n{text.rstrip()}\n" for page_id, text in pages.items())


def pages() -> dict[Path, str]:
    return {
        FOLDER / "rules.md": rendered("Rules", RULES),
        FOLDER / "knobs.md": rendered("Knobs", KNOBS),
    }


def main() -> int:
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"docs/{path.name} is not up to date: run make docs", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.write_text(pages()[path])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
