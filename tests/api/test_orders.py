"""Orders by program: read, sent, cancelled, taken back; each merchant its own, and nothing twice."""

import csv
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from catalog.models import Stock, TaxRate, Variant
from licensing.takedowns import start_takedown
from merchants.models import Merchant
from orders.models import Order, Parcel, Refund, Reservation, Return, Shipment
from orders.returning import announce_return
from orders.shipping import ship
from tests.api.conftest import Clock, Partner
from tests.api.held import Held, make_held
from tests.factories import NOW, make_film, make_licence, make_market, make_merchant, make_product
from tests.orders.conftest import sells
from tests.panel.conftest import order_of

HOUR = timedelta(hours=1)


@pytest.fixture
def partner(db: None, clock: Clock) -> Partner:
    """Its answers are held against the document."""
    return make_held()


def goods_of(merchant: Merchant, stock: int = 20, **told: Any) -> Variant:
    licence = merchant.licences.first() or make_licence(make_film(), merchant)
    product = make_product(licence=licence, stock=stock, title_en="Ferry mug", **told)
    if not TaxRate.objects.exists():
        TaxRate.objects.create(market=make_market("us"), country="US", rate=Decimal("0.08"), starts_on="2020-01-01")
    if not merchant.shipping_rates.exists():
        sells(product)
    return product.variants.get()


@pytest.fixture
def goods(partner: Partner) -> Variant:
    return goods_of(partner.merchant)


@pytest.fixture
def parcel(goods: Variant) -> Parcel:
    """Three pieces, paid."""
    return order_of(goods, 3, phone="+1 212 555 0100").parcels.get()


def sending(parcel: Parcel, pieces: Any = 1, **more: Any) -> dict[str, Any]:
    return {"lines": [{"line": parcel.lines.get().public_id, "pieces": pieces}]} | more


def announced(parcel: Parcel, pieces: int = 1, **told: Any) -> Return:
    line = parcel.lines.get()
    ship(parcel, {line: pieces}, by=None, at=NOW)
    return announce_return(parcel, {line: pieces}, **{"reason": "wrong", "by": None, "at": NOW} | told)


def counters() -> list[Any]:
    """Everything that a verb here may move."""
    return [
        list(Parcel.objects.order_by("pk").values()),
        list(Parcel.objects.order_by("pk").values_list("lines__shipped", "lines__cancelled", "lines__returned")),
        list(Stock.objects.order_by("pk").values_list("on_hand", "reserved", "sold")),
        list(Reservation.objects.order_by("pk").values_list("pieces")),
        [model.objects.count() for model in (Shipment, Refund, AuditEntry)],
        list(Return.objects.order_by("pk").values()),
    ]


def test_from_the_list_to_the_parcel_on_its_way(partner: Partner, parcel: Parcel) -> None:
    (row,) = partner.get("orders?state=open").json()["data"]
    assert (row["id"], row["state"], row["pieces"], row["to_send"]) == (parcel.public_id, "to_send", 3, 3)

    answer = partner.post(
        f"orders/{row['id']}/shipments",
        sending(parcel, 2, carrier="DHL", tracking_number="J1", tracking_url="https://dhl.example/J1"),
    )
    assert answer.status_code == 201
    made = answer.json()
    assert made["lines"] == [{"line": parcel.lines.get().public_id, "sku": parcel.lines.get().variant.sku, "pieces": 2}]
    assert partner.get(answer["Location"].removeprefix("/api/v1/")).json() == made
    assert (made["carrier"], made["tracking_number"], made["delivered_at"]) == ("DHL", "J1", None)
    detail = partner.get(f"orders/{row['id']}").json()
    assert [detail["state"], detail["to_send"], [one["id"] for one in detail["shipments"]]] == [
        "partly",
        1,
        [made["id"]],
    ]

    sku = parcel.lines.get().variant.sku
    partner.post(f"orders/{row['id']}/shipments", {"lines": [{"sku": sku, "pieces": 1}]})
    assert [one["id"] for one in partner.get("orders?state=sent").json()["data"]] == [parcel.public_id]
    for shipment in Shipment.objects.all():
        answer = partner.post(f"shipments/{shipment.public_id}/delivered", "")
        assert (answer.status_code, answer.json()["delivered_at"]) == (200, "2026-11-22T12:00:00Z")
    assert partner.get(f"orders/{row['id']}").json()["state"] == "delivered"
    assert partner.post(f"shipments/{made['id']}/delivered", "").json()["code"] == "already_done"


def test_the_trail_names_the_key(partner: Partner, parcel: Parcel) -> None:
    partner.post(f"orders/{parcel.public_id}/shipments", sending(parcel))

    entry = AuditEntry.objects.get(verb="order.shipped")
    assert (entry.actor, entry.changes["key"]) == (None, partner.key.public_id)
    assert "key" not in AuditEntry.objects.get(verb="order.placed").changes


def test_an_order_says_every_figure_of_its_lines_and_no_mail_address(partner: Partner, parcel: Parcel) -> None:
    answer = partner.get(f"orders/{parcel.public_id}")

    said, line = answer.json(), parcel.lines.get()
    assert said["lines"] == [
        {
            "id": line.public_id, "product": line.product.public_id, "variant": line.variant.public_id,
            "sku": line.variant.sku, "article": line.sku, "title_en": "Ferry mug", "title_zh": line.title_zh,
            "options": {}, "licence": line.licence.number, "is_pre_order": False, "ordered": 3, "cancelled": 0,
            "sent": 0, "returned": 0, "to_send": 3, "stop": None,
            "unit_price": {"amount": "38.00", "currency": "USD"}, "regular_price": {"amount": "38.00", "currency": "USD"},
            "tax_rate": "0.08000", "tax": {"amount": "9.12", "currency": "USD"},
            "total": {"amount": "123.12", "currency": "USD"},
            "discount": {name: {"amount": "0.00", "currency": "USD"} for name in ("total", "studio", "merchant")},
        }
    ]  # fmt: skip
    assert (said["address"]["name"], said["address"]["phone"]) == ("Lin Wei", "+1 212 555 0100")
    assert parcel.order.email not in answer.content.decode()


def test_who_may_only_read_sees_the_country_alone(partner: Partner, parcel: Parcel) -> None:
    reader = make_held(partner.merchant, scopes=["orders:read"])

    said = reader.get(f"orders/{parcel.public_id}").json()

    assert (said["address"], said["country"]) == (None, "US")
    before = counters()
    answer = reader.post(f"orders/{parcel.public_id}/shipments", sending(parcel))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_needed")
    assert counters() == before


def test_a_rival_sees_its_part_and_nothing_of_the_others(partner: Partner, goods: Variant) -> None:
    rival = make_held(make_merchant("rival"))
    theirs = goods_of(rival.merchant)
    order = order_of(goods, 1, theirs, 1)
    mine = order.parcels.get(merchant=partner.merchant)
    back = announced(mine)
    sent = Shipment.objects.get()
    before = counters()

    assert [row["id"] for row in rival.get("orders").json()["data"]] == [
        order.parcels.get(merchant=rival.merchant).public_id
    ]
    assert rival.get("returns").json()["data"] == []
    nothing = rival.get("orders/par_nothing").json()
    for address in (f"orders/{mine.public_id}", f"orders/{mine.public_id}/shipments", f"shipments/{sent.public_id}",
                    f"returns/{back.public_id}"):  # fmt: skip
        answer = rival.get(address)
        assert (answer.status_code, answer.json() | {"instance": ""}) == (404, nothing | {"instance": ""})
    for address, body in (
        (f"orders/{mine.public_id}/shipments", sending(mine)),
        (f"orders/{mine.public_id}/cancel-pieces", sending(mine, reason="x")),
        (f"shipments/{sent.public_id}/delivered", ""),
        (f"returns/{back.public_id}/refuse", {"reason": "x"}),
        (f"returns/{back.public_id}/receive", {"lines": []}),
    ):
        assert rival.post(address, body).status_code == 404
    assert counters() == before


@pytest.mark.parametrize(
    "body, pointer, code",
    [
        ({}, "/lines", "required"),
        ({"lines": []}, "/lines", "empty"),
        ({"lines": "all"}, "/lines", "not_a_list"),
        ({"lines": [{"pieces": 1}]}, "/lines/0", "one_of"),
        ({"lines": [{"line": "LINE", "sku": "x", "pieces": 1}]}, "/lines/0", "one_of"),
        ({"lines": [{"line": "oli_nothing", "pieces": 1}]}, "/lines/0/line", "unknown"),
        ({"lines": [{"sku": "nothing", "pieces": 1}]}, "/lines/0/sku", "unknown"),
        ({"lines": [{"line": "LINE", "pieces": 1}, {"line": "LINE", "pieces": 1}]}, "/lines/1/line", "duplicate"),
        ({"lines": [{"line": "LINE", "pieces": 0}]}, "/lines/0/pieces", "min_value"),
        ({"lines": [{"line": "LINE", "pieces": -1}]}, "/lines/0/pieces", "min_value"),
        ({"lines": [{"line": "LINE", "pieces": 10**20}]}, "/lines/0/pieces", "max_value"),
        ({"lines": [{"line": "LINE", "pieces": "1"}]}, "/lines/0/pieces", "invalid"),
        ({"lines": [{"line": "LINE", "pieces": True}]}, "/lines/0/pieces", "invalid"),
        ({"lines": [{"line": 7, "pieces": 1}]}, "/lines/0/line", "invalid"),
        ({"lines": [{"line": "LINE", "pieces": 1, "why": 1}]}, "/lines/0/why", "unknown"),
        ({"carrier": "x" * 61}, "/carrier", "max_length"),
        ({"tracking_url": "javascript:alert(1)"}, "/tracking_url", "invalid"),
        ({"is_labelled": "yes"}, "/is_labelled", "invalid"),
        ({"tracking": "J1"}, "/tracking", "unknown"),
    ],
)
def test_a_body_that_is_wrong_is_told_where_and_sends_nothing(
    partner: Partner, parcel: Parcel, body: Any, pointer: str, code: str
) -> None:
    line = parcel.lines.get().public_id
    told = body if "lines" in body or not body else sending(parcel) | body
    if isinstance(told.get("lines"), list):
        told["lines"] = [row | ({"line": line} if row.get("line") == "LINE" else {}) for row in told["lines"]]
    before = counters()

    answer = partner.post(f"orders/{parcel.public_id}/shipments", told)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body")
    assert (pointer, code) in [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]
    assert counters() == before


def test_more_than_is_left_is_refused(partner: Partner, parcel: Parcel) -> None:
    before = counters()

    answer = partner.post(f"orders/{parcel.public_id}/shipments", sending(parcel, 4))

    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_pieces")
    assert counters() == before


def test_what_a_dispute_holds_says_why_in_the_gates_words(partner: Partner, parcel: Parcel) -> None:
    start_takedown(partner.merchant.licences.get(), claimant="A", reason="B", by=None, at=NOW)
    before = counters()

    answer = partner.post(f"orders/{parcel.public_id}/shipments", sending(parcel))

    assert (answer.status_code, answer.json()["code"]) == (409, "not_to_be_shipped")
    assert counters() == before
    said = partner.get(f"orders/{parcel.public_id}").json()
    assert (said["state"], said["lines"][0]["stop"]["waits"]) == ("held", False)
    assert said["lines"][0]["stop"]["codes"] == ["LICENCE_SUSPENDED"]
    assert [row["id"] for row in partner.get("orders?state=held").json()["data"]] == [parcel.public_id]


def test_one_key_twice_makes_one_shipment(partner: Partner, parcel: Parcel) -> None:
    address, body = f"orders/{parcel.public_id}/shipments", sending(parcel)

    first, second = (partner.post(address, body, idempotency_key="again") for _ in range(2))

    assert (first.status_code, first.content) == (201, second.content)
    assert second["Idempotent-Replayed"] == "true"
    assert partner.post(address, sending(parcel, 2), idempotency_key="again").status_code == 422
    assert Shipment.objects.count() == 1
    assert partner.client.post(
        f"/api/v1/{address}", body, "application/json", headers={"authorization": f"Bearer {partner.secret}"}
    ).json()["code"] == "idempotency_key_missing"  # fmt: skip


def test_pieces_that_cannot_be_sent_are_cancelled_and_given_back(partner: Partner, parcel: Parcel) -> None:
    address = f"orders/{parcel.public_id}/cancel-pieces"

    said = partner.post(address, sending(parcel, 1, reason="Broken in the kiln")).json()

    assert (said["lines"][0]["cancelled"], said["to_send"]) == (1, 2)
    assert list(Refund.objects.values_list("amount", "note")) == [(4104, "Broken in the kiln")]
    rest = partner.post(address, sending(parcel, 2, reason="The rest, too"))
    assert (rest.status_code, rest.json()["state"]) == (200, "cancelled")
    assert sum(Refund.objects.values_list("amount", flat=True)) == parcel.order.total_amount
    assert list(Stock.objects.values_list("on_hand", "reserved")) == [(20, 0)]
    assert Order.objects.get().state == "cancelled"
    over = partner.post(address, sending(parcel, 1, reason="Again"))
    assert (over.status_code, over.json()["code"]) == (409, "not_paid")


@pytest.mark.parametrize(
    "change, status, code",
    [
        ({"reason": " "}, 400, "invalid_body"),
        ({"reason": 1}, 400, "invalid_body"),
        ({"lines": [{"line": "LINE", "pieces": 4}]}, 422, "too_many_pieces"),
    ],
)
def test_a_cancellation_that_is_refused_changes_nothing(
    partner: Partner, parcel: Parcel, change: dict[str, Any], status: int, code: str
) -> None:
    body = sending(parcel, 1, reason="Broken") | change
    body["lines"] = [row | {"line": parcel.lines.get().public_id} for row in body["lines"]]
    before = counters()

    answer = partner.post(f"orders/{parcel.public_id}/cancel-pieces", body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert counters() == before


def test_a_return_is_received_and_refunded(partner: Partner, parcel: Parcel) -> None:
    back = announced(parcel, 2, note="Blue, not red")
    line = parcel.lines.get()
    (row,) = partner.get("returns?state=requested").json()["data"]
    assert (row["id"], row["order"], row["note"]) == (back.public_id, parcel.public_id, "Blue, not red")
    assert partner.get("orders").json()["data"][0]["open_returns"] == 1

    answer = partner.post(
        f"returns/{back.public_id}/receive", {"lines": [{"sku": line.variant.sku, "received": 2, "resaleable": 1}]}
    )

    assert answer.status_code == 200
    assert answer.json() == partner.get(f"returns/{back.public_id}").json()
    assert [answer.json()["state"], answer.json()["lines"][0]["resaleable"]] == ["received", 1]
    assert [refund.amount for refund in Refund.objects.all()] == [8208]
    assert partner.get("returns?state=requested").json()["data"] == []
    again = partner.post(f"returns/{back.public_id}/refuse", {"reason": "Worn"})
    assert (again.status_code, again.json()["code"]) == (409, "already_done")


@pytest.mark.parametrize(
    "row, status, code",
    [
        ({"received": 3, "resaleable": 0}, 422, "too_many_pieces"),
        ({"received": 1, "resaleable": 2}, 422, "bad_resaleable"),
        ({"received": 0, "resaleable": 0}, 422, "nothing_received"),
        ({"received": 1}, 400, "invalid_body"),
        ({"received": 1.5, "resaleable": 0}, 400, "invalid_body"),
    ],
)
def test_a_receipt_that_does_not_add_up_changes_nothing(
    partner: Partner, parcel: Parcel, row: dict[str, Any], status: int, code: str
) -> None:
    back = announced(parcel, 2)
    before = counters()

    answer = partner.post(
        f"returns/{back.public_id}/receive", {"lines": [{"line": parcel.lines.get().public_id} | row]}
    )

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert counters() == before


def test_a_return_is_refused_with_a_reason(partner: Partner, parcel: Parcel) -> None:
    back = announced(parcel)
    before = counters()
    assert partner.post(f"returns/{back.public_id}/refuse", {"reason": " "}).status_code == 400
    assert counters() == before

    said = partner.post(f"returns/{back.public_id}/refuse", {"reason": "It was worn"}).json()

    assert (said["state"], said["answer"], Refund.objects.count()) == ("refused", "It was worn", 0)


def test_whatever_happens_to_an_order_brings_it_again(partner: Partner, clock: Clock, goods: Variant) -> None:
    parcel = order_of(goods, 3).parcels.get()
    other = order_of(goods, 1).parcels.get()
    line = parcel.lines.get()

    def changed() -> list[str]:
        """What the program finds from its last look on, an hour before now."""
        since = (clock.at - timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
        return [row["id"] for row in partner.get(f"orders?updated_since={since}").json()["data"]]

    assert changed() == [parcel.public_id, other.public_id]
    clock.at += HOUR
    assert changed() == []
    ship(parcel, {line: 1}, by=None, at=clock.at)
    assert changed() == [parcel.public_id]
    clock.at += HOUR
    partner.post(f"shipments/{parcel.shipments.get().public_id}/delivered", "")
    assert changed() == [parcel.public_id]
    clock.at += HOUR
    back = announce_return(parcel, {line: 1}, reason="wrong", by=None, at=clock.at)
    assert changed() == [parcel.public_id]
    clock.at += HOUR
    partner.post(f"returns/{back.public_id}/refuse", {"reason": "Worn"})
    assert changed() == [parcel.public_id]
    clock.at += HOUR
    partner.post(f"orders/{parcel.public_id}/cancel-pieces", sending(parcel, 2, reason="x"))
    assert changed() == [parcel.public_id]


def test_filters_and_pages_lose_nothing(partner: Partner, clock: Clock, goods: Variant) -> None:
    parcels = []
    for _number in range(3):
        parcels.append(order_of(goods, 1).parcels.get().public_id)
        clock.at += HOUR
    found, address = [], "orders?limit=2"
    while address:
        page = partner.get(address).json()
        found += [row["id"] for row in page["data"]]
        address = page["next_cursor"] and f"orders?limit=2&cursor={page['next_cursor']}"
    assert found == parcels

    since = (NOW + HOUR).isoformat().replace("+00:00", "Z")
    assert [row["id"] for row in partner.get(f"orders?paid_since={since}").json()["data"]] == parcels[1:]
    for address in ("orders?state=lost", "orders?status=open", "orders?paid_since=today", "orders?cursor=abc",
                    "returns?state=1", "orders/pick-list?state=open"):  # fmt: skip
        assert partner.get(address).json()["code"] == "invalid_parameters"


@pytest.mark.parametrize("state", ["open", "sent", "delivered", "returned", "cancelled", "held"])
def test_each_filter_finds_what_says_that_it_is_so(partner: Partner, goods: Variant, state: str) -> None:
    of = {name: order_of(goods, 1).parcels.get() for name in ("open", "sent", "delivered", "returned", "cancelled")}
    for name in ("sent", "delivered", "returned"):
        ship(of[name], {of[name].lines.get(): 1}, by=None, at=NOW)
    partner.post(f"shipments/{of['delivered'].shipments.get().public_id}/delivered", "")
    back = announce_return(of["returned"], {of["returned"].lines.get(): 1}, reason="wrong", by=None, at=NOW)
    row = {"line": of["returned"].lines.get().public_id, "received": 1, "resaleable": 1}
    assert partner.post(f"returns/{back.public_id}/receive", {"lines": [row]}).status_code == 200
    partner.post(f"orders/{of['cancelled'].public_id}/cancel-pieces", sending(of["cancelled"], reason="x"))

    found = partner.get(f"orders?state={state}").json()["data"]

    assert [row["id"] for row in found] == ([of[state].public_id] if state in of else [])
    assert [row["state"] for row in found] == ([{"open": "to_send"}.get(state, state)] if state in of else [])


def test_what_is_to_be_sent_as_json_and_as_a_table(partner: Partner, goods: Variant) -> None:
    first, second = (order_of(goods, pieces).parcels.get() for pieces in (2, 1))
    page = partner.get("orders/pick-list?limit=1").json()
    assert [(row["order"], row["pieces"], row["stop"]) for row in page["data"]] == [(first.public_id, 2, None)]
    rest = partner.get(f"orders/pick-list?limit=1&cursor={page['next_cursor']}").json()
    assert ([row["order"] for row in rest["data"]], rest["next_cursor"]) == ([second.public_id], None)

    table = partner.get("orders/pick-list", accept="text/csv")
    assert (table.status_code, table["Content-Type"]) == (200, "text/csv; charset=utf-8")
    rows = list(csv.DictReader(StringIO(table.getvalue().decode("utf-8-sig"))))
    assert [(row["parcel"], row["pieces"]) for row in rows] == [(first.public_id, "2"), (second.public_id, "1")]
    refused = partner.get("orders/pick-list?limit=0", accept="text/csv")
    assert (refused.status_code, refused["Content-Type"]) == (400, "application/problem+json")
    assert partner.get("orders/pick-list", accept="image/png").status_code == 406


@pytest.mark.parametrize("address", ["orders", "orders?state=held", "returns", "orders/pick-list"])
def test_a_list_costs_the_same_for_one_and_for_three(partner: Partner, goods: Variant, address: str) -> None:
    start = {}
    for number in (1, 3):
        while Parcel.objects.count() < number:
            parcel = order_of(goods, 2).parcels.get()
            announced(parcel)
        partner.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert len(partner.get(address).json()["data"]) == (0 if "held" in address else number)
        start[number] = len(asked)
    assert start[1] == start[3]


def test_an_order_costs_the_same_for_one_line_and_for_three(partner: Partner, goods: Variant) -> None:
    more = [goods_of(partner.merchant) for _ in range(2)]
    counts = []
    for wanted in ([goods, 2], [goods, 2, more[0], 2, more[1], 2]):
        parcel = order_of(*wanted).parcels.get()
        for line in parcel.lines.all():
            ship(parcel, {line: 1}, by=None, at=NOW)
            announce_return(parcel, {line: 1}, reason="wrong", by=None, at=NOW)
        partner.get(f"orders/{parcel.public_id}")
        with CaptureQueriesContext(connection) as asked:
            assert len(partner.get(f"orders/{parcel.public_id}").json()["returns"]) == len(wanted) // 2
        counts.append(len(asked))
    assert counts[0] == counts[1]


def _at_once(partner: Partner, calls: list[tuple[str, Any, str]]) -> list[Any]:
    """Every call in a thread of its own."""

    def call(one: tuple[str, Any, str]) -> Any:
        try:
            return Held(partner.merchant, partner.key, partner.secret).post(one[0], one[1], idempotency_key=one[2])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_shipments_of_the_last_piece_at_once_send_one() -> None:
    partner = make_held()
    parcel = order_of(goods_of(partner.merchant), 1).parcels.get()
    address, body = f"orders/{parcel.public_id}/shipments", sending(parcel)

    answers = _at_once(partner, [(address, body, "one"), (address, body, "two")])

    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert Shipment.objects.count() == 1
    assert Stock.objects.get().reserved == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_key_twice_at_once_makes_one_shipment() -> None:
    partner = make_held()
    parcel = order_of(goods_of(partner.merchant), 5).parcels.get()
    address, body = f"orders/{parcel.public_id}/shipments", sending(parcel)

    answers = _at_once(partner, [(address, body, "same")] * 3)

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert 201 in [answer.status_code for answer in answers]
    assert Shipment.objects.count() == 1
    assert parcel.lines.get().shipped == 1
