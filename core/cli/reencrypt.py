"""Everything that is encrypted in the database, and writing it anew with the first of ENCRYPTION_KEYS."""

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
class Sealed:
    """What was found in one column. `by_key` counts by the place of the key in ENCRYPTION_KEYS, from 0."""

    name: str
    by_key: Counter[int] = field(default_factory=Counter)
    unreadable: list[int] = field(default_factory=list)


def columns() -> list[Column[dict[str, str]]]:
    """Every encrypted column of the schema."""
    return [one for table in Base.metadata.sorted_tables for one in table.c if isinstance(one.type, EncryptedJSON)]


def rekey(session: Session, keys: Sequence[str], *, write: bool) -> list[Sealed]:
    """Look at every encrypted value; with `write`, put what another key wrote under the first one.

    Needs a system transaction. What no key opens stays as it is; `unreadable` has the ids of its rows.
    """
    openers = [Fernet(key) for key in keys]
    return [_column(session, column, openers, write=write) for column in columns()]


def _column(session: Session, column: Column[dict[str, str]], openers: Sequence[Fernet], *, write: bool) -> Sealed:
    number = column.table.c.id
    found = Sealed(str(column))
    raw = type_coerce(column, LargeBinary)
    rows = session.execute(select(number, raw).where(column.is_not(None)).order_by(number).with_for_update()).all()
    for row_id, value in rows:
        place, plain = _opened(bytes(value), openers)
        if plain is None:
            found.unreadable.append(row_id)
            continue
        found.by_key[place] += 1
        if write and place:
            sealed = type_coerce(openers[0].encrypt(plain), LargeBinary)
            session.execute(update(column.table).where(number == row_id).values({column: sealed}))
    return found


def _opened(value: bytes, openers: Sequence[Fernet]) -> tuple[int, bytes | None]:
    for place, opener in enumerate(openers):
        try:
            return place, opener.decrypt(value)
        except InvalidToken:
            continue
    return -1, None
