"""The transactions that pages read in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from console.db import transaction


class _Shared(threading.local):
    """What this thread's `together` holds open: nothing before the first read."""

    stack: ExitStack | None = None
    session: Session | None = None


_shared = _Shared()


@contextmanager
def together() -> Iterator[None]:
    """All that is read within shares one transaction, begun with the first read.

    A pane makes half a dozen small reads, and to check a connection, enter the business and commit costs more than
    most of them. For drawing only: writes have transactions of their own, and nothing within may wait for a network.
    """
    if _shared.stack is not None:
        yield
        return
    with ExitStack() as stack:
        _shared.stack = stack
        try:
            yield
        finally:
            _shared.stack = _shared.session = None


@contextmanager
def reading(business_id: int) -> Iterator[Session]:
    """A transaction for one read, or the one that `together` holds. Raises `StoreUnavailable` as `transaction` does."""
    if _shared.stack is None:
        with transaction(business_id) as session:
            yield session
        return
    if _shared.session is None:
        _shared.session = _shared.stack.enter_context(transaction(business_id))
    try:
        yield _shared.session
    except DBAPIError as error:
        # Ended here, as without `together`: a fragment keeps its errors to itself, and the next one reads on.
        _shared.session = None
        _shared.stack.__exit__(type(error), error, error.__traceback__)
        raise
