"""Orders in the panel: what is to be sent, sending it, what comes back; each merchant its own and nobody else's."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Variant
from licensing.takedowns import release_takedown, start_takedown
from merchants.models import Merchant
from orders.models import Order, Parcel, Refund, Return, Shipment
from orders.returning import announce_return
from orders.shipping import ship
from tests.factories import make_film, make_licence, make_product
from tests.orders.conftest import ADDRESS, sells
from tests.panel.conftest import order_of, signed_in


def at(merchant: Merchant, *parts: str, language: str = "en") -> str:
    return f"/panel/{language}/{merchant.slug}/orders/" + "".join(f"{part}/" for part in parts)


def sending(parcel: Parcel, pieces: int, **changes: Any) -> dict[str, Any]:
    """The form as the page gives it, filled in."""
    line = parcel.lines.get()
    said = {"carrier": "DHL", "tracking": "J1", "seen": f"{line.public_id}:{line.shipped}"}
    return said | {f"pieces-{line.public_id}": pieces} | changes


def returned(parcel: Parcel, pieces: int = 1) -> Return:
    line = parcel.lines.get()
    ship(parcel, {line: pieces}, by=None, at=timezone.now())
    return announce_return(parcel, {line: pieces}, reason="wrong", note="Blue", by=None, at=timezone.now())


def test_from_the_order_to_the_parcel_on_its_way(owner: Client, merchant: Merchant, parcel: Parcel) -> None:
    assert f'href="{at(merchant, parcel.public_id)}"' in owner.get(at(merchant)).content.decode()
    page = owner.get(at(merchant, parcel.public_id)).content.decode()
    assert [word in page for word in ("Ferry mug", "41 Division Street", "Lin Wei", "To be sent")] == [True] * 4

    answer = owner.post(at(merchant, parcel.public_id, "ship"), sending(parcel, 2))
    assert (answer.status_code, answer["Location"]) == (302, at(merchant, parcel.public_id))
    shipment = Shipment.objects.get()
    assert (shipment.by.username, shipment.carrier, shipment.tracking) == (f"owner-of-{merchant.slug}", "DHL", "J1")
    page = owner.get(at(merchant, parcel.public_id)).content.decode()
    assert [word in page for word in ("Sent in part", "2 × Ferry mug", "Mark as delivered")] == [True] * 3

    owner.post(at(merchant, parcel.public_id, "shipments", shipment.public_id, "delivered"))
    owner.post(at(merchant, parcel.public_id, "ship"), sending(parcel, 1))
    assert [one.delivered_at is None for one in Shipment.objects.order_by("pk")] == [False, True]
    assert "Nothing is waiting" in owner.get(at(merchant)).content.decode()
    assert parcel.order.number in owner.get(at(merchant) + "?show=all").content.decode()


def test_a_form_that_is_sent_twice_sends_once(owner: Client, merchant: Merchant, parcel: Parcel) -> None:
    for pieces in (1, 2):
        form = sending(parcel, pieces)
        answers = [owner.post(at(merchant, parcel.public_id, "ship"), form) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [302, 302]

    assert [one.lines.get().quantity for one in Shipment.objects.all()] == [1, 2]


@pytest.mark.parametrize(
    "pieces, changes, said",
    [
        (0, {}, "Say which pieces are sent"),
        (4, {}, "less than or equal to 3"),
        ("x", {}, "Enter a whole number"),
        (1, {"tracking_url": "javascript:alert(1)"}, "Enter a valid URL"),
        (1, {"seen": "LINE:1"}, "were sent meanwhile"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_sent(
    owner: Client, merchant: Merchant, parcel: Parcel, pieces: Any, changes: dict[str, str], said: str
) -> None:
    line = parcel.lines.get()
    changes = {name: value.replace("LINE", line.public_id) for name, value in changes.items()}

    answer = owner.post(at(merchant, parcel.public_id, "ship"), sending(parcel, pieces, **changes))

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Shipment.objects.exists()


def test_what_a_dispute_holds_says_why_and_cannot_be_sent(owner: Client, merchant: Merchant, parcel: Parcel) -> None:
    takedown = start_takedown(merchant.licences.get(), claimant="A", reason="B", by=None, at=timezone.now())
    form = sending(parcel, 1)

    page = owner.get(at(merchant, parcel.public_id)).content.decode()
    assert [word in page for word in (f"takedown {takedown.public_id}", "Nothing of it may be sent now")] == [True] * 2
    assert "Held" in owner.get(at(merchant)).content.decode()
    assert owner.post(at(merchant, parcel.public_id, "ship"), form).status_code == 422
    assert not Shipment.objects.exists()

    release_takedown(takedown, outcome="Withdrawn", by=None, at=timezone.now())
    assert owner.post(at(merchant, parcel.public_id, "ship"), form).status_code == 302


def test_what_cannot_be_sent_is_cancelled_and_given_back(owner: Client, merchant: Merchant, parcel: Parcel) -> None:
    address, name = at(merchant, parcel.public_id, "cancel"), f"pieces-{parcel.lines.get().public_id}"
    for form, said in (
        ({name: 1}, "This field is required"),
        ({name: 4, "reason": "Broken"}, "less than or equal to 3"),
        ({name: 0, "reason": "Broken"}, "Say which pieces will not be sent"),
    ):
        answer = owner.post(address, form)
        assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert (parcel.lines.get().cancelled, Refund.objects.count()) == (0, 0)

    answer = owner.post(address, {name: 2, "reason": "Broken in the kiln"})

    assert (answer.status_code, answer["Location"]) == (302, at(merchant, parcel.public_id))
    assert (parcel.lines.get().cancelled, parcel.lines.get().to_ship) == (2, 1)
    assert list(Refund.objects.values_list("amount", "note")) == [(8208, "Broken in the kiln")]


def test_a_return_is_taken_back_and_refunded(owner: Client, merchant: Merchant, parcel: Parcel) -> None:
    back = returned(parcel)
    line = parcel.lines.get()
    assert "1 return" in owner.get(at(merchant) + "?show=returns").content.decode()

    form = {f"received-{line.public_id}": 1, f"fit-{line.public_id}": 0}
    bad = owner.post(
        at(merchant, parcel.public_id, "returns", back.public_id, "receive"), form | {f"fit-{line.public_id}": 2}
    )
    assert bad.status_code == 422
    answers = [owner.post(at(merchant, parcel.public_id, "returns", back.public_id, "receive"), form) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 422]
    assert [refund.amount for refund in Refund.objects.all()] == [4104]
    assert "1 came, 0 can be sold again" in owner.get(at(merchant, parcel.public_id)).content.decode()


def test_a_return_is_refused_with_a_reason(owner: Client, merchant: Merchant, parcel: Parcel) -> None:
    back = returned(parcel)
    address = at(merchant, parcel.public_id, "returns", back.public_id, "refuse")

    assert owner.post(address, {"answer": " "}).status_code == 422
    assert Return.objects.get().state == "requested"
    assert owner.post(address, {"answer": "It was worn"}).status_code == 302
    assert (Return.objects.get().answer, Refund.objects.count()) == ("It was worn", 0)
    assert "Not taken back: It was worn" in owner.get(at(merchant, parcel.public_id)).content.decode()


def test_a_merchant_sees_its_part_of_an_order_and_a_neighbours_is_not_there(
    rival: Client, owner: Client, merchant: Merchant, goods: Variant
) -> None:
    theirs = make_product(title_en="Lantern print", stock=5)
    sells(theirs)
    order = order_of(goods, 1, theirs.variants.get(), 1)
    theirs.merchant.members.create(user=rival.get("/panel/en/").wsgi_request.user, role="owner")
    mine, other = order.parcels.get(merchant=merchant), order.parcels.exclude(merchant=merchant).get()
    ship(other, {other.lines.get(): 1}, by=None, at=timezone.now())

    page = owner.get(at(merchant, mine.public_id)).content.decode()
    assert [word in page for word in ("Ferry mug", "Lantern print", order.email)] == [True, False, False]
    assert other.public_id not in owner.get(at(merchant) + "?show=all").content.decode()
    assert owner.get(at(merchant, other.public_id)).status_code == 404
    assert rival.get(at(theirs.merchant, other.public_id)).status_code == 200
    shipment = other.shipments.get().public_id
    for verb in (("ship",), ("shipments", shipment, "delivered")):
        assert owner.post(at(merchant, other.public_id, *verb), {}).status_code == 404
    assert owner.post(at(merchant, mine.public_id, "shipments", shipment, "delivered")).status_code == 404
    assert Shipment.objects.get().delivered_at is None


@pytest.mark.parametrize(
    "role, sends", [("orders", True), ("catalogue", False), ("finance", False), ("read_only", False)]
)
def test_the_address_is_for_those_who_send(merchant: Merchant, parcel: Parcel, role: str, sends: bool) -> None:
    client = signed_in(merchant, role)

    page = client.get(at(merchant, parcel.public_id)).content.decode()
    answer = client.post(at(merchant, parcel.public_id, "ship"), sending(parcel, 1))

    assert [word in page for word in (ADDRESS["street_address"], ADDRESS["name"], "Mark as sent")] == [sends] * 3
    assert answer.status_code == (302 if sends else 403)
    assert Shipment.objects.count() == int(sends)


def test_what_is_not_paid_is_not_shown(owner: Client, merchant: Merchant, parcel: Parcel) -> None:
    Order.objects.update(state="expired", paid_at=None)

    assert owner.get(at(merchant, parcel.public_id)).status_code == 404
    assert parcel.public_id not in owner.get(at(merchant) + "?show=all").content.decode()


@pytest.mark.parametrize("query", ["", "?show=all", "?show=returns"])
def test_the_list_costs_the_same_for_one_order_and_for_three(
    owner: Client, merchant: Merchant, goods: Variant, query: str
) -> None:
    counts = []
    for more in (1, 2):
        for _number in range(more):
            returned(order_of(goods, 2).parcels.get())
        with CaptureQueriesContext(connection) as queries:
            page = owner.get(at(merchant) + query).content.decode()
        counts.append(len(queries))

    assert [order.number in page for order in Order.objects.all()] == [True] * 3
    assert counts[0] == counts[1]


def test_the_page_costs_the_same_for_one_line_and_for_three(owner: Client, merchant: Merchant, goods: Variant) -> None:
    more = [make_product(licence=merchant.licences.get()).variants.get() for _ in range(2)]
    counts = []
    for variants in ([goods], [goods, *more]):
        wanted = [part for variant in variants for part in (variant, 2)]
        parcel = order_of(*wanted).parcels.get()
        ship(parcel, dict.fromkeys(parcel.lines.all(), 1), by=None, at=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            assert owner.get(at(merchant, parcel.public_id)).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_older_orders_follow_behind_the_last(
    owner: Client, merchant: Merchant, goods: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.queries.PAGE", 2)
    parcels = [order_of(goods, 1).parcels.get().public_id for _ in range(3)]

    first = owner.get(at(merchant)).content.decode()
    second = owner.get(at(merchant) + f"?show=open&after={parcels[1]}").content.decode()

    assert f"after={parcels[1]}" in first
    assert [f"{one}/" in first for one in parcels] == [False, True, True]
    assert [f"{one}/" in second for one in parcels] == [True, False, False]


def test_the_pick_list_holds_what_is_open_and_runs_no_formula(
    owner: Client, merchant: Merchant, goods: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.queries._CHUNK", 1)
    type(goods.product).objects.update(title_en="=HYPERLINK(1)")
    parcels = [order_of(goods, pieces).parcels.get() for pieces in (2, 3, 1)]
    ship(parcels[1], {parcels[1].lines.get(): 1}, by=None, at=timezone.now())
    ship(parcels[2], {parcels[2].lines.get(): 1}, by=None, at=timezone.now())
    start_takedown(goods.product.film, claimant="A", reason="B", by=None, at=timezone.now())

    answer = owner.get(at(merchant) + "pick.csv")

    rows = list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    told = [(row["order"], row["title"], row["pieces"], row["held"], row["variant"]) for row in rows]
    assert told == [
        (parcel.order.number, "'=HYPERLINK(1)", "2", "LICENCE_SUSPENDED", goods.sku) for parcel in parcels[:2]
    ]


def test_the_pick_list_is_printed_article_by_article(owner: Client, merchant: Merchant, goods: Variant) -> None:
    other = make_product(licence=merchant.licences.get(), title_en="Lantern print", stock=9).variants.get()
    sells(other.product)
    orders = [order_of(goods, 2, other, 1), order_of(goods, 3)]
    start_takedown(other.product.film, claimant="A", reason="B", by=None, at=timezone.now())
    release_takedown(other.product.film.takedowns.get(), outcome="W", by=None, at=timezone.now())

    page = owner.get(at(merchant, "pick")).content.decode()

    assert [word in page for word in ("<strong>5</strong>", "<strong>1</strong>", "Ferry mug", "Lantern print")] == [
        True
    ] * 4
    assert [f"{order.number}</span>" in page for order in orders] == [True] * 2
    assert page.index("Ferry mug") < page.index("Lantern print")


def test_what_may_not_leave_is_counted_and_not_on_the_sheet(
    owner: Client, merchant: Merchant, parcel: Parcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.picking.MOST", 0)
    assert "more orders than fit" in owner.get(at(merchant, "pick")).content.decode()
    monkeypatch.undo()
    start_takedown(merchant.licences.get(), claimant="A", reason="B", by=None, at=timezone.now())

    page = owner.get(at(merchant, "pick")).content.decode()

    assert "3 pieces may not leave now" in page
    assert "Ferry mug" not in page


def test_a_packing_slip_says_what_lies_in_the_parcel(owner: Client, merchant: Merchant, parcel: Parcel) -> None:
    shipment = ship(parcel, {parcel.lines.get(): 2}, by=None, at=timezone.now(), carrier="DHL", tracking="J9")
    slip = at(merchant, parcel.public_id, "shipments", shipment.public_id, "slip")
    assert f'href="{slip}"' in owner.get(at(merchant, parcel.public_id)).content.decode()

    page = owner.get(slip).content.decode()

    words = ("Ferry mug", '<td class="number">2</td>', ADDRESS["street_address"], "J9")
    assert [word in page for word in words] == [True] * 4
    assert parcel.order.email not in page
    assert signed_in(merchant, "catalogue").get(slip).status_code == 403
    assert owner.get(slip.replace(shipment.public_id, "shp_1")).status_code == 404


def test_a_gift_s_message_is_for_those_who_send_and_stands_on_a_slip_without_prices(
    owner: Client, merchant: Merchant, parcel: Parcel
) -> None:
    Order.objects.update(gift_message="See you\nat the <ferry>")
    shipment = ship(parcel, {parcel.lines.get(): 2}, by=None, at=timezone.now())
    pages = at(merchant, parcel.public_id)

    slip = owner.get(at(merchant, parcel.public_id, "shipments", shipment.public_id, "slip")).content.decode()
    reads = signed_in(merchant, "catalogue").get(pages).content.decode()

    assert "See you<br>at the &lt;ferry&gt;" in slip
    assert "$" not in slip.partition("<article")[2]
    assert "See you" in owner.get(pages).content.decode()
    assert ("Gift message" in reads, "See you" in reads) == (True, False)


def test_late_ones_and_those_of_a_film_are_found(owner: Client, merchant: Merchant, goods: Variant) -> None:
    late, soon = (order_of(goods, 1).parcels.get() for _ in range(2))
    today = timezone.localdate()
    Parcel.objects.filter(pk=late.pk).update(arrives_from=today, arrives_to=today)
    Parcel.objects.filter(pk=soon.pk).update(arrives_from=today + timedelta(days=2))
    film = goods.product.film.slug

    def shown(query: str) -> list[bool]:
        page = owner.get(at(merchant) + query).content.decode()
        return [f"{one.public_id}/" in page for one in (late, soon)]

    assert [shown("?show=late"), shown(f"?film={film}"), shown("?film=another")] == [
        [True, False], [True, True], [True, True],
    ]  # fmt: skip
    make_product(licence=make_licence(make_film("moon"), merchant))
    assert shown("?show=open&film=moon") == [False, False]
    ship(late, {late.lines.get(): 1}, by=None, at=timezone.now())
    assert shown("?show=late") == [False, False]


def test_the_pages_speak_chinese(owner: Client, merchant: Merchant, parcel: Parcel) -> None:
    page = owner.get(at(merchant, parcel.public_id, language="zh")).content.decode()

    assert [word in page for word in ("渡船马克杯", "待发货", "标为已发货")] == [True] * 3
