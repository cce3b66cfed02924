"""Access rights of DATA_DIR: its owner only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_OURS = ("media", "logs", "scratch", "metrics", "knowledge")


def make_private(data_dir: Path) -> None:
    """Close a data folder, new or existing, to other accounts, and create only private files from now on.

    Under root Postgres has an account of its own, which may traverse the folder but not list it.
    """
    os.umask(0o077)
    below = (path for path in data_dir.iterdir() if path.name in _OURS and path.is_dir())
    for folder, mode in ((data_dir, 0o711 if os.geteuid() == 0 else 0o700), *((path, 0o700) for path in below)):
        found = folder.stat()
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) != mode:
            folder.chmod(mode)
