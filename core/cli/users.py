"""`users`: the users of the console."""

from __future__ import annotations

import argparse

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.accounts import two_factor, user_admin
from core.cli.admin import CLI, business_of, sign_in_address
from core.models import Agent, Role
from core.platform.db import system_transaction, transaction
from core.platform.errors import NotFound


def list_users(_: argparse.Namespace) -> int:
    with system_transaction() as session:
        business_id = business_of(session)
    with transaction(business_id) as session:
        for one in user_admin.everyone(session):
            state = "disabled" if one.disabled_at else "active" if one.joined else "invited"
            print(f"{one.id}\t{one.email}\t{one.role}\t{state}\t{one.name}")
    return 0


def add(arguments: argparse.Namespace) -> int:
    with system_transaction() as session:
        token = user_admin.invite(
            session, business_of(session), CLI, arguments.name or arguments.email, arguments.email, Role(arguments.role)
        )
    print(sign_in_address(token))
    return 0


def link(arguments: argparse.Namespace) -> int:
    with system_transaction() as session:
        token = user_admin.new_link(session, business_of(session), CLI, _agent_id(session, arguments.email))
    print(sign_in_address(token))
    return 0


def set_role(arguments: argparse.Namespace) -> int:
    with system_transaction() as session:
        user_admin.set_role(
            session, business_of(session), CLI, _agent_id(session, arguments.email), Role(arguments.role)
        )
    print(f"{arguments.email} is {arguments.role} now.")
    return 0


def disable(arguments: argparse.Namespace) -> int:
    with system_transaction() as session:
        user_admin.disable(session, business_of(session), CLI, _agent_id(session, arguments.email))
    print(f"{arguments.email} is disabled; their sessions have ended.")
    return 0


def enable(arguments: argparse.Namespace) -> int:
    with system_transaction() as session:
        user_admin.enable(session, business_of(session), CLI, _agent_id(session, arguments.email))
    print(f"{arguments.email} may sign in again.")
    return 0


def reset_second_factor(arguments: argparse.Namespace) -> int:
    with system_transaction() as session:
        two_factor.remove(session, _agent_id(session, arguments.email), CLI)
    print(f"{arguments.email} signs in with the password alone now.")
    return 0


def _agent_id(session: Session, email: str) -> int:
    found = session.scalar(
        select(Agent.id).where(func.lower(Agent.email) == email.lower(), Agent.business_id == business_of(session))
    )
    if found is None:
        raise NotFound(f"Nobody signs in as {email}: see `users list`.")
    return found
