"""A picture by its address, without reaching anything that is not public. Known to the child process, so no Django here.

Names are resolved once, every answer has to be public, and the connection goes to that very address: what a name means a
moment later does not matter. Total time is bounded by whoever runs this (catalog/images/child.py).
"""

import contextlib
import socket
from collections.abc import Iterator
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3

from catalog.images.look import LARGEST_FILE, Unfit
from core.outbound import INTERNET, Network, Resolve, resolve, seconds_to_wait

MOST_REDIRECTS = 3
TIMEOUT = urllib3.Timeout(connect=5, read=10)
_PIECE = 64 * 1024
_LATER_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT = 6 * 3600


class Later(Exception):
    """It did not come now and may come later. `wait`: seconds that the other side asked for."""

    def __init__(self, code: str, wait: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.wait = wait


def fetch(address: str, *, agent: str, network: Network = INTERNET, resolve: Resolve = resolve) -> bytes:
    """What is there. Refuses (Unfit) what will not become better, and says Later of what may."""
    for _hop in range(MOST_REDIRECTS + 1):
        target = _parts(address)
        with _opened(target, agent, network, resolve) as response:
            if response.status in (301, 302, 303, 307, 308) and (further := response.headers.get("Location")):
                address = urljoin(address, further)
                continue
            return _body(response)
    raise Unfit("address_redirects")


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise Unfit("address_not_allowed") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or port == 0:
        raise Unfit("address_not_allowed")
    return parts


def _addresses(host: str, port: int, network: Network, resolve: Resolve) -> list[str]:
    try:
        found = resolve(host, port)
    except socket.gaierror as error:
        if error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL):
            raise Later("address_unanswered") from error
        raise Unfit("address_unknown") from error
    except UnicodeError:  # a name that no name server can be asked
        raise Unfit("address_not_allowed") from None
    if not found:
        raise Unfit("address_unknown")
    # One that is not public among others is a name made to lead inside.
    if not all(network.allows(address, port) for address in found):
        raise Unfit("address_not_allowed")
    return found


@contextlib.contextmanager
def _opened(target: SplitResult, agent: str, network: Network, resolve: Resolve) -> Iterator[urllib3.BaseHTTPResponse]:
    """An answer from one of the very addresses that were checked."""
    host = target.hostname or ""
    port = target.port or (443 if target.scheme == "https" else 80)
    failure: Exception | None = None
    for address in _addresses(host, port, network, resolve)[:3]:
        with _pool(target.scheme, address, port, host) as pool:
            try:
                response = _ask(pool, target, agent)
            except urllib3.exceptions.LocationValueError:
                raise Unfit("address_not_allowed") from None
            except (urllib3.exceptions.HTTPError, OSError) as error:
                failure = error
                continue
            try:
                yield response
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise Later("address_unanswered") from error
            finally:
                response.close()
            return
    if isinstance(failure, urllib3.exceptions.SSLError):
        raise Unfit("address_certificate") from failure
    raise Later("address_unanswered") from failure


def _pool(scheme: str, address: str, port: int, host: str) -> urllib3.HTTPConnectionPool:
    if scheme == "http":
        return urllib3.HTTPConnectionPool(address, port, timeout=TIMEOUT, retries=False)
    return urllib3.HTTPSConnectionPool(
        address, port, timeout=TIMEOUT, retries=False, cert_reqs="CERT_REQUIRED", server_hostname=host,
        assert_hostname=host,
    )  # fmt: skip


def _ask(pool: urllib3.HTTPConnectionPool, target: SplitResult, agent: str) -> urllib3.BaseHTTPResponse:
    path = target.path or "/"
    headers = {
        "Host": target.netloc,
        "User-Agent": agent,
        "Accept": "image/avif,image/webp,image/*;q=0.8",
        "Accept-Encoding": "identity",
    }
    query = f"?{target.query}" if target.query else ""
    return pool.request(
        "GET", path + query, headers=headers, redirect=False, preload_content=False, decode_content=False
    )


def _body(response: urllib3.BaseHTTPResponse) -> bytes:
    """As much as a picture may have, whatever the headers promise."""
    if response.status in _LATER_STATUSES:
        raise Later("address_unanswered", seconds_to_wait(response.headers.get("Retry-After", ""), most=_LONGEST_WAIT))
    if response.status != 200:
        raise Unfit("address_not_found")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Unfit("picture_unknown_format")
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > LARGEST_FILE:
        raise Unfit("picture_file_too_large")
    content = bytearray()
    while piece := response.read1(_PIECE):
        content += piece
        if len(content) > LARGEST_FILE:
            raise Unfit("picture_file_too_large")
    if length.isdigit() and len(content) < int(length):
        raise Later("address_unanswered")
    return bytes(content)
