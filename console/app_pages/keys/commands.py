"""Commands on API keys."""

from __future__ import annotations

from collections.abc import Collection

from console import auth
from console.db import transaction
from core.accounts import api_keys, audit_log


def create(name: str, scopes: Collection[str]) -> str:
    """Create a key. Return it in plain text, this one time. Raises `NotAllowed`, `BotHubError`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.scope) as session:
        key_id, key = api_keys.create(session, " ".join(name.split())[:80] or "—", scopes)
        audit_log.record(session, "api_key.create", f"api_key:{key_id}", scopes=sorted(scopes))
    return key


def revoke(key_id: int) -> None:
    """Revoke a key immediately. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.scope) as session:
        api_keys.revoke(session, key_id)
        audit_log.record(session, "api_key.revoke", f"api_key:{key_id}")
