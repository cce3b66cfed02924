"""`rekey`: encrypt everything again with the newest key, so that older keys can be removed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from core.cli import reencrypt
from core.cli.reencrypt import ColumnReport
from core.platform.config import get_settings
from core.platform.db import system_transaction


def run(arguments: argparse.Namespace) -> int:
    """Run the command. Exits 1 if no key decrypts some value."""
    keys = get_settings().encryption_keys
    with system_transaction() as session:
        found = reencrypt.rekey(session, keys, write=not arguments.check)
    for column in found:
        print(f"{column.name}: {_counts(column, len(keys))}")
    unreadable = [column for column in found if column.unreadable]
    for column in unreadable:
        print(f"No key opens {column.name} of id {', '.join(map(str, column.unreadable))}: add the key that wrote it.")
    print(_advice(found, keys, written=not arguments.check, whole=not unreadable))
    return 1 if unreadable else 0


def _counts(column: ColumnReport, keys: int) -> str:
    counts = [f"{column.by_key[place]} with key {place + 1}" for place in range(keys) if column.by_key[place]]
    return ", ".join(counts) or "nothing"


def _advice(found: Sequence[ColumnReport], keys: Sequence[str], *, written: bool, whole: bool) -> str:
    old = sum(count for column in found for place, count in column.by_key.items() if place)
    if old and not written:
        return f"{old} values still need an older key: run `rekey`."
    rewritten = f"{old} values were written anew with the first key. " if old else ""
    if len(keys) == 1 or not whole:
        return rewritten + ("The first key opens everything." if whole else "Keep every key.")
    return (
        rewritten + "No value needs an older key: take the older ones out of ENCRYPTION_KEYS (or keys.json), and keep "
        "them with the backups that were made before now."
    )
