"""Protect fetches of untrusted URLs: public addresses only, over TLS.

`guard` checks a URL before each request and redirect. Between the check and the connection the name could resolve to
another address, so sessions from `guarded_session` check the connected peer again before a request is written.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from core.channels.http import open_session

_CONFUSING = re.compile(r"[\x00-\x20\x7f\\]")  # parsers disagree about what follows these
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# `is_global`, but not on the internet: Azure's host service, relays, documentation, SRv6.
_SPECIAL = tuple(map(ipaddress.ip_network, ("168.63.129.16/32", "192.88.99.0/24", "3fff::/20", "5f00::/16")))
_DEFAULT_PORTS = {"https": 443, "http": 80}


class UnsafeUrl(ValueError):
    """A URL that is not fetched. The text says why."""


class UnknownHost(UnsafeUrl):
    """A host name that does not resolve: a typing error, or no name server answers."""


def origin(url: str) -> str:
    """Return scheme://host:port of a URL, the form used in allow-lists."""
    parsed = _parse(url)
    return f"{parsed.scheme}://{_host(parsed)}:{_port(parsed)}"


def guard(url: str, *, allowed_origins: Collection[str] = ()) -> None:
    """Raise `UnsafeUrl` unless the URL is https to a host whose every address is public.

    An origin in `allowed_origins` (see `origin`) is accepted unchecked: the provider URLs of our own settings.
    """
    parsed = _parse(url)
    if parsed.auth is not None:
        raise UnsafeUrl("the address carries a user name")
    if origin(url) in allowed_origins:
        return
    if parsed.scheme != "https":
        raise UnsafeUrl("the address is not https")
    host = _host(parsed)
    try:
        infos = socket.getaddrinfo(host, _port(parsed), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHost(f"the host {host!r} could not be resolved") from error
    for *_, address in infos:
        if not is_public(str(address[0])):
            raise UnsafeUrl(f"the host {host!r} is not on the public internet")


def is_public(address: str) -> bool:
    """Return whether an IP address is public, looking inside the IPv6 forms that embed an IPv4 one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        hidden = ip.ipv4_mapped or ip.sixtofour
        if hidden is not None:
            return is_public(str(hidden))
        if ip.teredo is not None or ip.is_site_local:
            return False
    if any(ip in network for network in _SPECIAL):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def guarded_session(allowed_origins: Collection[str] = ()) -> requests.Session:
    """Return a session that disconnects, before sending a request, from a peer that is neither public nor allowed."""
    allowed = {_host_and_port(item) for item in allowed_origins}

    def vet(peer: socket.socket, host: str, port: int) -> None:
        """Raise `OSError` unless the connected peer is allowed."""
        if (host.strip("[]").lower(), port) not in allowed and not is_public(str(peer.getpeername()[0])):
            raise ConnectionRefusedError(f"{host} leads to an address that is not public")

    return open_session(vet)


def _host_and_port(url: str) -> tuple[str, int]:
    parsed = urlsplit(url)
    return (parsed.hostname or ""), parsed.port or _DEFAULT_PORTS.get(parsed.scheme, 443)


def _parse(url: str) -> Url:
    """Read the URL with urllib3's parser, the one that requests will connect by."""
    if _CONFUSING.search(url):
        raise UnsafeUrl("the address contains spaces, control characters or backslashes")
    try:
        parsed = parse_url(url)
    except LocationParseError as error:
        raise UnsafeUrl("the address is malformed") from error
    if parsed.scheme not in _DEFAULT_PORTS or not parsed.host:
        raise UnsafeUrl("the address is not a web address")
    return parsed


def _host(parsed: Url) -> str:
    return (parsed.host or "").strip("[]").lower()


def _port(parsed: Url) -> int:
    return parsed.port or _DEFAULT_PORTS[parsed.scheme or "https"]
