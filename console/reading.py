"""Read transactions of pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from console.db import transaction


class _Shared(threading.local):
    """The thread's transaction opened by `together`; None before the first read."""

    stack: ExitStack | None = None
    session: Session | None = None


_shared = _Shared()


@contextmanager
def together() -> Iterator[None]:
    """Share one transaction among all reads in this block, opened at the first read.

    A pane makes half a dozen small reads; checking out a connection, setting the business and committing costs more
    than most of them. For drawing only: writes use their own transactions, and the block must not wait for a network.
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
    """Open a transaction for one read, or reuse the one of `together`. Raises `StoreUnavailable`."""
    if _shared.stack is None:
        with transaction(business_id) as session:
            yield session
        return
    if _shared.session is None:
        _shared.session = _shared.stack.enter_context(transaction(business_id))
    try:
        yield _shared.session
    except DBAPIError as error:
        # Close it here, as without `together`: a fragment's error must not affect reads of the next one.
        _shared.session = None
        _shared.stack.__exit__(type(error), error, error.__traceback__)
        raise
