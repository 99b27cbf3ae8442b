"""Keys made once, a payment of an order, and an HTTP server on this machine that plays a provider."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from catalog.models import Stock, Variant
from orders.models import Order, Payment, PaymentEvent, Refund
from tests.orders.conftest import Place


@dataclass(frozen=True)
class Pair:
    private: str
    public: str


def make_pair() -> Pair:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Pair(private.decode(), public.decode())


@pytest.fixture(scope="session")
def shop_keys() -> Pair:
    return make_pair()


@pytest.fixture(scope="session")
def provider_keys() -> Pair:
    return make_pair()


@pytest.fixture(scope="session")
def strange_keys() -> Pair:
    return make_pair()


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Server:
    """Answers with what `answer` makes of a request: status and body. Remembers what it was asked."""

    address: str = ""
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked], tuple[int, str]] = lambda _asked: (500, "")


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            asked = Asked(self.command, self.path, dict(self.headers), body)
            found.asked.append(asked)
            status, text = found.answer(asked)
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(content)

        do_GET = answer  # noqa: N815 — the names are its parent's
        do_POST = answer  # noqa: N815

        def log_message(self, *_args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        found.address = f"http://127.0.0.1:{http.server_port}"
        yield found
        http.shutdown()
        thread.join()


@pytest.fixture
def order(place: Place, variant: Variant) -> Order:
    return place(variant, 2)


@pytest.fixture
def payment(order: Order) -> Payment:
    return order.payments.get()


def state_of_everything() -> tuple[object, ...]:
    """What a refusal must not touch."""
    return (
        list(Order.objects.order_by("pk").values("state", "review", "paid_at")),
        list(Payment.objects.order_by("pk").values("state", "received_amount", "provider_reference", "is_applied")),
        list(PaymentEvent.objects.order_by("pk").values("key", "verdict")),
        list(Refund.objects.order_by("pk").values("amount", "state")),
        list(Stock.objects.order_by("pk").values("on_hand", "reserved")),
    )
