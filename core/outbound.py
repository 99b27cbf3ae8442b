"""Where connections to other people's servers may go. Known to processes without Django, so none of it here.

Names are resolved once, every answer has to be public, and the connection goes to that very address: what a name means a
moment later does not matter.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NAT64, _GIVEN_OUT = IPv6Network("64:ff9b::/96"), IPv6Network("2000::/3")
#: Public by their number, yet not somebody's server: clouds' services for the machine that asks, a relay of old.
_NOT_FOR_US = tuple(IPv4Network(net) for net in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24"))

Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Network:
    """Where connections may go: public addresses on these ports, and `also` ("127.0.0.1:8080") for a test's own server."""

    ports: tuple[int, ...] = (80, 443)
    also: tuple[str, ...] = ()

    def allows(self, address: str, port: int) -> bool:
        return f"{address}:{port}" in self.also or (port in self.ports and is_public(address))


INTERNET = Network()


def is_public(address: str) -> bool:
    """Whether it is somebody else's server on the internet, also when it is written as IPv6."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inside = IPv4Address(ip.packed[-4:])
        if inside is not None:
            return is_public(str(inside))
        return ip in _GIVEN_OUT and ip.is_global and ip.teredo is None
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not any(ip in net for net in _NOT_FOR_US)


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, in the order in which this machine would try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in found))


def seconds_to_wait(header: str, *, most: int) -> int:
    """Seconds of a Retry-After, a number or a date; 0 when it says neither."""
    if header.isascii() and header.isdigit():
        return min(int(header[:12]), most)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return 0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0, min(int((at - datetime.now(UTC)).total_seconds()), most))
