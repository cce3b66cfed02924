"""Local OpenID provider for tests: signs real tokens and checks codes, PKCE and the client secret."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "bothub:desk", "s3cret/with+signs"
KEY, STRANGERS_KEY = (RSAKey.generate_key(2048, auto_kid=True) for _ in range(2))  # once: it takes half a second


@dataclass
class Provider:
    """`claims` override those of a valid ID token; `key` signs it."""

    issuer: str = ""
    email: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    published: RSAKey = field(default_factory=lambda: KEY)
    key: RSAKey | None = None
    discovery: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def approve(self, address: str) -> dict[str, str]:
        """Return the redirect parameters after the user consents."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.discovery,
        }

    def token(self, fields: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(fields.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(fields["code_verifier"].encode()).digest()).rstrip(b"=")
        client = base64.b64encode(b"bothub%3Adesk:s3cret%2Fwith%2Bsigns").decode()
        if (
            asked is None
            or asked["code_challenge"] != challenge.decode()
            or asked["redirect_uri"] != fields["redirect_uri"]
            or authorization != f"Basic {client}"
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": asked["client_id"],
            "sub": "42",
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "email": self.email,
            "email_verified": True,
            **self.claims,
        }
        key = self.key or self.published
        header = {"alg": "RS256", "kid": self.published.kid}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": jwt.encode(header, claims, key)}


@contextmanager
def serve() -> Iterator[Provider]:
    """Serve the provider on a free port."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys = {"keys": [provider.published.as_dict(private=False)]}
            self._answer(200, keys if self.path == "/keys" else provider.document())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            fields = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(*provider.token(fields, self.headers.get("authorization", "")))

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Do not log requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
