"""`users`: the users of the console."""

from __future__ import annotations

import argparse

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.accounts import two_factor, user_admin
from core.cli.admin import business_transaction, sign_in_address
from core.models import Agent, Role
from core.platform.errors import NotFound


def list_users(_: argparse.Namespace) -> int:
    with business_transaction() as session:
        for one in user_admin.everyone(session):
            state = "disabled" if one.disabled_at else "active" if one.joined else "invited"
            print(f"{one.id}\t{one.email}\t{one.role}\t{state}\t{one.name}")
    return 0


def add(arguments: argparse.Namespace) -> int:
    with business_transaction() as session:
        token = user_admin.invite(session, arguments.name or arguments.email, arguments.email, Role(arguments.role))
    print(sign_in_address(token))
    return 0


def link(arguments: argparse.Namespace) -> int:
    with business_transaction() as session:
        token = user_admin.new_link(session, _agent_id(session, arguments.email))
    print(sign_in_address(token))
    return 0


def set_role(arguments: argparse.Namespace) -> int:
    with business_transaction() as session:
        user_admin.set_role(session, _agent_id(session, arguments.email), Role(arguments.role))
    print(f"{arguments.email} is {arguments.role} now.")
    return 0


def disable(arguments: argparse.Namespace) -> int:
    with business_transaction() as session:
        user_admin.disable(session, _agent_id(session, arguments.email))
    print(f"{arguments.email} is disabled; their sessions have ended.")
    return 0


def enable(arguments: argparse.Namespace) -> int:
    with business_transaction() as session:
        user_admin.enable(session, _agent_id(session, arguments.email))
    print(f"{arguments.email} may sign in again.")
    return 0


def reset_second_factor(arguments: argparse.Namespace) -> int:
    with business_transaction() as session:
        two_factor.remove(session, _agent_id(session, arguments.email))
    print(f"{arguments.email} signs in with the password alone now.")
    return 0


def _agent_id(session: Session, email: str) -> int:
    found = session.scalar(select(Agent.id).where(func.lower(Agent.email) == email.lower()))
    if found is None:
        raise NotFound(f"Nobody signs in as {email}: see `users list`.")
    return found
