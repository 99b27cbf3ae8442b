"""`python -m bench api [--products N]`: what a partner's request costs in CPU, application and database together, beside a bare
view; the same with a hundredth of the goods; and a file of goods through the API beside the COPY of what it became.

One merchant's key asks: pages of a hundred of its products, one product, and pieces of stock, each with its answer read whole.
"""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from bench.databases import new_database
from bench.goods import film_slugs, make_rows, make_shop, settle
from bench.imports import copy_again
from bench.merchant_file import write_shopify
from bench.processes import Server, cpu_seconds, serving
from bench.report import Row, compared
from catalog.models import Stock
from licensing.models import Category
from merchants.keys import make_key
from merchants.models import Merchant, PartnerKey
from scripts.steps import ROOT, Failed, step

#: Times the bare view, at most. A page is a hundred rows; one product is asked of the gate in every market, with its reasons.
MOST = {"list of 100 products": 25.0, "one product": 16.0, "stock write": 9.0}
#: How much more a request may cost with a hundred times the goods.
FLAT = 1.25
#: Times what COPY takes, for a file of so many rows.
MOST_OF_COPY, FILE_ROWS = 8, 100_000
#: Every figure is the least of so many goes; with so few products that nothing is proved, one is enough.
ROUNDS, FEW = 3, 1_000

Ask = Callable[[http.client.HTTPConnection], None]


@dataclass(frozen=True, slots=True)
class Partner:
    """Asks with its key."""

    secret: str

    def ask(
        self, client: http.client.HTTPConnection, address: str, body: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], http.client.HTTPResponse]:
        headers = {"Authorization": f"Bearer {self.secret}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        client.request("PUT" if body else "GET", f"/api/v1/{address}", json.dumps(body) if body else None, headers)
        answer = client.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise Failed(f"{address} answered {answer.status}: {text[:300]!r}")
        return json.loads(text), answer


def measure(products: int, *, server: str, folder: Path) -> list[Row]:
    few = max(60, products // 100)
    small, unit = _costs(few, folder)
    large = small
    if products > few:
        _empty()
        large, unit = _costs(products, folder)
    rows = [
        compared(
            f"{name}, {products:,} products", cost, "ms", limit=unit, most=MOST[name],
            against="bare view, one query and a template",
        )
        for name, cost in large.items()
    ]  # fmt: skip
    rows += [
        compared(f"{name}, flat", cost, "ms", limit=small[name], most=FLAT, against=f"with {few:,} products")
        for name, cost in large.items()
    ]
    _empty()
    return [*rows, _file_row(FILE_ROWS if products >= FEW else 60, server, folder)]


def _costs(products: int, folder: Path) -> tuple[dict[str, float], float]:
    """CPU milliseconds of each request, and of the bare view."""
    make_rows(products)
    settle()
    with connection.cursor() as cursor:
        # Work done by helpers of a backend would not be found in its own account.
        cursor.execute(f'ALTER DATABASE "{connection.settings_dict["NAME"]}" SET max_parallel_workers_per_gather = 0')
    merchant = Merchant.objects.get(pk=1)
    rounds = ROUNDS if products >= FEW else 1
    with step("asking the bare view"), serving(folder, settings="bench.settings_bare", workers=1, threads=1) as site:
        wanted = range(1, products + 1, max(1, products // 300))
        unit = _least(site, [_bare(pk) for pk in wanted], requests=1_500 if rounds > 1 else 60, rounds=rounds)
    partner, costs = _partner(merchant), {}
    os.environ["API_RATE"] = "1000000/60"
    with step("asking the API"), serving(folder, workers=1, threads=1) as site:
        for name, (asks, requests) in _kinds(partner, merchant, site).items():
            costs[name] = _least(site, asks, requests=requests if rounds > 1 else 20, rounds=rounds)
    return costs, unit


def _kinds(partner: Partner, merchant: Merchant, site: Server) -> dict[str, tuple[list[Ask], int]]:
    """What is asked, and how often."""
    client = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    pages = list(_pages(partner, client, most=60))
    client.close()
    ids = list(merchant.products.order_by("pk").values_list("public_id", flat=True)[:300])
    variants = list(
        Stock.objects.filter(variant__product__merchant=merchant)
        .order_by("pk")
        .values_list("variant__public_id", "on_hand")[:300]
    )
    return {
        "list of 100 products": ([_get(partner, page) for page in pages], 120),
        "one product": ([_get(partner, f"own/products/{name}") for name in ids], 600),
        "stock write": ([_write(partner, name, pieces) for name, pieces in variants], 600),
    }


def _pages(partner: Partner, client: http.client.HTTPConnection, *, most: int) -> Iterator[str]:
    """The addresses of a merchant's list, one after the other."""
    address = "own/products?limit=100"
    for _number in range(most):
        yield address
        told, _answer = partner.ask(client, address)
        if told["next_cursor"] is None:
            return
        address = f"own/products?limit=100&cursor={told['next_cursor']}"


def _get(partner: Partner, address: str) -> Ask:
    def ask(client: http.client.HTTPConnection) -> None:
        partner.ask(client, address)

    return ask


def _write(partner: Partner, variant: str, pieces: int) -> Ask:
    """A count that finds one piece more each time."""
    found = pieces

    def ask(client: http.client.HTTPConnection) -> None:
        nonlocal found
        body = {"quantity": found + 1, "expected_quantity": found, "reason": "count"}
        partner.ask(client, f"own/variants/{variant}/stock", body)
        found += 1

    return ask


def _bare(pk: int) -> Ask:
    def ask(client: http.client.HTTPConnection) -> None:
        client.request("GET", f"/bare/{pk}/")
        answer = client.getresponse()
        answer.read()
        if answer.status != 200:
            raise Failed(f"the bare view answered {answer.status}")

    return ask


def _least(site: Server, asks: Sequence[Ask], *, requests: int, rounds: int) -> float:
    """CPU milliseconds per request, of application and database."""
    client = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    line = cycle(asks)

    def go(count: int) -> None:
        for _number in range(count):
            next(line)(client)

    go(min(20, requests))
    costs = []
    for _round in range(rounds):
        began = cpu_seconds(site)
        go(requests)
        costs.append((cpu_seconds(site) - began) / requests * 1000)
    client.close()
    return min(costs)


def _partner(merchant: Merchant) -> Partner:
    at = timezone.now()
    return Partner(make_key(merchant, name="bench", scopes=PartnerKey.Scope.values, by=None, at=at).secret)


def _file_row(rows: int, server: str, folder: Path) -> Row:
    """A file of goods sent to the API and brought in by a worker, beside the COPY of the rows that it became."""
    make_shop()
    path, source = folder / "goods.csv", os.environ["DATABASE_URL"]
    write_shopify(path, rows, film_slugs(), list(Category.objects.order_by("pk").values_list("code", flat=True)))
    partner = _partner(Merchant.objects.get(pk=1))
    connection.close()  # nobody may be connected to what is copied
    with new_database(server, copy_of=source) as database, step(f"bringing {rows:,} rows in"):
        os.environ["DATABASE_URL"] = database
        try:
            with serving(folder, workers=1, threads=1) as site:
                sent = _send(site, partner, path)
            seconds = sent + _work()
        finally:
            os.environ["DATABASE_URL"] = source
        copied, limit = copy_again(database, source, folder)
    path.unlink()
    return compared(
        f"file of {rows:,} rows, {rows / seconds:,.0f} rows/s", seconds, "s", limit=limit, most=MOST_OF_COPY,
        against=f"COPY of the same {copied:,} rows",
    )  # fmt: skip


def _send(site: Server, partner: Partner, path: Path) -> float:
    """Seconds until the API has taken the file."""
    client = http.client.HTTPConnection("127.0.0.1", site.port, timeout=120)
    headers = {
        "Authorization": f"Bearer {partner.secret}", "Content-Type": "text/csv", "Idempotency-Key": "bench",
        "Content-Length": str(path.stat().st_size),
    }  # fmt: skip
    began = timezone.now()
    with path.open("rb") as file:
        client.request("POST", "/api/v1/bulk/products?currency=USD", file, headers)
        answer = client.getresponse()
        text = answer.read()
    client.close()
    if answer.status != 202:
        raise Failed(f"the file was answered with {answer.status}: {text[:300]!r}")
    return (timezone.now() - began).total_seconds()


def _work() -> float:
    """Seconds that a worker takes to bring in what waits. Its jobs go nowhere."""
    environ = {**os.environ, "BROKER_URL": "memory://"}
    command = [sys.executable, "-m", "bench.bulk_once"]
    child = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    told = json.loads(child.stdout.splitlines()[-1]) if child.returncode == 0 else {}
    if told.get("state") != "done":
        raise Failed(f"the file was not brought in: {told or child.stderr.strip()[-500:]}")
    return float(told["seconds"])


def _empty() -> None:
    """Every row goes, the tables stay."""
    kept = {"django_migrations", "django_content_type", "auth_permission"}
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name not in kept]
        quoted = ", ".join(connection.ops.quote_name(name) for name in tables)
        cursor.execute(f"TRUNCATE {quoted} RESTART IDENTITY CASCADE")
