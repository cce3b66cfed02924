"""Find everything encrypted in the database, and encrypt it again with the first of ENCRYPTION_KEYS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Column, LargeBinary, select, type_coerce, update
from sqlalchemy.orm import Session

from core.models import Base
from core.platform.crypto import EncryptedJSON


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """Values found in one column. `by_key` counts them by the index of the key in ENCRYPTION_KEYS."""

    name: str
    by_key: Counter[int] = field(default_factory=Counter)
    unreadable: list[int] = field(default_factory=list)


def columns() -> list[Column[dict[str, str]]]:
    """Return every encrypted column of the schema."""
    return [one for table in Base.metadata.sorted_tables for one in table.c if isinstance(one.type, EncryptedJSON)]


def rekey(session: Session, keys: Sequence[str], *, write: bool) -> list[ColumnReport]:
    """Check every encrypted value; with `write`, encrypt values of older keys with the first one.

    Needs a system transaction. Values that no key decrypts stay; `unreadable` lists their row ids.
    """
    ciphers = [Fernet(key) for key in keys]
    return [_column(session, column, ciphers, write=write) for column in columns()]


def _column(
    session: Session, column: Column[dict[str, str]], ciphers: Sequence[Fernet], *, write: bool
) -> ColumnReport:
    number = column.table.c.id
    found = ColumnReport(str(column))
    raw = type_coerce(column, LargeBinary)
    rows = session.execute(select(number, raw).where(column.is_not(None)).order_by(number).with_for_update()).all()
    for row_id, value in rows:
        place, plain = _decrypt(bytes(value), ciphers)
        if plain is None:
            found.unreadable.append(row_id)
            continue
        found.by_key[place] += 1
        if write and place:
            encrypted = type_coerce(ciphers[0].encrypt(plain), LargeBinary)
            session.execute(update(column.table).where(number == row_id).values({column: encrypted}))
    return found


def _decrypt(value: bytes, ciphers: Sequence[Fernet]) -> tuple[int, bytes | None]:
    for place, cipher in enumerate(ciphers):
        try:
            return place, cipher.decrypt(value)
        except InvalidToken:
            continue
    return -1, None
