"""Single sign-on through the business's identity provider: OpenID Connect, authorization code with PKCE.

Sources: OpenID Connect Core 1.0 (3.1.2 and 3.1.3), Discovery 1.0, RFC 7636 (PKCE), RFC 9207 (`iss` of the answer).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from core.platform.config import Settings
from core.platform.errors import BotHubError

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
_SECONDS = 10.0
_LEEWAY = 60  # seconds by which the provider's clock may differ from ours


class ProviderFailed(BotHubError):
    """The identity provider failed, or its response is not valid; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Secrets of one sign-in attempt, stored only in the browser that started it."""

    state: str
    nonce: str
    verifier: str


def new_attempt() -> Attempt:
    """Return fresh random secrets."""
    return Attempt(*(secrets.token_urlsafe(32) for _ in range(3)))


def authorization_url(settings: Settings, attempt: Attempt, redirect_uri: str) -> str:
    """Return the URL to redirect to. Network: call it outside any transaction. Raises `ProviderFailed`."""
    with _client() as client:
        endpoint = _discover(client, settings)["authorization_endpoint"]
    challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b"=").decode()
    query = urlencode(
        {
            "response_type": "code",
            "scope": "openid email",
            "client_id": settings.oidc_client_id,
            "redirect_uri": redirect_uri,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
    )
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"


def verified_email(settings: Settings, attempt: Attempt, redirect_uri: str, answer: Mapping[str, str]) -> str:
    """Return the verified e-mail address, given the parameters of the redirect back.

    Network: call it outside any transaction.

    Raises:
        ProviderFailed: the response is for another attempt, is an error or forged, or the address is not verified.
    """
    if not secrets.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
        raise ProviderFailed("The answer belongs to another attempt to sign in.")
    if "code" not in answer:
        raise ProviderFailed(f"The provider refused: {answer.get('error', 'it gave no code')[:100]}.")
    if answer.get("iss", settings.oidc_issuer) != settings.oidc_issuer:
        raise ProviderFailed("The answer comes from another issuer.")
    with _client() as client:
        metadata = _discover(client, settings)
        token = _id_token(client, settings, metadata, attempt, redirect_uri, answer["code"])
        keys = _json(client.build_request("GET", metadata["jwks_uri"]), client)
    claims = _claims(settings, attempt, token, keys)
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        raise ProviderFailed("The provider has not verified the address.")
    return email


def _claims(settings: Settings, attempt: Attempt, token: str, keys: dict[str, Any]) -> dict[str, Any]:
    registry = jwt.JWTClaimsRegistry(
        leeway=_LEEWAY,
        iss={"essential": True, "value": settings.oidc_issuer},
        aud={"essential": True, "value": settings.oidc_client_id},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        nonce={"essential": True, "value": attempt.nonce},
    )
    try:
        decoded = jwt.decode(token, KeySet.import_key_set({"keys": keys["keys"]}), algorithms=_ALGORITHMS)
        registry.validate(decoded.claims)
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ProviderFailed(f"The ID token cannot be believed: {error}") from error
    if decoded.claims.get("azp", settings.oidc_client_id) != settings.oidc_client_id:
        raise ProviderFailed("The ID token was made for another application.")
    return dict(decoded.claims)


def _id_token(
    client: httpx2.Client, settings: Settings, metadata: dict[str, Any], attempt: Attempt, redirect_uri: str, code: str
) -> str:
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": attempt.verifier,
    }
    headers = {}
    credentials = (settings.oidc_client_id, settings.oidc_client_secret)
    if "client_secret_basic" in metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
        pair = ":".join(quote(part, safe="") for part in credentials)  # RFC 6749, 2.3.1
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        fields |= dict(zip(("client_id", "client_secret"), credentials, strict=True))
    request = client.build_request("POST", metadata["token_endpoint"], data=fields, headers=headers)
    token = _json(request, client).get("id_token")
    if not isinstance(token, str):
        raise ProviderFailed("The provider gave no ID token.")
    return token


def _discover(client: httpx2.Client, settings: Settings) -> dict[str, Any]:
    address = f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration"
    metadata = _json(client.build_request("GET", address), client)
    if metadata.get("issuer") != settings.oidc_issuer:
        raise ProviderFailed(f"OIDC_ISSUER is not what the provider calls itself: {metadata.get('issuer')}.")
    scheme = urlsplit(settings.oidc_issuer).scheme
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if urlsplit(str(metadata.get(name, ""))).scheme not in ("https", scheme):
            raise ProviderFailed(f"The provider's {name} is missing or not encrypted.")
    return metadata


def _json(request: httpx2.Request, client: httpx2.Client) -> dict[str, Any]:
    try:
        response = client.send(request)
        response.raise_for_status()
        body = response.json()
    except (httpx2.HTTPError, ValueError) as error:
        raise ProviderFailed(f"The provider's {request.url.path} failed: {error}") from error
    if not isinstance(body, dict):
        raise ProviderFailed(f"The provider's {request.url.path} answered with no object.")
    return body


def _client() -> httpx2.Client:
    return httpx2.Client(timeout=_SECONDS, headers={"accept": "application/json"})
