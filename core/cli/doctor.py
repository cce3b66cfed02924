"""`doctor`: looks at everything a message passes through and says in plain words what to mend."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import redis
import requests
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from core import bell
from core.business.channels import account_of
from core.channels.base import Account, Provider, SendError
from core.channels.whatsapp_cloud import setup as whatsapp_setup
from core.channels.whatsapp_cloud.graph import Graph
from core.config import get_settings
from core.db import get_engine, system_transaction
from core.models import Channel, ChannelState


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `mend` says what to do when it is not well."""

    name: str
    well: bool
    detail: str
    mend: str = ""


def doctor(_: argparse.Namespace) -> int:
    """Print every finding. Exits 1 when something needs mending."""
    get_settings()
    findings = [finding for check in (_database, _redis, _web, _channels, _model) for finding in check()]
    for finding in findings:
        print(f"{'ok  ' if finding.well else 'MEND'} {finding.name}: {finding.detail}")
        if not finding.well and finding.mend:
            print(f"     → {finding.mend}")
    return 0 if all(finding.well for finding in findings) else 1


def _database() -> Iterator[Finding]:
    try:
        with get_engine().connect() as connection:
            version = connection.execute(text("SHOW server_version")).scalar_one()
            revision = connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one()
    except SQLAlchemyError as error:
        yield Finding("database", False, type(error).__name__, "Start Postgres, or correct DATABASE_URL.")
        return
    yield Finding("database", revision is not None, f"Postgres {version}", "Run `python -m core.cli migrate`.")


def _redis() -> Iterator[Finding]:
    try:
        workers = bell.workers_seen()
    except redis.RedisError as error:
        yield Finding("redis", False, type(error).__name__, "Start Redis, or correct REDIS_URL.")
        return
    yield Finding("redis", True, "answers")
    yield Finding("workers", workers > 0, f"{workers} seen", "Start one with `python -m workers.run`.")


def _web() -> Iterator[Finding]:
    settings = get_settings()
    try:
        alive = requests.get(f"http://127.0.0.1:{settings.web_port}/healthz", timeout=3).ok
    except requests.RequestException:
        alive = False
    yield Finding(
        "web app", alive, f"port {settings.web_port}", "Start it with `gunicorn -c webhook_app/gunicorn_conf.py`."
    )
    if not settings.sandbox_active:
        public = settings.public_url.startswith("https://")
        yield Finding(
            "public address",
            public,
            settings.public_url or "not set",
            "Set PUBLIC_URL to the https address providers reach.",
        )


def _channels() -> Iterator[Finding]:
    try:
        with system_transaction() as session:
            rows = session.scalars(select(Channel).order_by(Channel.id)).all()
            accounts = [(row.name, row.state, row.state_reason, account_of(row)) for row in rows]
    except SQLAlchemyError:
        return
    if not accounts:
        yield Finding("channels", False, "none", "Set the provider's settings, or use `channels add`.")
    for name, state, reason, account in accounts:
        if state != ChannelState.ACTIVE:
            yield Finding(
                name, False, f"{state}: {reason or 'no reason kept'}", "Mend the cause, then `channels resume`."
            )
        ask = _ask_meta if account.provider is Provider.WHATSAPP_CLOUD else _ask_twilio
        yield _asked(name, account, ask)


def _asked(name: str, account: Account, ask: Callable[[Account], str]) -> Finding:
    try:
        return Finding(name, True, ask(account))
    except SendError as error:
        return Finding(name, False, str(error), error.advice)
    except requests.RequestException as error:
        return Finding(name, False, type(error).__name__, f"Check that {account.api_url} can be reached from here.")


def _ask_meta(account: Account) -> str:
    info = whatsapp_setup.phone_info(Graph(account))
    return f"{info.display_phone_number} ({info.verified_name}), quality {info.quality}"


def _ask_twilio(account: Account) -> str:
    sid = account.credentials.get("account_sid", "")
    response = requests.get(
        f"{account.api_url}/2010-04-01/Accounts/{sid}/Messages.json",
        params={"PageSize": 1}, auth=(sid, account.credentials.get("auth_token", "")), timeout=10,
    )  # fmt: skip
    response.raise_for_status()
    return f"{account.identity}: Twilio accepts the credentials"


def _model() -> Iterator[Finding]:
    settings = get_settings()
    if not settings.openai_api_key:
        yield Finding("model", True, "no OPENAI_API_KEY: the bot answers from approved pairs only")
        return
    try:
        response = requests.get(
            f"{settings.openai_base_url.rstrip('/')}/models",
            headers={"Authorization": f"Bearer {settings.openai_api_key}"}, timeout=10,
        )  # fmt: skip
    except requests.RequestException as error:
        yield Finding("model", False, type(error).__name__, "Check OPENAI_BASE_URL.")
        return
    yield Finding(
        "model", response.ok, f"{settings.openai_model}: HTTP {response.status_code}", "Check OPENAI_API_KEY."
    )
