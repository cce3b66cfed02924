"""Rules between settings, and for secrets. Each rule yields what has to be corrected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from core.platform import connections
from core.platform.errors import ConfigurationError

if TYPE_CHECKING:
    from core.platform.config import Settings

# The sandbox's secrets, published in docs/sandbox.md.
PUBLISHED = frozenset(
    {"sandbox-access-token", "sandbox-app-secret", "sandbox-verify-token", "sandbox-auth-token", "sk-sandbox"}
)
# Minimum lengths. Secrets made by providers have 32 characters and more; chosen ones may be shorter.
_SECRETS = {
    "whatsapp_app_secret": 12,
    "whatsapp_webhook_verify_token": 12,
    "whatsapp_access_token": 12,
    "twilio_auth_token": 12,
    "bothub_api_key": 12,
    "oidc_client_secret": 8,
    "admin_password": 10,
}
_OUR_OWN = ("bothub_api_key", "admin_password")
_MAX_PASSWORD = 256
_MIN_DISTINCT_CHARACTERS = 4
_WORDS = (  # what placeholders are made of: change-me, your_api_key, <token>, cambiar-esta-clave
    "a the my your our some any this that me it to be here with in of from for and or is not set fill paste put insert "
    "enter replace change please rename todo tbd fixme xxx yyy zzz foo bar baz none null nil undefined must should "
    "empty example examples sample placeholder dummy default demo secret secrets token tokens key keys very own real "
    "password passwd passphrase pass pwd letmein welcome qwerty asdf abc abcdef api app auth access verify webhook "
    "value string text word long random strong super admin administrator root user bothub whatsapp meta facebook "
    "twilio openai oidc client account business system sk eaa something anything whatever "
    "tu su el la un una mi esta este aqui aquí pon ponga poner cambia cambiar cambiame cámbiame ejemplo clave claves "
    "secreto secreta contraseña contrasena llave valor texto largo aleatorio de "
    "dein deine deinen mein meine hier eintragen geheim geheime geheimes geheimnis schlüssel schluessel passwort "
    "kennwort ändern aendern bitte beispiel votre vos ton mon ma ici changez changer cle clé cles clés secrète secrete "
    "motdepasse mot passe exemple jeton inserisci cambiami segreto segreta chiave esempio mia tua tuo qui "
    "seu sua uma meu minha mude mudar altere alterar troque coloque exemplo chave chaves senha senhas segredo longo"
)
_PLACEHOLDER = re.compile("(?:" + "|".join(sorted(_WORDS.split(), key=len, reverse=True)) + ")++")


def check(settings: Settings) -> Settings:
    """Return the settings. Raises `ConfigurationError` with a line about the first one to correct."""
    for rule in _RULES:
        for problem in rule(settings):
            raise ConfigurationError(problem)
    return settings


def is_database_url(url: str) -> bool:
    """Whether libpq and SQLAlchemy both accept the URL."""
    try:
        parts = urlsplit(url)
        conninfo_to_dict(url)
        whole = parts.netloc.count("@") <= 1 and not parts.fragment  # else libpq takes part of a password for the host
        return whole and parts.scheme in ("postgresql", "postgres") and (parts.port is None or parts.port > 0)
    except (ProgrammingError, ValueError):
        return False


def is_redis_url(url: str) -> bool:
    """Whether the Redis client accepts the URL: redis://, rediss:// or unix://, and a database number."""
    from redis.connection import parse_url

    try:
        parts = urlsplit(url)
        understood = parse_url(url)  # type: ignore[no-untyped-call]
        named = bool(understood.get("path") if parts.scheme == "unix" else parts.hostname)
        whole = parts.scheme == "unix" or re.fullmatch(r"(?:/\d*)?", parts.path) is not None
        return named and whole and not parts.fragment and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _servers(settings: Settings) -> Iterator[str]:
    if settings.database_url and not is_database_url(settings.database_url):
        yield (
            "DATABASE_URL is wrong: it must look like postgresql://user:password@host/bothub "
            "(other characters of the password than letters and digits as %XX)."
        )
    if settings.redis_url and not is_redis_url(settings.redis_url):
        yield (
            "REDIS_URL is wrong: it must look like redis://:password@host:6379/0 "
            "(other characters of the password than letters and digits as %XX)."
        )


def _connections(settings: Settings) -> Iterator[str]:
    least = connections.least(settings)
    if settings.database_connections < least:
        yield (
            f"DATABASE_CONNECTIONS is wrong: WEB_PROCESSES={settings.web_processes} and "
            f"WORKER_PROCESSES={settings.worker_processes} need {least} or more."
        )


def _encryption(settings: Settings) -> Iterator[str]:
    for key in settings.encryption_keys:
        try:
            Fernet(key)
            weak = len(set(key)) < 2 * _MIN_DISTINCT_CHARACTERS
        except ValueError:
            weak = True
        if weak:
            yield (
                "ENCRYPTION_KEYS is wrong: each key is 32 random bytes in URL-safe base64; make one with "
                "`python -m core.cli keys encryption`."
            )


def _secrets(settings: Settings) -> Iterator[str]:
    for field, min_length in _SECRETS.items():
        if settings.sandbox_active and field not in _OUR_OWN:  # the sandbox's secrets are public anyway
            continue
        value = getattr(settings, field)
        for secret in value if isinstance(value, list) else [value]:
            if secret and (fault := _fault(secret, min_length)):
                yield f"{field.upper()} is wrong: {fault}."
    ours = urlsplit(settings.openai_base_url).hostname == "api.openai.com"  # other servers accept any key
    if (
        settings.openai_api_key
        and ours
        and not settings.sandbox_active
        and (fault := _fault(settings.openai_api_key, 20))
    ):
        yield f"OPENAI_API_KEY is wrong: {fault}. Copy it from the provider, or leave it empty."


def _fault(secret: str, min_length: int) -> str | None:
    if secret in PUBLISHED:
        return "it is the sandbox's, which everybody knows; use your own, or set SANDBOX=1"
    if is_placeholder(secret):
        return "it is a placeholder that anybody could guess; use your own"
    if len(secret) < min_length:
        return f"it has {len(secret)} characters, and fewer than {min_length} are too easy to guess"
    return None


def is_placeholder(secret: str) -> bool:
    """Whether it consists of placeholder words (change-me, your_api_key, <token>) or of very few characters."""
    words = [word for word in re.split(r"[\W\d_]+", secret.lower()) if word]
    if not words or len(set(secret)) < _MIN_DISTINCT_CHARACTERS:
        return len(set(secret)) < 2 * _MIN_DISTINCT_CHARACTERS or secret in "0123456789" * 3
    mostly = 2 * sum(map(len, words)) >= len(secret)
    return mostly and all(_PLACEHOLDER.fullmatch(word) for word in words)


def _whatsapp(settings: Settings) -> Iterator[str]:
    token = settings.whatsapp_access_token
    if settings.sandbox:
        return  # missing values are the sandbox's
    if token and not settings.whatsapp_app_secret:
        yield (
            "WHATSAPP_APP_SECRET is not set: without it nobody can tell Meta's webhooks from forged ones. "
            "Copy it from App settings > Basic."
        )
    if token and not settings.whatsapp_phone_number_id:
        yield (
            "WHATSAPP_PHONE_NUMBER_ID is not set although WHATSAPP_ACCESS_TOKEN is: copy it from WhatsApp > API Setup."
        )
    given = ["whatsapp_phone_number_id", "whatsapp_business_account_id"]
    if settings.sandbox is None:  # without the sandbox they may be for channels that are added in the console
        given += ["whatsapp_app_secret", "whatsapp_webhook_verify_token"]
    if not token and (name := _first(settings, given)):
        yield f"WHATSAPP_ACCESS_TOKEN is not set although {name} is: set it too, or leave both out."


def _distinct(settings: Settings) -> Iterator[str]:
    """The signing secret must differ from the secrets that are transmitted."""
    for name in ("whatsapp_access_token", "whatsapp_webhook_verify_token"):
        if getattr(settings, name) in settings.whatsapp_app_secret and not settings.sandbox_active:
            yield (
                f"WHATSAPP_APP_SECRET is wrong: it is the same as {name.upper()}. Copy it from App settings > Basic."
            )


def _twilio(settings: Settings) -> Iterator[str]:
    if settings.sandbox:
        return
    account, token = settings.twilio_account_sid, settings.twilio_auth_token
    number = _first(settings, ["twilio_phone_number", "twilio_whatsapp_number"])
    if account and not token:
        yield (
            "TWILIO_AUTH_TOKEN is not set: it signs Twilio's webhooks. Copy the primary token from the Twilio console."
        )
    if not account and (name := "TWILIO_AUTH_TOKEN" if token else number):
        yield f"TWILIO_ACCOUNT_SID is not set although {name} is: copy it from the Twilio console."
    if account and not number:
        yield (
            "TWILIO_PHONE_NUMBER is not set although TWILIO_ACCOUNT_SID is: set it for SMS, "
            "TWILIO_WHATSAPP_NUMBER for WhatsApp, or both."
        )


def _mail(settings: Settings) -> Iterator[str]:
    if not settings.imap_host:
        return
    for name in ("mail_host", "mail_from_address"):
        if not getattr(settings, name):
            yield f"{name.upper()} is not set although IMAP_HOST is: the mailbox needs it to answer."
    if not (settings.imap_password or settings.mail_password):
        yield "IMAP_PASSWORD is not set although IMAP_HOST is: set it, or MAIL_PASSWORD if both servers have the same."


def _people(settings: Settings) -> Iterator[str]:
    if settings.admin_email and not settings.admin_password:
        yield "ADMIN_PASSWORD is not set although ADMIN_EMAIL is: set both, or neither for a one-time link."
    if settings.admin_password and not settings.admin_email:
        yield "ADMIN_EMAIL is not set although ADMIN_PASSWORD is: set both, or neither for a one-time link."
    if len(settings.admin_password) > _MAX_PASSWORD:
        yield f"ADMIN_PASSWORD is wrong: it has more than {_MAX_PASSWORD} characters."
    issuer = urlsplit(settings.oidc_issuer)
    if issuer.scheme == "http" and issuer.hostname not in ("127.0.0.1", "localhost", "::1"):
        yield "OIDC_ISSUER is wrong: it must be an https address."
    names = ["oidc_issuer", "oidc_client_id", "oidc_client_secret"]
    missing = [name.upper() for name in names if not getattr(settings, name)]
    if missing and (name := _first(settings, names)):
        yield f"{missing[0]} is not set although {name} is: signing in through a provider needs all three."


def _media(settings: Settings) -> Iterator[str]:
    if settings.media_url and (reason := _store_fault(settings.media_url)):
        yield f"MEDIA_URL is wrong: {reason}. It must name an object store, like s3://bucket/prefix."


def _store_fault(url: str) -> str | None:
    """Return why the URL cannot be an object store, as far as it can be checked offline."""
    from obstore.exceptions import BaseError
    from obstore.store import HTTPStore, MemoryStore, from_url

    try:
        store = from_url(url)
    except (BaseError, ValueError) as error:
        return re.sub(r' ".*"', "", str(error).splitlines()[0])  # may be the URL, with a password
    return "it cannot keep files" if isinstance(store, HTTPStore | MemoryStore) else None


def _first(settings: Settings, fields: list[str]) -> str | None:
    return next((field.upper() for field in fields if getattr(settings, field)), None)


_RULES: tuple[Callable[[Settings], Iterator[str]], ...] = (
    _servers, _connections, _encryption, _whatsapp, _twilio, _mail, _people, _secrets, _distinct, _media,
)  # fmt: skip
