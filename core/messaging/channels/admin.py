"""Manage channels: add, change, pause, resume, disable."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import insert, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.channels.provider import ChannelSpec, CredentialField, Provider
from core.channels.registry import PROVIDERS, configured
from core.channels.types import Account, Kind
from core.messaging.channels.accounts import account_of
from core.messaging.outbound import rate_limit
from core.models import Bot, Channel, ChannelLimit, ChannelState
from core.platform.config import get_settings
from core.platform.errors import BotHubError, Conflict, NotFound

LONGEST_NAME = 60
FASTEST = 1000  # messages a second


class UnacceptableChannel(BotHubError):
    """A part of a channel is missing or invalid; `part` names it."""

    def __init__(self, part: str, text: str, *, missing: bool = False) -> None:
        super().__init__(text)
        self.part = part
        self.missing = missing


@dataclass(frozen=True, slots=True)
class ChannelEdit:
    """The desired state of a channel. A credential that is not given, or a secret left empty, is unchanged."""

    name: str
    account: str
    bot_id: int | None
    messages_per_second: float | None
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


def spec_of(provider_name: str, kind: Kind, identity: str, edit: ChannelEdit) -> ChannelSpec:
    """Return the spec of a new channel from form input. Raises `UnacceptableChannel`."""
    provider = PROVIDERS[provider_name]
    if kind not in provider.kinds:
        raise UnacceptableChannel("kind", f"{provider_name} does not carry {kind}.")
    edit = _tidy(provider, edit)
    identity = identity_of(provider, identity)
    credentials = _complete(provider, {}, edit)
    if provider.challenge:
        credentials[provider.challenge.credential] = secrets.token_urlsafe(24)
    return ChannelSpec(provider_name, kind, identity, edit.account, edit.name or identity, credentials)


def account_for(spec: ChannelSpec) -> Account:
    """Return the account of a channel that is not stored yet, for a check with its provider."""
    return account_of(
        Channel(provider=spec.provider, kind=spec.kind, identity=spec.identity, credentials=spec.credentials)
    )


def add(session: Session, spec: ChannelSpec, edit: ChannelEdit) -> int:
    """Create a channel. Returns its id. Raises `Conflict`, `NotFound`."""
    _check_bot(session, edit.bot_id)
    channel_id = session.execute(
        pg_insert(Channel)
        .values(
            bot_id=edit.bot_id,
            provider=spec.provider,
            kind=spec.kind,
            identity=spec.identity,
            account=spec.account,
            name=spec.name,
            credentials=spec.credentials,
            settings=_speed(edit, {}),
        )
        .on_conflict_do_nothing()
        .returning(Channel.id)
    ).scalar_one_or_none()
    if channel_id is None:
        raise Conflict("channel_taken", "This number is a channel already.")
    session.execute(insert(ChannelLimit).values(channel_id=channel_id))
    audit_log.record(session, "channel.add", f"channel:{channel_id}", identity=spec.identity)
    return channel_id


def account_after(session: Session, channel_id: int, edit: ChannelEdit) -> Account:
    """Return the account of a channel after the change, for a check with its provider. Raises `NotFound`."""
    row = _locked(session, channel_id)
    if from_settings(row.provider, row.kind, row.identity):
        return account_of(row)
    provider = PROVIDERS[row.provider]
    return replace(account_of(row), credentials=_complete(provider, row.credentials, _tidy(provider, edit)))


def change(session: Session, channel_id: int, edit: ChannelEdit) -> None:
    """Update a channel. Raises `NotFound`, `UnacceptableChannel`."""
    row = _locked(session, channel_id)
    provider = PROVIDERS[row.provider]
    edit = _tidy(provider, edit)
    if not edit.name:
        raise UnacceptableChannel("name", "A channel has a name.")
    _check_bot(session, edit.bot_id)
    if not from_settings(row.provider, row.kind, row.identity):
        row.credentials = _complete(provider, row.credentials, edit)
        row.account = edit.account
    row.name, row.bot_id, row.settings = edit.name, edit.bot_id, _speed(edit, row.settings)
    session.flush()
    if edit.credentials:
        rate_limit.resume_number(session, channel_id)
    audit_log.record(session, "channel.save", f"channel:{channel_id}", credentials=sorted(edit.credentials))


def set_state(
    session: Session,
    channel_id: int,
    state: ChannelState,
    reason: str | None = None,
    *,
    paused_for: str | None = None,
    paused_until: datetime | None = None,
) -> None:
    """Pause, resume or disable a channel. Its queued messages stay queued.

    `paused_for` and `paused_until` are those of `Channel`. Raises `NotFound`, `Conflict`.
    """
    row = _locked(session, channel_id)
    if row.state == state:
        raise Conflict("channel_unchanged", f"The channel is {state} already.")
    session.execute(
        update(Channel)
        .where(Channel.id == channel_id)
        .values(state=state, state_reason=reason, paused_for=paused_for, paused_until=paused_until)
    )
    if state == ChannelState.ACTIVE:
        rate_limit.resume_number(session, channel_id)
    action = {"active": "channel.resume", "paused": "channel.pause", "disabled": "channel.disable"}[state]
    audit_log.record(session, action, f"channel:{channel_id}")


def from_settings(provider: str, kind: str, identity: str) -> bool:
    """Return whether the installation's settings hold this channel's credentials, which each start applies again."""
    return any(
        (spec.provider, spec.kind, spec.identity) == (provider, kind, identity) for spec in configured(get_settings())
    )


def _locked(session: Session, channel_id: int) -> Channel:
    row = session.get(Channel, channel_id, with_for_update=True)
    if row is None:
        raise NotFound(f"No channel {channel_id}.")
    return row


def _complete(provider: Provider, known: Mapping[str, str], edit: ChannelEdit) -> dict[str, str]:
    """Return the credentials after an edit. Raises `UnacceptableChannel` for the first that is missing."""
    credentials = {**known, **edit.credentials}
    if field := provider.account_field:
        if field.required and not edit.account:
            raise UnacceptableChannel(field.name, f"{field.name} is missing.", missing=True)
        credentials[field.name] = edit.account
    for field in provider.credential_fields:
        if field.required and not credentials.get(field.name):
            raise UnacceptableChannel(field.name, f"{field.name} is missing.", missing=True)
    return credentials


def identity_of(provider: Provider, identity: str) -> str:
    """Return the channel's identity from form input. Raises `UnacceptableChannel`."""
    if found := _read(provider.identity_field, identity):
        return found
    raise UnacceptableChannel(provider.identity_field.name, "The identity is missing.", missing=True)


def _read(field: CredentialField, typed: str) -> str:
    value = typed.replace("\0", "").strip()
    try:
        return field.check(value) if value else ""
    except ValueError as error:
        raise UnacceptableChannel(field.name, str(error)) from error


def _tidy(provider: Provider, edit: ChannelEdit) -> ChannelEdit:
    speed = edit.messages_per_second
    if speed is not None and not 0 < speed <= FASTEST:
        raise UnacceptableChannel("messages_per_second", f"More than 0 and at most {FASTEST} messages a second.")
    typed = {
        field.name: _read(field, edit.credentials[field.name])
        for field in provider.credential_fields
        if field.name in edit.credentials
    }
    secret = {field.name for field in provider.credential_fields if field.secret}
    name = " ".join(edit.name.replace("\0", "").split())[:LONGEST_NAME]
    account = _read(provider.account_field, edit.account) if provider.account_field else ""
    given = {name: value for name, value in typed.items() if value or name not in secret}
    return replace(edit, name=name, account=account, credentials=given)


def _speed(edit: ChannelEdit, settings: Mapping[str, object]) -> dict[str, object]:
    rest = {name: value for name, value in settings.items() if name != "messages_per_second"}
    return rest if edit.messages_per_second is None else {**rest, "messages_per_second": edit.messages_per_second}


def _check_bot(session: Session, bot_id: int | None) -> None:
    if bot_id is not None and session.get(Bot, bot_id, with_for_update={"read": True, "key_share": True}) is None:
        raise NotFound(f"No bot {bot_id}.")
