"""Set up a number, and read its settings at Meta (Cloud API, Get started; Business phone numbers).

Every function raises `SendError`, whose `advice` says what an administrator can do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import structlog

from core.channels.json_values import items, mapping, text
from core.channels.provider import ProbeResult
from core.channels.types import Cause, Diagnosis, ProviderError, SendError, Verdict
from core.channels.whatsapp_cloud.graph_api import Graph

log = structlog.get_logger(__name__)

_PHONE_FIELDS = (
    "id,verified_name,display_phone_number,quality_rating,code_verification_status,name_status,status,"
    "platform_type,throughput,whatsapp_business_manager_messaging_limit"
)
_NO_ACCOUNT = Diagnosis(
    Verdict.PERMANENT,
    Cause.ADMIN,
    "Set WHATSAPP_BUSINESS_ACCOUNT_ID, or run `channels add` for the number again with --account.",
)
_PROFILE_FIELDS = "about,address,description,email,profile_picture_url,websites,vertical"
PROFILE_KEYS = frozenset({"about", "address", "description", "email", "websites", "vertical", "profile_picture_handle"})


@dataclass(frozen=True, slots=True)
class PhoneInfo:
    """Meta's data about our number, in Meta's values (quality GREEN, YELLOW, RED; verification VERIFIED …)."""

    id: str
    verified_name: str
    display_phone_number: str
    quality: str
    verification: str
    name_status: str
    status: str
    platform: str
    throughput: str
    messaging_tier: str


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """Meta's data about our access token. `expires_at` None: it does not expire."""

    valid: bool
    app_id: str
    kind: str
    scopes: tuple[str, ...]
    expires_at: datetime | None
    problem: str


def phone_info(graph: Graph) -> PhoneInfo:
    """Read the number's settings at Meta."""
    response = graph.call("GET", graph.account.identity, params={"fields": _PHONE_FIELDS})
    return PhoneInfo(
        id=text(response.get("id")),
        verified_name=text(response.get("verified_name")),
        display_phone_number=text(response.get("display_phone_number")),
        quality=text(response.get("quality_rating")),
        verification=text(response.get("code_verification_status")),
        name_status=text(response.get("name_status")),
        status=text(response.get("status")),
        platform=text(response.get("platform_type")),
        throughput=text(mapping(response.get("throughput")).get("level")),
        messaging_tier=text(response.get("whatsapp_business_manager_messaging_limit")),
    )


def token_info(graph: Graph) -> TokenInfo:
    """Inspect the account's token with itself, which Meta allows for a token of one's own app."""
    token = graph.account.credentials.get("access_token", "")
    data = mapping(graph.call("GET", "debug_token", params={"input_token": token}).get("data"))
    expires = data.get("expires_at")
    return TokenInfo(
        valid=data.get("is_valid") is True,
        app_id=text(data.get("app_id")),
        kind=text(data.get("type")),
        scopes=tuple(text(scope) for scope in items(data, "scopes")),
        expires_at=datetime.fromtimestamp(expires, UTC) if isinstance(expires, int) and expires > 0 else None,
        problem=text(mapping(data.get("error")).get("message")),
    )


def probe(graph: Graph) -> ProbeResult:
    """Return what Meta says about the number and its token."""
    info = phone_info(graph)
    detail = f"{info.display_phone_number} ({info.verified_name}), quality {info.quality or 'unknown'}"
    return ProbeResult(
        well=True,
        detail=detail,
        number=info.display_phone_number,
        verified_name=info.verified_name,
        quality=info.quality,
        limit=info.messaging_tier,
        expires_at=_token_end(graph),
    )


def _token_end(graph: Graph) -> datetime | None:
    """Return when the token expires, or None: not every valid token may inspect itself."""
    try:
        return token_info(graph).expires_at
    except SendError as error:
        log.info("token_not_described", code=error.error.code)
        return None


def request_code(graph: Graph, method: Literal["SMS", "VOICE"], language: str) -> None:
    """Request a verification code for the number. `language` is a locale such as es_AR."""
    graph.call("POST", f"{graph.account.identity}/request_code", data={"code_method": method, "language": language})


def verify_code(graph: Graph, code: str) -> None:
    """Verify the number with the code that Meta sent."""
    graph.call("POST", f"{graph.account.identity}/verify_code", data={"code": code.replace("-", "").strip()})


def register(graph: Graph, pin: str) -> None:
    """Register the number for the Cloud API. `pin`: six digits, which become its two-step verification."""
    graph.call("POST", f"{graph.account.identity}/register", json={"messaging_product": "whatsapp", "pin": pin})


def profile(graph: Graph) -> dict[str, Any]:
    """Return the business profile with Meta's keys; {} if none is set."""
    response = graph.call(
        "GET", f"{graph.account.identity}/whatsapp_business_profile", params={"fields": _PROFILE_FIELDS}
    )
    return mapping(next(items(response, "data"), {}))


def update_profile(graph: Graph, changes: Mapping[str, Any]) -> None:
    """Change parts of the business profile (`PROFILE_KEYS`). Raises ValueError for an unknown part."""
    unknown = sorted(set(changes) - PROFILE_KEYS)
    if unknown:
        raise ValueError(f"not parts of a business profile: {', '.join(unknown)}")
    body = {"messaging_product": "whatsapp", **changes}
    graph.call("POST", f"{graph.account.identity}/whatsapp_business_profile", json=body)


def _waba(graph: Graph) -> str:
    """Return the WhatsApp business account of the number."""
    if waba := graph.account.credentials.get("waba_id"):
        return waba
    raise SendError(ProviderError("no_account", "The channel has no WhatsApp business account id"), _NO_ACCOUNT)


def subscribe_app(graph: Graph) -> None:
    """Subscribe the token's app to the webhooks of the business account in `waba_id`."""
    graph.call("POST", f"{_waba(graph)}/subscribed_apps")


def subscribed_apps(graph: Graph) -> list[str]:
    """Return the names of the apps subscribed to the account's webhooks."""
    response = graph.call("GET", f"{_waba(graph)}/subscribed_apps")
    return [
        text(mapping(mapping(item).get("whatsapp_business_api_data")).get("name")) for item in items(response, "data")
    ]
