"""Commands that show or change one object."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import migrations
from core.accounts import api_keys, audit_log
from core.accounts.sessions import make_link
from core.channels.registry import PROVIDERS
from core.channels.types import Kind
from core.cli.run import set_up
from core.messaging.channels.admin import (
    ChannelEdit,
    UnacceptableChannel,
    add,
    change,
    from_settings,
    identity_of,
    set_state,
    spec_of,
)
from core.messaging.inbound import dead_letters
from core.models import Agent, Bot, Business, Channel, ChannelState, Role
from core.platform import job_queue
from core.platform.config import get_settings
from core.platform.db import enter_business, system_transaction, transaction
from core.platform.errors import BotHubError, NotFound
from core.platform.scope import CLI, Scope


def migrate(_: argparse.Namespace) -> int:
    migrations.upgrade(get_settings().sqlalchemy_url)
    print("The database is up to date.")
    return 0


def setup(_: argparse.Namespace) -> int:
    token = set_up(get_settings())
    print("The business is set up.")
    if token:
        print(f"Sign in once: {sign_in_address(token)}")
    return 0


def new_encryption_key(_: argparse.Namespace) -> int:
    print(Fernet.generate_key().decode())
    return 0


def list_keys(_: argparse.Namespace) -> int:
    with business_transaction() as session:
        known = api_keys.list_keys(session)
        for key in known:
            state = "revoked" if key.revoked_at else "active"
            print(f"{key.id}\t{key.prefix}…\t{state}\t{','.join(key.scopes)}\t{key.name}")
    if not known:
        print("None.")
    return 0


def create_key(arguments: argparse.Namespace) -> int:
    scopes = [scope.strip() for scope in arguments.scopes.split(",")]
    with business_transaction() as session:
        key_id, plain = api_keys.create(session, arguments.name, scopes)
        audit_log.record(session, "api_key.create", f"api_key:{key_id}", scopes=scopes)
    print(plain)
    return 0


def revoke_key(arguments: argparse.Namespace) -> int:
    with business_transaction() as session:
        api_keys.revoke(session, arguments.id)
        audit_log.record(session, "api_key.revoke", f"api_key:{arguments.id}")
    print("Revoked.")
    return 0


def list_channels(_: argparse.Namespace) -> int:
    with system_transaction() as session:
        for one in session.scalars(select(Channel).order_by(Channel.id)):
            reason = f" ({one.state_reason})" if one.state_reason else ""
            print(f"{one.id}\t{one.provider}\t{one.kind}\t{one.identity}\t{one.state}{reason}\t{one.name}")
    return 0


def add_channel(arguments: argparse.Namespace) -> int:
    """Create a channel as the console's form does, or change the one with this number."""
    provider, kind = PROVIDERS[arguments.provider], Kind(arguments.kind)
    names = [field.name for field in provider.credential_fields]
    credentials = dict(_credential(pair, names) for pair in arguments.credential)
    with system_transaction() as session:
        business_id = first_business(session)
        identity = identity_of(provider, arguments.identity)
        known = session.scalars(
            select(Channel).where(Channel.provider == provider.name, Channel.kind == kind, Channel.identity == identity)
        ).one_or_none()
        if known is None:
            bot_id = session.scalar(select(Bot.id).where(Bot.business_id == business_id).order_by(Bot.id).limit(1))
            edit = ChannelEdit(arguments.name, arguments.account, bot_id, None, credentials)
            try:
                spec = spec_of(provider.name, kind, identity, edit)
            except UnacceptableChannel as error:
                if not error.missing:
                    raise
                command = provider.add_command(kind, identity, arguments.account)
                raise BotHubError(f"{error} Write `{command}`, which asks for each `-`.") from error
            enter_business(session, Scope(business_id, CLI))
            channel_id = add(session, spec, edit)
        else:
            channel_id = known.id
            _change(session, known, arguments, credentials)
    print(f"Channel {channel_id} is saved. `doctor` asks its provider about it.")
    return 0


def _change(session: Session, known: Channel, arguments: argparse.Namespace, credentials: dict[str, str]) -> None:
    """Change a channel; values that are not given stay."""
    if from_settings(known.provider, known.kind, known.identity):
        raise BotHubError(f"Channel {known.id} is made from the settings at each start: change them there.")
    edit = ChannelEdit(
        arguments.name or known.name,
        arguments.account or known.account,
        known.bot_id,
        known.settings.get("messages_per_second"),
        credentials,
    )
    enter_business(session, Scope(known.business_id, CLI))
    change(session, known.id, edit)


def _credential(pair: str, known: Sequence[str]) -> tuple[str, str]:
    name, sign, value = pair.partition("=")
    if not sign or name not in known:  # the text may be a secret and is not repeated
        raise BotHubError(f"--credential: write {' or '.join(f'{one}=VALUE' for one in known)}.")
    return name, read_secret(name) if value == "-" else value


def read_secret(name: str) -> str:
    """Read a secret from a prompt or standard input, to keep it out of the shell's history."""
    return getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.readline().strip()


def resume_channel(arguments: argparse.Namespace) -> int:
    with system_transaction() as session:
        one = session.get(Channel, arguments.id, with_for_update=True)
        if one is None:
            raise NotFound(f"No channel {arguments.id}: see `channels list`.")
        if one.state == ChannelState.DISABLED:
            raise BotHubError(
                f"An administrator disabled channel {one.id} ({one.name}). Only an administrator enables it again, "
                "on the console's page of channels."
            )
        enter_business(session, Scope(one.business_id, CLI))
        set_state(session, one.id, ChannelState.ACTIVE)
    job_queue.wake_worker()
    print("It may send again.")
    return 0


def list_dead_letters(_: argparse.Namespace) -> int:
    """List dead letters that belong to no business, which the console does not show."""
    with system_transaction() as session:
        found = dead_letters.unassigned(session)
    for one in found:
        print(f"event {one.event_id}  {one.created_at:%Y-%m-%d %H:%M}  {one.source}  {one.reason[:200]}")
    print("Replay them with `replay EVENT …` once their cause is mended." if found else "None.")
    return 0


def replay(arguments: argparse.Namespace) -> int:
    with system_transaction() as session:
        count = dead_letters.replay(session, arguments.id or None)
    job_queue.wake_worker()
    print(f"{count} events will be processed again.")
    return 0


def sign_in_link(_: argparse.Namespace) -> int:
    with business_transaction() as session:
        agent_id = session.scalar(
            select(Agent.id)
            .where(Agent.role == Role.ADMINISTRATOR, Agent.disabled_at.is_(None))
            .order_by(Agent.id)
            .limit(1)
        )
        if agent_id is None:
            raise NotFound("There is no administrator: run `setup` first.")
        token = make_link(session, agent_id)
        audit_log.record(session, "agent.link", f"agent:{agent_id}")
    print(sign_in_address(token))
    return 0


def sign_in_address(token: str) -> str:
    return f"{get_settings().console_base}/auth/link?token={token}"


@contextmanager
def business_transaction() -> Iterator[Session]:
    """Open a transaction in the first business, in which the command line acts."""
    with system_transaction() as session:
        business_id = first_business(session)
    with transaction(Scope(business_id, CLI)) as session:
        yield session


def first_business(session: Session) -> int:
    business_id = session.scalar(select(Business.id).order_by(Business.id).limit(1))
    if business_id is None:
        raise NotFound("There is no business yet: run `setup` first.")
    return business_id
