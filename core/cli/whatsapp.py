"""`whatsapp …`: set up a number with Meta, from its verification code to its webhooks."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from sqlalchemy import select

from core.accounts import audit_log
from core.channels.types import Account, SendError
from core.channels.whatsapp_cloud import account as setup
from core.channels.whatsapp_cloud.graph_api import Graph
from core.channels.whatsapp_cloud.provider import WhatsAppCloudProvider
from core.cli.admin import read_secret
from core.messaging.channels.accounts import account_of
from core.models import Channel
from core.monitoring.probes import Finding
from core.platform.db import system_transaction, transaction
from core.platform.errors import BotHubError
from core.platform.scope import CLI, Scope

_MESSAGING = "whatsapp_business_messaging"
_MANAGEMENT = "whatsapp_business_management"


T = TypeVar("T")


class MetaRefused(BotHubError):
    """Meta rejected the call; the text is Meta's, with advice."""


def request_code(arguments: argparse.Namespace) -> int:
    _act(arguments, "request_code", lambda graph: setup.request_code(graph, arguments.method, arguments.language))
    print("The code is on its way: give it to `whatsapp verify-code`.")
    return 0


def verify_code(arguments: argparse.Namespace) -> int:
    _act(arguments, "verify_code", lambda graph: setup.verify_code(graph, arguments.code))
    print("The number is verified. Next: `whatsapp register`.")
    return 0


def register(arguments: argparse.Namespace) -> int:
    pin = read_secret("Six-digit PIN")
    if not (len(pin) == 6 and pin.isascii() and pin.isdigit()):
        raise BotHubError("The PIN is six digits. Keep it: Meta asks for it when the number is registered again.")
    _act(arguments, "register", lambda graph: setup.register(graph, pin))
    print("The number is registered. Next: `whatsapp subscribe`.")
    return 0


def profile(arguments: argparse.Namespace) -> int:
    """Show the business profile, after applying the given changes."""
    changes: dict[str, Any] = {
        name: value for name in sorted(setup.PROFILE_KEYS) if (value := getattr(arguments, name, None)) is not None
    }
    if changes:
        _act(arguments, "profile", lambda graph: setup.update_profile(graph, changes))
    found = _ask(Graph(_account(arguments.channel)[1]), setup.profile)
    for name, value in found.items():
        if name != "messaging_product":
            print(f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
    if not found:
        print("Meta has no profile of this number yet.")
    return 0


def subscribe(arguments: argparse.Namespace) -> int:
    _act(arguments, "subscribe", setup.subscribe_app)
    print("The account's webhooks go to the token's app.")
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Print what Meta has on file. Exits 1 when something needs fixing."""
    findings = list(_findings(Graph(_account(arguments.channel)[1])))
    for finding in findings:
        print(f"{'ok  ' if finding.well else 'MEND'} {finding.name}: {finding.detail}")
        if not finding.well and finding.mend:
            print(f"     → {finding.mend}")
    return 0 if all(finding.well for finding in findings) else 1


def _findings(graph: Graph) -> Iterator[Finding]:
    yield from _checked("number", graph, _number)
    yield from _checked("token", graph, _token)
    yield from _checked("webhooks", graph, _webhooks)


def _checked(name: str, graph: Graph, check: Callable[[Graph], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check(graph)
    except SendError as error:
        yield Finding(name, False, str(error), error.advice)


def _number(graph: Graph) -> Iterator[Finding]:
    info = setup.phone_info(graph)
    yield Finding("number", True, f"{info.display_phone_number} ({info.verified_name})")
    yield Finding(
        "verification", info.verification == "VERIFIED", info.verification or "unknown",
        "Run `whatsapp request-code`, then `whatsapp verify-code`.",
    )  # fmt: skip
    yield Finding("registration", info.status == "CONNECTED", info.status or "unknown", "Run `whatsapp register`.")
    name_well = info.name_status in ("APPROVED", "AVAILABLE_WITHOUT_REVIEW", "NONE", "")
    yield Finding("display name", name_well, info.name_status or "unknown", "Correct it in WhatsApp Manager.")
    yield Finding(
        "quality", info.quality != "RED", info.quality or "unknown",
        "Customers block or report these messages: send fewer and better templates.",
    )  # fmt: skip
    yield Finding("throughput", True, " ".join(filter(None, (info.throughput, info.messaging_tier))) or "unknown")


def _token(graph: Graph) -> Iterator[Finding]:
    info = setup.token_info(graph)
    yield Finding("token", info.valid, info.problem or info.kind, "Make a system user's token and save it in Channels.")
    if info.valid:
        lasts = info.expires_at is None
        ends = "does not expire" if info.expires_at is None else f"ends {info.expires_at:%Y-%m-%d %H:%M} UTC"
        yield Finding("token's end", lasts, ends, "A system user's token does not expire: use one.")
        missing = {_MESSAGING, _MANAGEMENT} - set(info.scopes)
        yield Finding(
            "permissions", not missing, ", ".join(info.scopes) or "none",
            f"Make a token with {' and '.join(sorted(missing))}.",
        )  # fmt: skip


def _webhooks(graph: Graph) -> Iterator[Finding]:
    apps = setup.subscribed_apps(graph)
    yield Finding("webhooks", bool(apps), ", ".join(apps) or "no app gets them", "Run `whatsapp subscribe`.")


def _act(arguments: argparse.Namespace, verb: str, action: Callable[[Graph], None]) -> None:
    """Call Meta, then record the action in the audit log."""
    channel, account = _account(arguments.channel)
    _ask(Graph(account), action)
    with transaction(Scope(channel.business_id, CLI)) as session:
        audit_log.record(session, f"channel.{verb}", f"channel:{channel.id}")


def _ask(graph: Graph, question: Callable[[Graph], T]) -> T:
    try:
        return question(graph)
    except SendError as error:
        raise MetaRefused(f"{error}. {error.advice}") from error


def _account(channel_id: int | None) -> tuple[Channel, Account]:
    """Return the named channel, or the only one. Raises `BotHubError`."""
    with system_transaction() as session:
        query = select(Channel).where(Channel.provider == WhatsAppCloudProvider.name).order_by(Channel.id)
        found = session.scalars(query if channel_id is None else query.where(Channel.id == channel_id)).all()
    if not found:
        raise BotHubError("No such WhatsApp Cloud channel: see `channels list`.")
    if len(found) > 1:
        raise BotHubError(f"There are several: name one with --channel ({', '.join(str(one.id) for one in found)}).")
    return found[0], account_of(found[0])
