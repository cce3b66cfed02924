"""`make eval`: what the bot makes of the questions of an invented shop, offline or with the model of the settings."""

from __future__ import annotations

import argparse
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.evaluation import results, scoring, table
from benchmarks.evaluation.cases import load
from benchmarks.evaluation.stage import staged
from core.platform.config import get_settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ai.md"


def main() -> int:
    """Run every case. A missed target is news, not a failure: only what breaks ends with an exit code."""
    chosen = _arguments()
    cases = [case for case in load() if chosen.half in (None, case.half) and chosen.kind in (None, case.kind)]
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="bothub-eval-") as folder,
        staged(Path(folder), offline=chosen.offline) as desk,
    ):
        print(f"The shop is open after {time.monotonic() - started:.0f} s.", flush=True)
        found = []
        for place, result in enumerate(scoring.score(desk, cases), start=1):
            found.append(result)
            if sys.stderr.isatty():
                end = "\n" if place == len(cases) else ""
                print(f"\r{place} of {len(cases)}", end=end, file=sys.stderr, flush=True)
        named = _named() if desk.model else "Offline: no model, the built-in embedder, approved answers only."
    figures = results.measures(model=desk.model is not None)
    rows = table.rows(figures, found)
    slowest = f"The search took at most {results.slowest(found) * 1000:.0f} ms in 95 of 100 cases."
    spent = [result.cost for result in found if result.cost is not None]
    notes = [table.described(found), slowest, *([f"Cost: {sum(spent):.4f} USD."] if spent else [])]
    print(f"{named}\n{table.as_text(rows)}\n{' '.join(notes)}")
    print(f"Missed: {'; '.join(table.missed(figures, found)) or 'nothing'}. {time.monotonic() - started:.0f} s.")
    if chosen.failures:
        print(table.failures(figures, found))
    if chosen.write:
        table.write(PAGE, f"{named}\n\n{table.as_markdown(rows)}\n\n{textwrap.fill(' '.join(notes), 120)}")
        print(f"Written to {PAGE.name}.")
    return 0


def _named() -> str:
    """Who answered, so that a stand-in is never taken for a model."""
    settings = get_settings()
    host = urlsplit(settings.openai_base_url).hostname
    local = " (on this machine: the sandbox's stand-in, unless a model is served there)" if host == "127.0.0.1" else ""
    return f"Model {settings.openai_model} at {host}{local}, embeddings by {settings.openai_embedding_model}."


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.evaluation", description=__doc__)
    parser.add_argument("--offline", action="store_true", help="without a model even where a key is set")
    parser.add_argument("--half", choices=("dev", "test"), help="one half of the set; both otherwise")
    parser.add_argument("--kind", help="one kind of cases only")
    parser.add_argument("--failures", action="store_true", help="list the cases behind what was missed")
    parser.add_argument("--write", action="store_true", help=f"also write the table to docs/{PAGE.name}")
    chosen = parser.parse_args()
    if chosen.write and (chosen.half or chosen.kind):
        parser.error("only the whole set is written to the documentation")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
