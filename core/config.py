"""Settings, read once from the environment and `.env`. A wrong one stops the start with one line."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.errors import ConfigurationError


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


CommaSeparated = Annotated[list[str], NoDecode, BeforeValidator(_split)]
Seconds = Annotated[float, Field(ge=0)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseSettings):
    """Every setting of contract and `.env.example`, by its environment name in lower case."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    database_url: str = ""
    redis_url: str = ""
    data_dir: Path = Path(".bothub")
    web_host: str = "127.0.0.1"
    web_port: Port = 8000
    console_port: Port = 8501
    sandbox: bool | None = None
    sandbox_port: Port = 8600
    public_url: str = ""
    encryption_keys: CommaSeparated = []
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    whatsapp_api_url: str = "https://graph.facebook.com"
    whatsapp_api_version: Annotated[str, Field(pattern=r"^v\d+\.\d+$")] = "v26.0"
    whatsapp_access_token: str = ""
    whatsapp_phone_number_id: str = ""
    whatsapp_business_account_id: str = ""
    whatsapp_app_secret: CommaSeparated = []
    whatsapp_webhook_verify_token: str = ""

    twilio_account_sid: str = ""
    twilio_auth_token: str = ""
    twilio_phone_number: str = ""
    twilio_whatsapp_number: str = ""
    twilio_api_url: str = "https://api.twilio.com"

    openai_api_key: str = ""
    openai_base_url: str = "https://api.openai.com/v1"
    openai_model: str = "gpt-6-luna"
    openai_embedding_model: str = "text-embedding-3-small"

    bothub_api_key: str = ""
    admin_email: str = ""
    admin_password: str = ""
    notify_urls: CommaSeparated = []
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""

    reply_quiet_seconds: Seconds = 4
    reply_first_quiet_seconds: Seconds = 1.5
    retry_waits: Annotated[list[Seconds], NoDecode, BeforeValidator(_split), Field(min_length=1)] = [
        60, 120, 240, 480, 960,
    ]  # fmt: skip
    retry_max_attempts: Annotated[int, Field(ge=1, le=50)] = 5
    sweep_seconds: Annotated[float, Field(gt=0)] = 5
    lease_seconds: Annotated[float, Field(ge=1, le=10)] = 6
    send_timeout_seconds: Annotated[float, Field(gt=0)] = 20
    uncertain_grace_seconds: Seconds = 60

    web_processes: Annotated[int, Field(ge=1)] = 2
    worker_processes: Annotated[int, Field(ge=1)] = 2
    worker_slots: Annotated[int, Field(ge=1, le=200)] = 25
    media_url: str = ""
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    openai_api_style: Literal["responses", "chat"] = "responses"

    @property
    def sqlalchemy_url(self) -> str:
        """`DATABASE_URL` with the driver named."""
        return "postgresql+psycopg://" + self.database_url.split("://", 1)[1]

    @property
    def sandbox_active(self) -> bool:
        """Whether the stand-ins take the providers' place: on demand, or because no provider is set."""
        if self.sandbox is not None:
            return self.sandbox
        return not (self.whatsapp_access_token or self.twilio_auth_token)

    @property
    def oidc_active(self) -> bool:
        """Whether people may sign in through an identity provider."""
        return bool(self.oidc_issuer and self.oidc_client_id and self.oidc_client_secret)

    @property
    def callback_base(self) -> str:
        """Where providers reach us: `PUBLIC_URL`, or the local port while there is none."""
        return (self.public_url or f"http://127.0.0.1:{self.web_port}").rstrip("/")


def load(**overrides: object) -> Settings:
    """Settings from the environment.

    Raises:
        ConfigurationError: names the first wrong setting and what is wrong with it.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"][:1]).upper()
        raise ConfigurationError(f"{name} is wrong: {first['msg']}. Correct it in the environment or .env.") from None


def require_servers(settings: Settings) -> Settings:
    """Check what every serving process needs.

    Raises:
        ConfigurationError: names what is missing.
    """
    for name, example in (
        ("DATABASE_URL", "postgresql://user:password@host/bothub"),
        ("REDIS_URL", "redis://host:6379/0"),
    ):
        if not getattr(settings, name.lower()):
            raise ConfigurationError(
                f"{name} is not set: give a URL like {example}, or start everything with `make run`."
            )
    try:
        conninfo_to_dict(settings.database_url)
        postgres = settings.database_url.startswith(("postgresql://", "postgres://"))
    except ProgrammingError:
        postgres = False
    if not postgres:
        raise ConfigurationError("DATABASE_URL is wrong: it must look like postgresql://user:password@host/bothub.")
    if not settings.encryption_keys:
        raise ConfigurationError("ENCRYPTION_KEYS is not set: make one with `python -m core.cli keys encryption`.")
    return settings


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, checked for serving."""
    return require_servers(load())
