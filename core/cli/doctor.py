"""`doctor`: checks everything a message passes through and prints what to fix."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import requests
from sqlalchemy.exc import SQLAlchemyError

from core.messaging.inbound import dead_letters
from core.models import ChannelState
from core.monitoring import probes
from core.monitoring.probes import Finding
from core.platform.config import get_settings
from core.platform.db import system_transaction
from core.platform.startup import try_notify_urls


def doctor(_: argparse.Namespace) -> int:
    """Print every finding. Exits 1 when something needs fixing."""
    try_notify_urls(get_settings())
    findings = [
        finding
        for check in (probes.servers, probes.database_connections, probes.files, _web, _channels, _unowned, _model)
        for finding in check()
    ]
    for finding in findings:
        print(f"{'ok  ' if finding.well else 'MEND'} {finding.name}: {finding.detail}")
        if not finding.well and finding.mend:
            print(f"     → {finding.mend}")
    return 0 if all(finding.well for finding in findings) else 1


def _web() -> Iterator[Finding]:
    settings = get_settings()
    try:
        alive = requests.get(f"http://127.0.0.1:{settings.web_port}/healthz", timeout=3).ok
    except requests.RequestException:
        alive = False
    yield Finding(
        "web app",
        alive,
        f"port {settings.web_port}",
        "Start it with `gunicorn -c webhook_app/gunicorn_conf.py`, or everything with `make run`.",
    )
    if not settings.sandbox_active:
        public = settings.public_url.startswith("https://")
        yield Finding(
            "public address",
            public,
            settings.public_url or "not set",
            "Set PUBLIC_URL to the https address providers reach.",
        )


def _unowned() -> Iterator[Finding]:
    try:
        with system_transaction() as session:
            found = dead_letters.unassigned(session)
    except SQLAlchemyError:
        return
    if found:
        mend = "See them with `dead-letters`, mend their cause, then `replay`."
        yield Finding("dead letters", False, f"{len(found)} or more belong to no business", mend)


def _channels() -> Iterator[Finding]:
    try:
        with system_transaction() as session:
            known = probes.accounts(session)
    except SQLAlchemyError:
        return
    if not known:
        yield Finding("channels", False, "none", "Set the provider's settings, or use `channels add`.")
    for name, state, reason, account in known:
        if state == ChannelState.DISABLED:
            continue
        if state == ChannelState.PAUSED:
            yield Finding(
                name, False, f"{state}: {reason or 'no reason kept'}", "Mend the cause, then `channels resume`."
            )
        answer = probes.probe(account)
        yield Finding(name, answer.well, f"{answer.detail}, {answer.latency} ms", answer.advice)


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
