"""Agents' actions on contacts and conversations."""

from __future__ import annotations

from core.conversations import lifecycle
from core.messaging.contacts import merging
from core.platform.db import transaction
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness


def merge(business: TestBusiness, keep: int, merged: int) -> int:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        return merging.merge(session, keep, merged)


def undo(business: TestBusiness, merge_id: int) -> None:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        merging.undo(session, merge_id)


def close(business: TestBusiness, talk: int) -> None:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        lifecycle.close(session, talk)
