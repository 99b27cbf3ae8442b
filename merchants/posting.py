"""One POST to somebody else's server: no redirect, no proxy, a bound on everything, and only to an address that is public when
its name is resolved and when it is connected to. No Django, no database: threads run this."""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from core.outbound import Network, Resolve, resolve, seconds_to_wait

CONNECT_SECONDS, TOTAL_SECONDS = 5, 15
#: Of an answer so many bytes are read at most, and so many characters kept.
MOST_READ, MOST_KEPT = 64 * 1024, 1_000
LONGEST_WAIT = 24 * 3600
_ADDRESSES = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back (`status`, the beginning of the answer), or why nothing did (`problem`). `wait`: seconds that the other
    side asked for."""

    milliseconds: int
    status: int | None = None
    problem: str = ""
    answer: str = ""
    wait: int = 0

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class _Failed(Exception):
    """Why nothing came back."""


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, network: Network, resolve: Resolve = resolve,
    connect: float = CONNECT_SECONDS, total: float = TOTAL_SECONDS,
) -> Outcome:  # fmt: skip
    """Send `body` and say what happened; never raises for what the other side does."""
    began = time.monotonic()
    status, problem, answer, wait = None, "", "", 0
    try:
        status, answer, wait = _asked(urlsplit(url), body, headers, network, resolve, connect, began + total)
    except _Failed as failure:
        problem = str(failure)
    return Outcome(round((time.monotonic() - began) * 1000), status, problem, answer, wait)


def _asked(
    target: SplitResult, body: bytes, headers: Mapping[str, str], network: Network, resolve: Resolve, connect: float,
    deadline: float,
) -> tuple[int, str, int]:  # fmt: skip
    host = target.hostname or ""
    port = target.port or (443 if target.scheme == "https" else 80)
    opened = _opened(host, port, network, resolve, connect, deadline)
    sock = _secured(opened, host, connect) if target.scheme == "https" else opened
    with sock, _ended_at(deadline, sock) as is_over:
        sock.settimeout(max(0.05, deadline - time.monotonic()))
        connection = http.client.HTTPConnection(host, port)
        connection.sock = sock
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        try:
            connection.request("POST", path, body, {**headers, "Connection": "close"})
            response = connection.getresponse()
            if is_over.is_set():  # headers that were cut off look like ones that end
                raise _Failed("timeout")
            return response.status, _beginning(response, deadline), _wait(response)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _Failed("timeout" if is_over.is_set() or isinstance(error, TimeoutError) else "unanswered") from None


def _opened(host: str, port: int, network: Network, resolve: Resolve, connect: float, deadline: float) -> socket.socket:
    """A connection to one of the very addresses that were checked, and checked again as it stands."""
    problem = "unanswered"
    for address in _addresses(host, port, network, resolve)[:_ADDRESSES]:
        left = min(connect, deadline - time.monotonic())
        if left <= 0:
            break
        try:
            sock = socket.create_connection((address, port), timeout=left)
        except OSError as error:
            problem = "timeout" if isinstance(error, TimeoutError) else "unanswered"
            continue
        if network.allows(str(sock.getpeername()[0]), port):
            return sock
        sock.close()
        raise _Failed("address_not_allowed")
    raise _Failed(problem)


def _addresses(host: str, port: int, network: Network, resolve: Resolve) -> list[str]:
    try:
        found = resolve(host, port)
    except (OSError, UnicodeError):
        raise _Failed("address_unknown") from None
    if not found:
        raise _Failed("address_unknown")
    # One that is not public among others is a name made to lead inside.
    if not all(network.allows(address, port) for address in found):
        raise _Failed("address_not_allowed")
    return found


def _secured(sock: socket.socket, host: str, connect: float) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    try:
        secure = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    except (OSError, ValueError):
        sock.close()
        raise _Failed("unanswered") from None
    with _ended_at(time.monotonic() + connect, secure) as is_over:
        try:
            secure.do_handshake()
        except OSError as error:
            secure.close()
            is_certificate = isinstance(error, ssl.SSLCertVerificationError)
            is_late = is_over.is_set() or isinstance(error, TimeoutError)
            raise _Failed("certificate" if is_certificate else "timeout" if is_late else "unanswered") from None
    return secure


@contextlib.contextmanager
def _ended_at(deadline: float, sock: socket.socket) -> Iterator[threading.Event]:
    """Cuts the connection when its time is over: a time-out of a socket is begun anew with every byte that drips in."""
    is_over = threading.Event()

    def cut() -> None:
        is_over.set()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield is_over
    finally:
        timer.cancel()


def _beginning(response: http.client.HTTPResponse, deadline: float) -> str:
    """The beginning of the answer as text. The status has been said: an answer that breaks off is still that answer."""
    content = bytearray()
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        while len(content) < MOST_READ and time.monotonic() < deadline:
            piece = response.read1(min(16 * 1024, MOST_READ - len(content)))
            if not piece:
                break
            content += piece
    # The database takes no NUL.
    return content[: MOST_KEPT * 4].decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")[:MOST_KEPT]


def _wait(response: http.client.HTTPResponse) -> int:
    if response.status not in (429, 503):
        return 0
    return seconds_to_wait(response.headers.get("Retry-After", ""), most=LONGEST_WAIT)
