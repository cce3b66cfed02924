"""Signing secrets of channels' webhooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.channels.registry import PROVIDERS
from core.models import Channel
from core.platform.config import get_settings

SETTINGS = 0  # id of the secrets of the settings among channel ids


def signing_secrets(provider: str, credentials: Mapping[str, str]) -> tuple[str, ...]:
    """Return a channel's own secrets, several during rotation (separated by commas)."""
    split = (secret.strip() for secret in credentials.get(PROVIDERS[provider].signing_credential, "").split(","))
    return tuple(dict.fromkeys(filter(None, split)))


def may_speak_for(session: Session, channel_ids: Iterable[int], signed_by: Sequence[int]) -> frozenset[int]:
    """Return those of `channel_ids` whose webhooks are also signed by the secret of a channel in `signed_by`.

    True for numbers of one app, even if one was added after the event came. The secret of the settings signs for
    channels without their own. Needs a system transaction.
    """
    requested = set(channel_ids)
    rows = session.execute(
        select(Channel.id, Channel.provider, Channel.credentials).where(Channel.id.in_(requested | set(signed_by)))
    ).all()
    own = {row.id: frozenset(signing_secrets(row.provider, row.credentials)) for row in rows}
    settings = get_settings()
    common = {
        name: frozenset(signing_secrets(name, provider.settings_credentials(settings)))
        for name, provider in PROVIDERS.items()
    }
    found: set[int] = set()
    for row in rows:
        if row.id in requested:
            signers = [common[row.provider] if one == SETTINGS else own.get(one, frozenset()) for one in signed_by]
            unowned = not own[row.id] and SETTINGS in signed_by
            if unowned or any(own[row.id] & secrets for secrets in signers):
                found.add(row.id)
    return frozenset(found)
