"""`rollups`: the figures of each day."""

from __future__ import annotations

import argparse

from core.reporting import daily_rollups


def recount(arguments: argparse.Namespace) -> int:
    print(f"{daily_rollups.recount(arguments.since)} days were counted.")
    return 0
