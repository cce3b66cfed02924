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
# The special-purpose registries of IANA (RFC 6890) with multicast, and Azure's host service. Also what is reachable in
# them (AS112, AMT, PCP and TURN anycast, 6to4): it leads to relays and to the nearest network's own services.
_SPECIAL = tuple(map(ipaddress.ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
    "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
)))  # fmt: skip
_UNICAST = ipaddress.IPv6Network("2000::/3")  # all of IPv6 that is allocated for the internet
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NAT64_LENGTHS = (32, 40, 48, 56, 64, 96)  # RFC 6052
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})  # begin the interface id; an IPv4 address follows (RFC 5214)
# A name with these addresses and no IPv6 one: where it has one, the network translates (RFC 7050).
_IPV4_ONLY = "ipv4only.arpa"
_IPV4_ONLY_ADDRESSES = frozenset(map(ipaddress.IPv4Address, ("192.0.0.170", "192.0.0.171")))
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
    guard_host(_host(parsed), _port(parsed))


def guard_host(host: str, port: int) -> None:
    """Raise `UnsafeUrl` unless every address of a host is public."""
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHost(f"the host {host!r} could not be resolved") from error
    for *_, address in infos:
        if not _is_safe(str(address[0])):
            raise UnsafeUrl(f"the host {host!r} is not on the public internet")


def guard_peer(peer: socket.socket, host: str) -> None:
    """Raise `OSError` unless the connected peer is public: a name may have another address than it had before."""
    if not _is_safe(str(peer.getpeername()[0])):
        raise ConnectionRefusedError(f"{host} leads to an address that is not public")


def is_public(address: str) -> bool:
    """Return whether an IP address is public: on the internet by its own form, and by that of an embedded IPv4 one.

    A prefix that a network chose for its NAT64 looks like any other address: see `_reaches_inside`.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        hidden = _embedded(ip, _NAT64.prefixlen) if ip in _NAT64 else ip.ipv4_mapped
        if hidden is not None:
            return is_public(str(hidden))
        if ip not in _UNICAST or int(ip) >> 32 & 0xFFFFFFFF in _ISATAP:
            return False
    return not any(ip in network for network in _SPECIAL)


def _is_safe(address: str) -> bool:
    return is_public(address) and not _reaches_inside(ipaddress.ip_address(address.partition("%")[0]))


def _reaches_inside(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Return whether the NAT64 of this network, if any, translates a public IPv6 address to a private IPv4 one."""
    if isinstance(ip, ipaddress.IPv4Address):
        return False
    try:
        infos = socket.getaddrinfo(_IPV4_ONLY, None, socket.AF_INET6, socket.SOCK_STREAM)
    except OSError:
        return False
    for *_, found in infos:
        example = ipaddress.IPv6Address(str(found[0]).partition("%")[0])
        for length in _NAT64_LENGTHS:
            if _embedded(example, length) in _IPV4_ONLY_ADDRESSES:
                prefix = ipaddress.IPv6Network((example, length), strict=False)
                if ip in prefix and not is_public(str(_embedded(ip, length))):
                    return True
    return False


def _embedded(ip: ipaddress.IPv6Address, prefix_length: int) -> ipaddress.IPv4Address:
    """Return the IPv4 address after a NAT64 prefix. The ninth octet is none of it."""
    octets, start = ip.packed, prefix_length // 8
    octets = octets if start > 8 else octets[:8] + octets[9:]
    return ipaddress.IPv4Address(octets[start : start + 4])


def guarded_session(allowed_origins: Collection[str] = ()) -> requests.Session:
    """Return a session that disconnects, before sending a request, from a peer that is neither public nor allowed."""
    allowed = {_host_and_port(item) for item in allowed_origins}

    def vet(peer: socket.socket, host: str, port: int) -> None:
        """Raise `OSError` unless the connected peer is allowed."""
        if (host.strip("[]").lower(), port) not in allowed:
            guard_peer(peer, host)

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
