"""Addresses of mail servers: public ones over TLS, others only if the settings allow it."""

from __future__ import annotations

import os
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum

from core.channels import ssrf
from core.channels.types import Account, Cause, Diagnosis, ProviderError, SendError, Verdict

_WRITTEN = re.compile(
    r"(?:(?P<encryption>tls|starttls|none)://)?(?P<host>[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:]+\])"
    r"(?::(?P<port>\d{1,5}))?",
    re.I,
)


class Encryption(StrEnum):
    """How a connection is protected: from its first byte, from a command on, or not at all."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server."""

    host: str
    port: int
    encryption: Encryption

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.encryption}://{host}:{self.port}"

    @property
    def place(self) -> str:
        """Return host:port."""
        return f"{self.host}:{self.port}"


def imap_server(written: str) -> Server:
    """Parse an IMAP server, such as imap.example.com or host:143. Raises `ValueError`."""
    return _server(written, {143: Encryption.STARTTLS}, Encryption.TLS, 993)


def smtp_server(written: str) -> Server:
    """Parse an SMTP server, such as smtp.example.com or host:465. Raises `ValueError`."""
    return _server(written, {465: Encryption.TLS}, Encryption.STARTTLS, 587)


def _server(written: str, by_port: dict[int, Encryption], usual: Encryption, usual_port: int) -> Server:
    found = _WRITTEN.fullmatch(written.strip())
    if found is None:
        raise ValueError("Write the server as mail.example.com, with :port if it has another than usual.")
    port = int(found["port"] or 0)
    if found["port"] and not 0 < port < 65536:
        raise ValueError("A port is a number from 1 to 65535.")
    encryption = Encryption(found["encryption"].lower()) if found["encryption"] else by_port.get(port, usual)
    if not port:
        port = {value: key for key, value in by_port.items()}.get(encryption, usual_port)
    return Server(found["host"].lower().strip("[]"), port, encryption)


def admit(account: Account, server: Server) -> None:
    """Check a server before it is connected to. Raises `SendError`."""
    if server.place in account.private_hosts or server.host in account.private_hosts:
        return
    if server.encryption is Encryption.NONE:
        raise failure("no_tls", f"{server.place} would get the password without encryption")
    try:
        ssrf.guard_host(server.host, server.port)
    except ssrf.UnknownHost as error:
        raise failure("connect", str(error)) from error
    except ssrf.UnsafeUrl as error:
        raise failure("address", str(error)) from error


def vet(account: Account, server: Server, peer: socket.socket | None) -> None:
    """Check the connected peer before it is told anything. Raises `OSError`."""
    if peer is not None and server.place not in account.private_hosts and server.host not in account.private_hosts:
        ssrf.guard_peer(peer, server.host)


@contextmanager
def ended_after(seconds: float, peer: socket.socket) -> Iterator[None]:
    """End the connection after a time: a timeout of its socket bounds each read, not a server that sends in drops."""
    own = socket.socket(fileno=os.dup(peer.fileno()))  # the other is replaced when TLS begins

    def end() -> None:
        with suppress(OSError):  # it ended by itself
            own.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        own.close()


def context() -> ssl.SSLContext:
    """Return a TLS context that checks certificate and name."""
    return ssl.create_default_context()


def network_failure(error: OSError) -> SendError:
    """Return the failure to reach a server, before anything was sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return failure("certificate", error.verify_message)
    if isinstance(error, ssl.SSLError):
        return failure("no_tls", error.reason or "TLS failed")
    return failure("connect", str(error) or type(error).__name__)


def failure(code: str, details: str = "") -> SendError:
    """Return a failure by its code."""
    title, diagnosis = FAILURES[code]
    return SendError(ProviderError(code, title, details[:500]), diagnosis)


def _admin(advice: str) -> Diagnosis:
    return Diagnosis(Verdict.RETRYABLE, Cause.ADMIN, advice)


_SAID = {
    "address": ("Address not usable", "Mail servers on private networks are reached only if PRIVATE_HOSTS has them."),
    "certificate": ("Certificate not valid", "The mail server's certificate is not valid for its name."),
    "no_tls": ("No encryption", "The mail server offers no encryption on this port. Use another port."),
    "login": ("Login refused", "The mail server refused name or password. Many providers want an app password here."),
    "folder": ("No such folder", "The mailbox has no folder of this name."),
    "read_only": ("Mailbox cannot be changed", "The mailbox lets nothing be marked as read. Check its permissions."),
}
FAILURES = {
    "connect": ("No connection", Diagnosis(Verdict.RETRYABLE, Cause.NETWORK, "The mail server could not be reached.")),
    "imap": ("IMAP failed", Diagnosis(Verdict.RETRYABLE, Cause.PROVIDER, "The mail server has a problem.")),
    **{code: (title, _admin(advice)) for code, (title, advice) in _SAID.items()},
}
