"""Play whole stories against the real thing: a real terminal, sshd, kernel.

    python -m tests.accept.run [--only ssh,exits] [--fresh]

What held is kept in ``.accept/stories.json`` until the code changes, so a run that was broken off goes on.
"""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator

from tests.accept import (
    allocations,
    burst,
    deadman,
    exits,
    flame_formats,
    hostile,
    hour,
    metrics,
    process_metrics,
    prometheus,
    ratios,
    record_kill,
    slow_link,
    ssh,
    stack_diff,
    stopped,
    targets,
    workers,
)
from tests.accept.story import Failed
from tests.scenarios.play import ROOT, NotStarted
from tests.scenarios.run import code_digest

STORIES: dict[str, Callable[[], Iterator[str]]] = {
    "ssh": ssh.stories,
    "exits": exits.stories,
    "flame-formats": flame_formats.stories,
    "deadman": deadman.stories,
    "hostile": hostile.stories,
    "metrics": metrics.stories,
    "slow-link": slow_link.stories,
    "record-kill": record_kill.stories,
    "allocations": allocations.stories,
    "burst": burst.stories,
    "prometheus": prometheus.stories,
    "process-metrics": process_metrics.stories,
    "ratios": ratios.stories,
    "targets": targets.stories,
    "workers": workers.stories,
    "stack-diff": stack_diff.stories,
    "hour": hour.stories,
    "stopped": stopped.stories,
}
STATE_FILE = ROOT / ".accept" / "stories.json"


def load_held(digest: str) -> dict[str, list[str]]:
    """story → the claims that held, for this very code."""
    if not STATE_FILE.exists():
        return {}
    kept = json.loads(STATE_FILE.read_text())
    return dict(kept["held"]) if kept["code"] == digest else {}


def save_held(digest: str, held: dict[str, list[str]]) -> None:
    STATE_FILE.parent.mkdir(exist_ok=True)
    STATE_FILE.write_text(json.dumps({"code": digest, "held": held}, indent=1))


def play(name: str) -> list[str] | None:
    """The claims that held, or None when one did not. Prints as it goes."""
    claims = []
    try:
        for claim in STORIES[name]():
            claims.append(claim)
            print(f"  ok    {claim}", flush=True)
    except (Failed, NotStarted) as error:
        print(f"  FAIL  {error}", flush=True)
        return None
    return claims


def main() -> int:
    parser = argparse.ArgumentParser(description="play the stories")
    parser.add_argument("--only", default="", help=", ".join(STORIES))
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    options = parser.parse_args()
    names = options.only.replace(",", " ").split() or list(STORIES)
    unknown = [name for name in names if name not in STORIES]
    if unknown:
        parser.error(f"no story {', '.join(unknown)}; there are {', '.join(STORIES)}")
    digest = code_digest()
    held = {} if options.fresh else load_held(digest)
    failed = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that a story ends what it has started
    for name in names:
        print(f"{name}{' (held before)' if name in held else ''}", flush=True)
        claims = held.get(name) or play(name)
        if claims is None:
            failed.append(name)
        else:
            held[name] = claims
            save_held(digest, held)
    print(
        f"{len(names) - len(failed)} of {len(names)} stories hold" + (f"; not: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
