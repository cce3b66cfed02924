"""Size limit for the logs of supervised processes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LARGEST = 10_000_000  # bytes


def bound(path: Path) -> None:
    """Rotate a log that exceeds `LARGEST` bytes; one older file is kept.

    The process keeps appending to the same file. What it writes between copy and truncation is lost.
    """
    if path.exists() and path.stat().st_size > LARGEST:
        shutil.copyfile(path, path.with_suffix(".log.1"))
        os.truncate(path, 0)
