"""Settings, read once from the environment and `.env`. An invalid one ends the start with a one-line error."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from core.platform import config_values as values
from core.platform.config_rules import check, is_database_url
from core.platform.errors import ConfigurationError


class Settings(BaseSettings):
    """Every setting of `.env.example`, by its environment name in lower case."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8-sig", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    database_url: values.Plain = ""
    redis_url: values.Plain = ""
    database_connections: Annotated[int, Field(ge=1, le=10_000)] = 80
    data_dir: Path = Path(".bothub")
    web_host: values.Host = "127.0.0.1"
    web_port: values.Port = 8000
    console_port: values.Port = 8501
    sandbox: bool | None = None
    sandbox_port: values.Port = 8600
    public_url: values.WebAddress = ""
    console_url: values.WebAddress = ""
    encryption_keys: values.CommaSeparated = []
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], values.Upper] = "INFO"

    whatsapp_api_url: values.WebAddress = "https://graph.facebook.com"
    whatsapp_api_version: values.Version = "v26.0"
    whatsapp_access_token: values.Plain = ""
    whatsapp_phone_number_id: values.Digits = ""
    whatsapp_business_account_id: values.Digits = ""
    whatsapp_app_secret: values.CommaSeparated = []
    whatsapp_webhook_verify_token: values.Plain = ""

    twilio_account_sid: values.TwilioAccount = ""
    twilio_auth_token: values.Plain = ""
    twilio_phone_number: values.Telephone = ""
    twilio_whatsapp_number: values.Number = ""
    twilio_api_url: values.WebAddress = "https://api.twilio.com"

    mail_host: values.HostName = ""
    mail_port: values.PortOrNone = None
    mail_username: values.Plain = ""
    mail_password: str = ""
    mail_encryption: values.MailEncryption = "starttls"
    mail_from_address: values.Mailbox = ""
    mail_from_name: str = ""
    imap_host: values.HostName = ""
    imap_port: values.PortOrNone = None
    imap_username: values.Plain = ""
    imap_password: str = ""
    imap_encryption: values.MailEncryption = "tls"
    imap_folder: str = "INBOX"
    private_hosts: values.CommaSeparated = []

    openai_api_key: values.Plain = ""
    openai_base_url: values.WebAddress = "https://api.openai.com/v1"
    openai_model: values.Plain = "gpt-6-luna"
    openai_embedding_model: values.Plain = "text-embedding-3-small"

    bothub_api_key: values.Plain = ""
    admin_email: values.Email = ""
    admin_password: str = ""
    notify_urls: values.NotifyUrls = []
    oidc_issuer: values.WebAddress = ""
    oidc_client_id: values.Plain = ""
    oidc_client_secret: values.Plain = ""

    reply_quiet_seconds: values.Seconds = 4
    reply_first_quiet_seconds: values.Seconds = 1.5
    retry_waits: values.Waits = [60, 120, 240, 480, 960]
    retry_max_attempts: Annotated[int, Field(ge=1, le=50)] = 5
    sweep_seconds: values.Pause = 5
    lease_seconds: Annotated[float, Field(ge=1, le=10)] = 6
    send_timeout_seconds: values.Pause = 20
    uncertain_grace_seconds: values.Seconds = 60

    web_processes: values.Processes = 2
    worker_processes: values.Processes = 2
    worker_slots: Annotated[int, Field(ge=1, le=200)] = 25
    media_url: values.Plain = ""
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    openai_api_style: Literal["responses", "chat"] = "responses"

    @model_validator(mode="before")
    @classmethod
    def _blank_is_none(cls, settings: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in settings.items() if not (isinstance(value, str) and not value.strip())}

    @field_validator("*", mode="before")
    @classmethod
    def _clean(cls, value: Any, info: ValidationInfo) -> Any:
        return values.clean(str(info.field_name), value) if isinstance(value, str) else value

    @property
    def sqlalchemy_url(self) -> str:
        """`DATABASE_URL` with the driver named."""
        return "postgresql+psycopg://" + self.database_url.split("://", 1)[1]

    @property
    def bracketed_host(self) -> str:
        """`WEB_HOST` for use in a URL: an IPv6 address in brackets."""
        return f"[{self.web_host}]" if ":" in self.web_host else self.web_host

    @property
    def own_host(self) -> str:
        """Address at which this machine reaches what listens on `WEB_HOST`."""
        return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.web_host, self.bracketed_host)  # noqa: S104

    @property
    def sandbox_active(self) -> bool:
        """Whether the sandbox replaces the providers: on demand, or because no provider is configured."""
        if self.sandbox is not None:
            return self.sandbox
        return not (self.whatsapp_access_token or self.twilio_auth_token or self.imap_host)

    @property
    def sandbox_mail_ports(self) -> dict[str, int]:
        """Ports of the sandbox's mail servers by setting; none while mail servers of one's own are set."""
        if self.mail_host or self.imap_host:
            return {}
        return {
            "MAIL_PORT": self.mail_port or self.sandbox_port + 1,
            "IMAP_PORT": self.imap_port or self.sandbox_port + 2,
        }

    @property
    def oidc_active(self) -> bool:
        """Whether users may sign in through an identity provider."""
        return bool(self.oidc_issuer and self.oidc_client_id and self.oidc_client_secret)

    @property
    def callback_base(self) -> str:
        """Base URL for providers: `PUBLIC_URL`, or the local port if it is not set."""
        return (self.public_url or f"http://{self.own_host}:{self.web_port}").rstrip("/")

    @property
    def console_base(self) -> str:
        """Base URL of the console: `CONSOLE_URL`, else `PUBLIC_URL`, else the port on this machine."""
        return (self.console_address or f"http://localhost:{self.console_port}").rstrip("/")

    @property
    def console_address(self) -> str:
        """The console's public address; "" if none is set."""
        return self.console_url or self.public_url


def load(**overrides: object) -> Settings:
    """Load the settings from the environment.

    Raises:
        ConfigurationError: names the first invalid setting and the reason.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper()
        why = values.explain(first["type"], first["msg"], first.get("ctx", {}))
        raise ConfigurationError(f"{name} is wrong: {why}. Correct it in the environment or .env.") from None
    except (OSError, UnicodeDecodeError, SettingsError) as error:
        raise ConfigurationError(f".env cannot be read ({type(error).__name__}): it must be a text file.") from None


def require_servers(settings: Settings) -> Settings:
    """Check the settings that every serving process needs.

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
    if not is_database_url(settings.database_url):
        raise ConfigurationError("DATABASE_URL is wrong: it must look like postgresql://user:password@host/bothub.")
    if not settings.encryption_keys:
        raise ConfigurationError("ENCRYPTION_KEYS is not set: make one with `python -m core.cli keys encryption`.")
    return settings


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process, checked for serving."""
    return check(require_servers(load()))
