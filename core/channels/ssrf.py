"""Which addresses we may fetch on someone else's word: public ones, over TLS.

`guard` judges an address before it is asked, and is asked again for every redirect. Between its answer and the
connection the name could resolve to something else, so sessions from `guarded_session` judge the peer once more
when they are connected, before a request is written.
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
# Said to be global, and none of the internet: Azure's own server for its machines, relays, documentation, SRv6.
_SPECIAL = tuple(map(ipaddress.ip_network, ("168.63.129.16/32", "192.88.99.0/24", "3fff::/20", "5f00::/16")))
_DEFAULT_PORTS = {"https": 443, "http": 80}


class UnsafeUrl(ValueError):
    """An address that we do not ask. The text says why."""


class UnknownHost(UnsafeUrl):
    """Nobody can tell where the address leads: a slip in the name, or no name server that answers."""


def origin(url: str) -> str:
    """scheme://host:port of a URL, the form that allow-lists hold."""
    parsed = _parse(url)
    return f"{parsed.scheme}://{_host(parsed)}:{_port(parsed)}"


def guard(url: str, *, allowed_origins: Collection[str] = ()) -> None:
    """Raise `UnsafeUrl` unless the URL is https to a host whose every address is public.

    An origin in `allowed_origins` (see `origin`) passes as it is: the provider addresses of our own settings.
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
        found = socket.getaddrinfo(host, _port(parsed), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHost(f"the host {host!r} could not be resolved") from error
    for *_, address in found:
        if not is_public(str(address[0])):
            raise UnsafeUrl(f"the host {host!r} is not on the public internet")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, seen through the IPv6 forms that hide an IPv4 one."""
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
    """A session that hangs up, before asking anything, on a peer that is not public and not of an allowed origin."""
    allowed = {_host_and_port(item) for item in allowed_origins}

    def vet(peer: socket.socket, host: str, port: int) -> None:
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
