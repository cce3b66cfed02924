"""Types and validators of single settings. An error's text continues "NAME is wrong: "."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

_DAY = 86400.0
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TRAILING_COMMENT = re.compile(r"\s#")


def clean(name: str, value: str) -> str:
    """Strip a value. Raises ValueError for the traces of a misread environment file.

    Docker and systemd pass on everything after the `=`: comments and quotes become part of the value.
    """
    value = value.strip()
    if _CONTROL.search(value):
        raise ValueError("it has a line break or another control character in it")
    if value.startswith("#") or (_TRAILING_COMMENT.search(value) and name != "admin_password"):
        raise ValueError("a comment is a part of it: put comments on lines of their own")
    if value[:1] in ("'", '"') or value[-1:] in ("'", '"'):
        raise ValueError("it is in quotes: leave them out")
    return value


_EXPECTED = {  # by pydantic's error type, whose own messages are for programmers
    "int_parsing": "it must be a whole number", "int_from_float": "it must be a whole number",
    "int_parsing_size": "it must be a whole number", "float_parsing": "it must be a number",
    "finite_number": "it must be a number", "bool_parsing": "it must be 1 or 0", "bool_type": "it must be 1 or 0",
    "greater_than_equal": "it must be {ge} or more", "less_than_equal": "it must be {le} or less",
    "literal_error": "it must be {expected}", "too_long": "it must name {max_length} at most",
}  # fmt: skip


def explain(kind: str, message: str, context: Mapping[str, object]) -> str:
    """Return what is wrong with a value, in words for an operator."""
    expected = _EXPECTED.get(kind)
    return message.removeprefix("Value error, ") if expected is None else expected.format_map(context)


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",")]
    if not all(parts):
        raise ValueError("one of its entries is empty: leave out the extra comma")
    return parts


def _distinct(entries: list[str]) -> list[str]:
    if len(set(entries)) < len(entries):
        raise ValueError("it names the same twice")
    return entries


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _plain(value: str) -> str:
    """A value that is used in headers and URLs."""
    if not value.isascii() or any(char.isspace() for char in value):
        raise ValueError("it has a blank or a character outside ASCII in it")
    return value


def _web_address(value: str) -> str:
    """An http URL without query, fragment or credentials; may be empty."""
    if not value:
        return value
    example = "it must look like https://host.example or https://host.example:8443/path"
    try:
        parts = urlsplit(_plain(value))
        port = parts.port  # raises when it is not a number up to 65535
    except ValueError:
        raise ValueError(example) from None
    if parts.scheme not in ("http", "https") or not _is_host(parts.hostname or "") or port == 0:
        raise ValueError(example)
    if parts.query or parts.fragment or "?" in value or "#" in value or "@" in parts.netloc:
        raise ValueError(f"{example}, without query, fragment or password")
    return value


def is_local(address: str) -> bool:
    """Whether an http URL is reachable only from this machine or its network."""
    host = urlsplit(address).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal"))


def _is_host(text: str) -> bool:
    try:
        return (":" in text and bool(IPv6Address(text))) or _HOST.fullmatch(text) is not None
    except ValueError:
        return False


_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")


def _email(value: str) -> str:
    if value and not re.fullmatch(r"[^@\s,;<>()\"]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", value):
        raise ValueError("it must be an e-mail address like ana@shop.example")
    return value


def _mailbox(value: str) -> str:
    if value and "." not in _email(value).rpartition("@")[2].strip("."):
        raise ValueError("it must be a mail address that others can write to, like help@shop.example")
    return value


def _number(value: str) -> str:
    if value and not re.fullmatch(r"(?:whatsapp:)?\+[1-9]\d{6,14}|\d{3,8}", value, re.ASCII):
        raise ValueError("it must be a number with its country code, like +15005550006, or a short code")
    return value


def _telephone(value: str) -> str:
    if value.startswith("whatsapp:"):
        raise ValueError("it must be the number for SMS; one with whatsapp: before it is TWILIO_WHATSAPP_NUMBER")
    return _number(value)


def _version(value: str) -> str:
    if not re.fullmatch(r"v\d+\.\d+", value, re.ASCII):
        raise ValueError("it must look like v26.0")
    return value


def _digits(value: str) -> str:
    if value and not re.fullmatch(r"\d{1,30}", value, re.ASCII):
        raise ValueError("it must be the number that Meta shows, digits only")
    return value


def _twilio_account(value: str) -> str:
    if value and not re.fullmatch(r"AC[0-9a-fA-F]{32}", value):
        raise ValueError("it must be AC and 32 digits or letters from a to f")
    return value


def _notify_url(value: str) -> str:
    if not re.match(r"[a-z0-9]{1,32}://", value, re.I):
        raise ValueError("each of its addresses must be an Apprise URL, like mailto://user:password@host or slack://…")
    return value


def _host(value: str) -> str:
    if not _is_host(value):
        raise ValueError("it must be an address of this machine, like 127.0.0.1 or 0.0.0.0")
    return value


def _host_name(value: str) -> str:
    if value and not _is_host(value):
        raise ValueError("it must be the name of a server, like mail.shop.example, without a port")
    return value


Plain = Annotated[str, AfterValidator(_plain)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Email = Annotated[str, AfterValidator(_email)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Telephone = Annotated[str, AfterValidator(_telephone)]
Version = Annotated[str, AfterValidator(_version)]
Number = Annotated[str, AfterValidator(_number)]
Digits = Annotated[str, AfterValidator(_digits)]
TwilioAccount = Annotated[str, AfterValidator(_twilio_account)]
Host = Annotated[str, AfterValidator(_host)]
HostName = Annotated[str, AfterValidator(_host_name)]
MailEncryption = Annotated[Literal["tls", "starttls", "none"], BeforeValidator(_lower)]
Upper = BeforeValidator(_upper)
Distinct = AfterValidator(_distinct)
CommaSeparated = Annotated[list[Plain], NoDecode, BeforeValidator(_split), Distinct]
NotifyUrls = Annotated[list[Annotated[Plain, AfterValidator(_notify_url)]], NoDecode, BeforeValidator(_split), Distinct]
Seconds = Annotated[float, Field(ge=0, le=7 * _DAY, allow_inf_nan=False)]
Pause = Annotated[float, Field(ge=0.05, le=3600, allow_inf_nan=False)]
Waits = Annotated[list[Seconds], NoDecode, BeforeValidator(_split), Field(max_length=50)]
Port = Annotated[int, Field(ge=1, le=65535)]
PortOrNone = Port | None
Processes = Annotated[int, Field(ge=1, le=64)]
