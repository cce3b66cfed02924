"""Who may look into DATA_DIR: its owner."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_OURS = ("media", "logs", "scratch", "metrics", "knowledge")


def tighten(data_dir: Path) -> None:
    """Close a data folder to other accounts, one that was made open as well, and let this process make no open files.

    Where root runs it, Postgres has an account of its own, which passes through but lists nothing.
    """
    os.umask(0o077)
    below = (path for path in data_dir.iterdir() if path.name in _OURS and path.is_dir())
    for folder, mode in ((data_dir, 0o711 if os.geteuid() == 0 else 0o700), *((path, 0o700) for path in below)):
        found = folder.stat()
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) != mode:
            folder.chmod(mode)
