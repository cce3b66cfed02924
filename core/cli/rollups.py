"""`rollups`: the figures of each day."""

from __future__ import annotations

import argparse

from core.analytics import rollups


def recount(arguments: argparse.Namespace) -> int:
    print(f"{rollups.recount(arguments.since)} days were counted.")
    return 0
