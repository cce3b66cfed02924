"""Agents' actions on contacts and conversations."""

from __future__ import annotations

from core.conversations import lifecycle
from core.messaging.contacts import merging
from core.platform.db import transaction
from tests.conftest import TestBusiness


def merge(business: TestBusiness, keep: int, merged: int) -> int:
    with transaction(business.business_id) as session:
        return merging.merge(session, business.business_id, keep, merged, "agent:1")


def undo(business: TestBusiness, merge_id: int) -> None:
    with transaction(business.business_id) as session:
        merging.undo(session, business.business_id, merge_id, "agent:1")


def close(business: TestBusiness, talk: int) -> None:
    with transaction(business.business_id) as session:
        lifecycle.close(session, business.business_id, talk, "agent:1")
