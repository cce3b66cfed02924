"""What the sandbox is told from outside. Every value has a default that is plainly a sandbox's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Settings:
    """Each field is read from the environment variable of the same name in capitals.

    `whatsapp_app_secret` may be a comma-separated list while the product rotates it; Meta signs with the first.
    `public_url` is what Twilio believes the product's address to be: its signatures cover that address
    even though the sandbox posts to `webhook_base_url`. Mail is served where `imap_port` and `mail_port` are set.
    """

    sandbox_host: str = "127.0.0.1"
    sandbox_port: int = 8600
    sandbox_keep: int = 50_000
    webhook_base_url: str = "http://127.0.0.1:8000"
    public_url: str = ""
    whatsapp_app_secret: str = "sandbox-app-secret"  # noqa: S105
    whatsapp_access_token: str = "sandbox-access-token"  # noqa: S105
    whatsapp_number: str = "+15550783881"
    whatsapp_phone_number_id: str = "100000000000001"
    whatsapp_business_account_id: str = "200000000000001"
    whatsapp_webhook_verify_token: str = "sandbox-verify-token"  # noqa: S105
    twilio_account_sid: str = "AC00000000000000000000000000000001"
    twilio_auth_token: str = "sandbox-auth-token"  # noqa: S105
    twilio_phone_number: str = "+15005550006"
    twilio_whatsapp_number: str = "whatsapp:+14155238886"
    openai_api_key: str = "sk-sandbox"
    imap_port: int = 0
    mail_port: int = 0

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Read the environment; unset and empty variables keep the default. Raises ValueError naming a bad number."""
        values: dict[str, str | int] = {}
        for field in fields(cls):
            raw = env.get(field.name.upper(), "").strip()
            if not raw:
                continue
            if isinstance(field.default, int):
                if not raw.isdigit():
                    raise ValueError(f"{field.name.upper()} must be a whole number, not {raw!r}")
                values[field.name] = int(raw)
            else:
                values[field.name] = raw
        return cls(**values)  # type: ignore[arg-type]

    @property
    def webhook_base(self) -> str:
        return self.webhook_base_url.rstrip("/")

    @property
    def public_base(self) -> str:
        return (self.public_url or self.webhook_base_url).rstrip("/")

    @property
    def app_secret(self) -> str:
        return self.whatsapp_app_secret.split(",")[0].strip()

    @property
    def twilio_whatsapp_address(self) -> str:
        number = self.twilio_whatsapp_number
        return number if number.startswith("whatsapp:") else f"whatsapp:{number}"
