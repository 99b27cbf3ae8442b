"""`python -m bench checkout [--products N] [--seconds S] [--clients C]`: orders a second through the site, beside the same six
writes raw in PostgreSQL.

A client is a process with an open connection; each order is a buyer of their own, whose basket stands ready: one POST of the
checkout's form to gunicorn as it runs in production. All buy one variant, then each of a thousand. The limit is as many processes
that write an order, parcel, line, reservation and payment and take a piece of one variant's stock, one transaction each and
nothing else.
"""

import http.client
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import psycopg
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection, connections
from django.db.models import F, Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone
from psycopg import sql
from psycopg.types.json import Jsonb

from bench.goods import make_rows, settle
from bench.processes import Server, serving
from bench.report import Row, bounded
from catalog.models import Market, Stock, Variant
from core.bulk import insert_rows
from core.ids import new_public_id
from licensing.models import Licence
from merchants.models import Merchant
from orders.models import Basket, BasketLine, Order, OrderLine, Parcel, Payment, Reservation, ShippingRate
from orders.placing import Buyer, Terms, new_number, place_lines
from orders.quoting import Wanted, quote
from scripts.steps import Failed, step

#: Orders a second, beside the raw writes of a variant that all want: what is promised.
LEAST = 0.12
#: So many variants are bought from when not all want the same; each rate is the best of so many goes, one where a go is too short
#: to prove anything.
VARIANTS, ROUNDS, SHORT = 1_000, 2, 3
#: Baskets that stand ready, for each client and second; pieces in the last run, in which they run out.
MOST_A_SECOND, LAST_PIECES = 60, 50
ENOUGH = 1_000_000
ADDRESS = {
    "name": "Lin Wei", "street_address": "41 Division Street", "city": "New York", "country_area": "NY", "postal_code": "10002",
    "country_code": "US",
}  # fmt: skip
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Ready:
    """A basket that somebody is about to order: the cookie, and the form as they would send it."""

    token: str
    body: str


def measure(products: int, *, server: str, folder: Path, seconds: int = 5, clients: int = 8) -> list[Row]:
    make_rows(products)
    _open_shop()
    totals = _totals()
    hot = next(iter(totals))
    settle()
    raw, one, many = [], [], []
    payments = {"PAYMENT_PROVIDERS": "sandbox", "SANDBOX_PRIVATE_KEY": _key(), "BEHIND_PROXY": "true"}
    os.environ.update(payments)  # BEHIND_PROXY: each buyer comes from an address of their own
    statements = _statements(hot, totals[hot], payments["SANDBOX_PRIVATE_KEY"])
    writer = RawOrders(hot, totals[hot])
    with serving(folder, workers=2, threads=4) as site:
        _post_all(site, [_baskets([hot], totals, 20)])  # what a process learns once
        for number in range(1, (1 if seconds < SHORT else ROUNDS) + 1):
            with step(f"round {number}: raw, one variant, {len(totals):,} variants"):
                raw.append(_rate(clients, writer.run, seconds))
                one.append(_orders_a_second(site, [hot], totals, seconds, clients))
                many.append(_orders_a_second(site, list(totals), totals, seconds, clients))
        with step(f"{LAST_PIECES} pieces for many"):
            sold = _sell_out(site, hot, totals, clients)
    limit = max(raw)
    return [
        _rate_row("orders a second, one variant", max(one), limit),
        _rate_row(f"orders a second, {len(totals):,} variants", max(many), limit),
        bounded("SQL statements of an order's POST", statements, "statements", most=30, against="counted"),
        bounded("sold beyond the stock", max(sold - LAST_PIECES, 0), "pieces", most=0, against=f"{LAST_PIECES} were there"),
        bounded("left unsold", max(LAST_PIECES - sold, 0), "pieces", most=0, against=f"{LAST_PIECES} were there"),
        bounded("counters that disagree", _disagreeing(), "rows", most=0, against="stock, reservations, units"),
    ]  # fmt: skip


def _rate_row(name: str, value: float, limit: float) -> Row:
    ratio = value / limit
    against = f"six raw writes, one variant: {limit:.4g} 1/s"
    return Row(name, round(value, 1), "1/s", round(ratio, 3), against, f"≥ {LEAST:g} ×", ratio >= LEAST)


# -- what is bought ----------------------------------------------------------------------------------


def _open_shop() -> None:
    """Every merchant sends to the United States, and nothing runs out."""
    market = _market()
    ShippingRate.objects.bulk_create(
        ShippingRate(merchant=merchant, market=market, amount=1200) for merchant in Merchant.objects.all()
    )
    market.tax_rates.create(country="US", rate="0.08", starts_on="2020-01-01")
    Stock.objects.update(on_hand=ENOUGH)


def _market() -> Market:
    return Market.objects.get(code="us")


def _totals() -> dict[int, int]:
    """Variants that can be bought, and what an order of one piece costs."""
    market, at, found = _market(), timezone.now(), dict[int, int]()
    with step("asking what can be sold"):
        for pk in Variant.objects.order_by("pk").values_list("pk", flat=True).iterator():
            quoted = quote([Wanted(pk, 1)], market, country="US", region="NY", at=at)
            if quoted.is_sellable:
                found[pk] = quoted.total_amount
            if len(found) == VARIANTS:
                break
    if not found:
        raise Failed("nothing can be bought in the United States")
    return found


def _baskets(variants: Sequence[int], totals: dict[int, int], count: int) -> list[Ready]:
    """So many baskets with one piece each, of the variants in turn."""
    market, at = _market(), timezone.now()
    wanted = list(islice(cycle(variants), count))
    tokens = [uuid4().hex for _basket in wanted]
    Basket.objects.bulk_create(
        Basket(key=sha256(token.encode()).hexdigest(), market=market, country="US", created_at=at, updated_at=at)
        for token in tokens
    )
    made = dict(Basket.objects.filter(lines=None).values_list("key", "pk"))
    insert_rows(
        BasketLine,
        ("basket_id", "variant_id", "quantity", "seen_amount", "added_at"),
        (
            (made[sha256(token.encode()).hexdigest()], variant, 1, totals[variant], at)
            for token, variant in zip(tokens, wanted, strict=True)
        ),
    )
    return [
        Ready(token, _form(totals[variant], token)) for token, variant in zip(tokens, wanted, strict=True)
    ]  # fmt: skip


def _form(total: int, token: str) -> str:
    said = {
        "country": "US",
        "email": f"{token}@example.com",
        "consent": "on",
        "pay": "sandbox:wap",
        "total": str(total),
    }
    return urlencode(said | ADDRESS | {"checkout_key": uuid4().hex})


# -- through the site --------------------------------------------------------------------------------


def _orders_a_second(
    site: Server, variants: Sequence[int], totals: dict[int, int], seconds: int, clients: int
) -> float:
    count = seconds * MOST_A_SECOND
    # Every client goes its own way through the variants.
    baskets = [
        _baskets([*variants[i * len(variants) // clients :], *variants[: i * len(variants) // clients]], totals, count)
        for i in range(clients)
    ]
    return _rate(clients, lambda client, until: _post(site, baskets[client], client, until).get(303, 0), seconds)


def _address(token: str) -> str:
    """Each buyer comes from a place of their own, or the shop would turn them away."""
    return ".".join(["10", *map(str, sha256(token.encode()).digest()[:3])])


def _post(site: Server, baskets: Sequence[Ready], client: int, until: float) -> Counter[int]:
    """Send one form after the other until the time is over; answers how often each status came."""
    asked = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    answers = Counter[int]()
    for ready in baskets:
        if time.monotonic() > until:
            break
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"basket={ready.token}",
            "X-Forwarded-For": _address(ready.token),
        }
        asked.request("POST", "/us/en/checkout/", ready.body, headers)
        answer = asked.getresponse()
        page = answer.read()
        if answer.status not in (303, 422):
            raise Failed(f"the checkout answered {answer.status}: {page[:300]!r}")
        answers[answer.status] += 1
    asked.close()
    return answers


def _post_all(site: Server, baskets: Sequence[Sequence[Ready]]) -> int:
    """Every client sends all its forms; how many orders that made."""
    forever = time.monotonic() + 600
    done = _at_once(len(baskets), lambda client: _post(site, baskets[client], client, forever).get(303, 0))
    if not sum(done):
        raise Failed("nothing could be ordered")
    return sum(done)


def _sell_out(site: Server, hot: int, totals: dict[int, int], clients: int) -> int:
    """LAST_PIECES of the variant, and twice as many buyers."""
    Stock.objects.filter(variant=hot).update(on_hand=F("reserved") + LAST_PIECES)
    return _post_all(site, [_baskets([hot], totals, 2 * LAST_PIECES // clients + 1) for _client in range(clients)])


def _statements(hot: int, total: int, key: str) -> int:
    [first, second] = _baskets([hot], {hot: total}, 2)
    with override_settings(PAYMENT_PROVIDERS=["sandbox"], SANDBOX_PRIVATE_KEY=key):
        _post_here(first)  # what a process learns once does not count
        with CaptureQueriesContext(connection) as seen:
            _post_here(second)
    return len(seen)


def _post_here(ready: Ready) -> None:
    client = Client()
    client.cookies["basket"] = ready.token
    answer = client.post("/us/en/checkout/", ready.body, content_type="application/x-www-form-urlencoded")
    if answer.status_code != 303:
        raise Failed(f"the checkout answered {answer.status_code}")


def _key() -> str:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()


# -- raw -------------------------------------------------------------------------------------------------


class RawOrders:
    """The six writes of an order, with the values of a real one, by psycopg alone."""

    def __init__(self, variant: int, total: int) -> None:
        at = timezone.now()
        buyer = Buyer(email="raw@example.com", language="en", address=ADDRESS)
        terms = Terms(
            country="US", region="NY", expected_total=total, checkout_key=uuid4().hex, provider="sandbox", method="wap"
        )
        order = place_lines([Wanted(variant, 1)], _market(), buyer, terms, at=at)
        self._variant = variant
        self._rows = [
            (model, dict(model.objects.filter(**{"pk" if model is Order else "order": order.pk}).values().get()))  # type: ignore[attr-defined]
            for model in (Order, Parcel, OrderLine, Payment, Reservation)
        ]
        self._statements = {model: _insert(model, row) for model, row in self._rows}

    def run(self, client: int, until: float) -> int:
        done = 0
        settings = connection.settings_dict
        with psycopg.connect(
            host=settings["HOST"], port=settings["PORT"], user=settings["USER"], password=settings["PASSWORD"],
            dbname=settings["NAME"], autocommit=True,
        ) as raw:  # fmt: skip
            while time.monotonic() < until:
                with raw.transaction():
                    self._write(raw)
                done += 1
        return done

    def _write(self, raw: psycopg.Connection) -> None:
        keys: dict[str, int] = {}
        for model, row in self._rows:
            fresh = row | {name: value for name, value in keys.items() if name in row}
            for name, new in _NEW.items():
                if name in fresh:
                    fresh[name] = new(model)
            values = [Jsonb(value) if isinstance(value, dict | list) else value for value in fresh.values()]
            found = raw.execute(self._statements[model], values[1:]).fetchone()
            assert found is not None
            keys[{Order: "order_id", Parcel: "parcel_id"}.get(model, "")] = found[0]
        moved = raw.execute(
            "UPDATE catalog_stock SET reserved = reserved + 1, updated_at = %s WHERE variant_id = %s"
            " AND reserved <= on_hand - 1",
            [timezone.now(), self._variant],
        )
        if moved.rowcount != 1:
            raise Failed("the raw writes found no stock")


_NEW: dict[str, Callable[[Any], str]] = {
    "public_id": lambda model: new_public_id(model._meta.label_lower.rpartition(".")[2][:3]),
    "number": lambda _model: new_number(),
    "checkout_key": lambda _model: uuid4().hex,
}


def _insert(model: Any, row: dict[str, Any]) -> sql.Composed:
    columns = list(row)[1:]  # the first is the key
    return sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        sql.Identifier(model._meta.db_table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
    )


# -- many at once ------------------------------------------------------------------------------------


def _rate(clients: int, work: Callable[[int, float], int], seconds: int) -> float:
    """How many a second all clients together did, from the moment when all stood ready until the last was done."""
    start = _FORK.Barrier(clients)

    def client_work(client: int) -> tuple[int, float]:
        start.wait(60)
        began = time.monotonic()
        done = work(client, began + seconds)
        return done, time.monotonic() - began

    found = _at_once(clients, client_work)
    return sum(done for done, _took in found) / max(took for _done, took in found)


def _at_once(clients: int, work: Callable[[int], Any]) -> list[Any]:
    """What each client answers, every one of them a process."""
    connections.close_all()
    ends = [_FORK.Pipe(duplex=False) for _client in range(clients)]
    processes = [
        _FORK.Process(target=lambda client=client: ends[client][1].send(work(client)), daemon=True)
        for client in range(clients)
    ]
    for process in processes:
        process.start()
    for _ours, theirs in ends:
        theirs.close()
    try:
        return [ours.recv() for ours, _theirs in ends]
    except EOFError:
        raise Failed("a client ended before its time") from None
    finally:
        for process in processes:
            process.join(10)


# -- afterwards ------------------------------------------------------------------------------------------


def _disagreeing() -> int:
    """Variants and licences whose counts are not what the orders' rows say. The raw writes take no units, and their orders are
    told by their address."""
    held = dict(Reservation.objects.values_list("variant").annotate(Sum("pieces")))
    stock = Stock.objects.filter(reserved__gt=0).values_list("variant", "reserved")
    units = Counter[int]()
    of_buyers = OrderLine.objects.exclude(order__email="raw@example.com")
    for licence, pieces in of_buyers.values_list("licence").annotate(Sum("quantity")):
        units[licence] += pieces
    raw = OrderLine.objects.filter(order__email="raw@example.com").order_by("pk").first()
    if raw is not None and raw.licence_id is not None:
        units[raw.licence_id] += 1  # the one whose values they have was placed
    used = Licence.objects.filter(units_used__gt=0).values_list("pk", "units_used")
    return len(set(stock) ^ set(held.items())) + len(set(used) ^ set(units.items()))
