"""Short-lived undo offers for the last actions, kept in this process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex

from console import auth
from console.i18n import t
from core.platform.errors import Conflict, StoreUnavailable

_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Offer:
    """What was done, and the token that undoes it once."""

    token: str
    said: str


_offers: OrderedDict[tuple[int, str], Callable[[], str | None]] = OrderedDict()
_lock = threading.Lock()


def offer(said: str, act: Callable[[], str | None]) -> Offer:
    """Keep how to undo what the viewer did. `act` may return what it could not undo."""
    made = Offer(token_hex(8), said)
    _keep((auth.require().id, made.token), act)
    return made


def _keep(key: tuple[int, str], act: Callable[[], str | None]) -> None:
    with _lock:
        _offers[key] = act
        if len(_offers) > _MOST:
            _offers.popitem(last=False)


def take_back(token: str) -> str:
    """Undo what the viewer did, and return the text to show.

    Raises `Conflict` and the errors of the undo. After `StoreUnavailable` it can be repeated.
    """
    key = auth.require().id, token
    with _lock:
        act = _offers.pop(key, None)
    if act is None:
        raise Conflict("too_late_to_undo", "This can no longer be undone.")
    try:
        return act() or t("contact.undone")
    except StoreUnavailable:
        _keep(key, act)
        raise
