"""Logs of processes that this one looks after: bounded while they grow."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LARGEST = 10_000_000  # bytes


def bound(path: Path) -> None:
    """Move what was logged aside once it is much: two files of `LARGEST` bytes or a little more are kept.

    The process goes on appending to the same file. What it writes between the copy and the cut is lost.
    """
    if path.exists() and path.stat().st_size > LARGEST:
        shutil.copyfile(path, path.with_suffix(".log.1"))
        os.truncate(path, 0)
