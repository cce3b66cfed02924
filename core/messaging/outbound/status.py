"""Transition table of an outbound message's status, consulted by every change."""

from __future__ import annotations

from collections.abc import Iterable

from core.models import MessageStatus

S = MessageStatus

_FORWARD = (S.QUEUED, S.SENDING, S.UNCERTAIN, S.SENT, S.DELIVERED, S.READ, S.PLAYED)
_RANK: dict[str, int] = {status: rank for rank, status in enumerate(_FORWARD)}

# Exceptions. A delivery can follow a failure: one of the customer's devices had refused (Meta, webhooks reference,
# statuses). A failure after a delivery is another device's and changes nothing. A cancelled message that a provider
# reports on was sent after all.
_AFTER_FAILED = frozenset({S.DELIVERED, S.READ, S.PLAYED})
_FAILS_FROM = frozenset({S.QUEUED, S.SENDING, S.UNCERTAIN, S.SENT})


def allowed(now: str, reported: str) -> bool:
    """Return whether a message in status `now` moves to the status a provider reported."""
    if reported == S.FAILED:
        return now in _FAILS_FROM
    if reported == S.CANCELLED:
        return now in (S.QUEUED, S.SENDING, S.UNCERTAIN)
    if now == S.FAILED:
        return reported in _AFTER_FAILED
    if now == S.CANCELLED:
        return reported in _RANK
    if now not in _RANK or reported not in _RANK:
        return False
    return _RANK[reported] > _RANK[now]


def settle(now: str, reports: Iterable[str]) -> str:
    """Return the status after any number of reports, in whatever order they came."""
    for reported in sorted(reports, key=_weight):
        if allowed(now, reported):
            now = reported
    return now


def _weight(reported: str) -> int:
    """Failures are weighed before deliveries, so that a delivery in the same batch wins."""
    return -1 if reported in (S.FAILED, S.CANCELLED) else _RANK.get(reported, len(_RANK))
