"""A merchant's own goods: read, made, changed, priced, counted, pictured and listed by its programs."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image as Picture

from accounts.models import AuditEntry
from campaigns.models import Listing
from catalog.models import Image, Price, Product, Stock, StockChange, Variant
from core.clock import ALWAYS
from licensing.models import Licence
from merchants.models import PartnerKey
from merchstore.api.documents import openapi_document
from merchstore.api.goods_examples import EXAMPLES
from tests.api.conftest import Partner, make_partner, publish
from tests.api.test_schema import against
from tests.factories import (
    NOW,
    make_campaign,
    make_category,
    make_film,
    make_licence,
    make_market,
    make_merchant,
    make_product,
)

LATER = "2026-12-01T00:00:00Z"
HIDDEN = {"tier": "title", "lifts_at": NOW.replace(year=2090)}


@pytest.fixture
def goods(partner: Partner) -> Product:
    """One product of the partner on the shelf of one market, with one variant; and a rival's that differs in that alone."""
    make_market("us")
    make_product(licence=make_licence(make_film("other"), make_merchant("rival")), sku="PIN", slug="rival-pin")
    licence = make_licence(make_film("film"), partner.merchant, countries=["US"], unit_cap=100)
    return make_product(licence=licence, sku="PIN", slug="pin", category=make_category("pins"))


def variant_of(product: Product) -> str:
    return product.variants.get().public_id


def new_product(**overrides: Any) -> dict[str, Any]:
    return {"sku": "MUG", "film": "film", "category": "pins", "title_en": "Ferry mug"} | overrides


def described(body: Any, path: str, method: str, status: int) -> list[str]:
    answer = openapi_document()["paths"][f"/api/v1/{path}"][method]["responses"][str(status)]
    ((_media_type, content),) = answer["content"].items()
    return against(content["schema"], body)


# -- products ----------------------------------------------------------------------------------------


def test_the_list_has_ones_own_in_whatever_state_and_the_neighbours_not(partner, goods):
    make_product(licence=goods.licence, category=goods.category, sku="DRAFT", state=Product.State.DRAFT)

    body = partner.get("own/products").json()

    assert [(row["sku"], row["state"]) for row in body["data"]] == [("PIN", "active"), ("DRAFT", "draft")]
    assert described(body, "own/products", "get", 200) == []


@pytest.mark.parametrize(
    "query, found",
    [
        ("state=active", ["PIN"]),
        ("state=archived", []),
        ("film=film", ["PIN", "DRAFT"]),
        ("film=other", []),
        ("category=pins", ["PIN", "DRAFT"]),
        ("category=mugs", []),
        ("licence={licence}", ["PIN", "DRAFT"]),
        ("licence=lic_0000000000000000", []),
        ("sku=PIN", ["PIN"]),
        ("sku=PI", []),
        ("updated_since=2200-01-01T00:00:00Z", []),
    ],
)
def test_filters(partner, goods, query, found):
    make_category("mugs")
    make_product(licence=goods.licence, category=goods.category, sku="DRAFT", state=Product.State.DRAFT)

    body = partner.get(f"own/products?{query.format(licence=goods.licence.public_id)}").json()

    assert [row["sku"] for row in body["data"]] == found


def test_pages_follow_each_other(partner, goods):
    for number in range(3):
        make_product(licence=goods.licence, category=goods.category, sku=f"MORE-{number}")

    first = partner.get("own/products?limit=3")
    second = partner.get(f"own/products?limit=3&cursor={first.json()['next_cursor']}")

    assert [row["sku"] for row in first.json()["data"]] == ["PIN", "MORE-0", "MORE-1"]
    assert [row["sku"] for row in second.json()["data"]] == ["MORE-2"]
    assert second.json()["next_cursor"] is None
    assert 'rel="next"' in first["Link"]


@pytest.mark.parametrize("name", ["{id}", "PIN"])
def test_one_says_what_covers_it_and_where_it_is_listed(partner, goods, name):
    make_market("jp", countries=["JP"], currency="JPY")

    body = partner.get(f"own/products/{name.format(id=goods.public_id)}").json()

    assert body["id"] == goods.public_id
    (covering,) = body["covered_by"]
    assert (covering["number"], covering["units_left"], covering["is_sell_off"]) == (goods.licence.number, 100, False)
    us, jp = body["markets"]
    assert (us["market"], us["is_listed"], us["reasons"], us["countries"]) == ("us", True, [], ["US"])
    assert (us["licences"], us["until"]) == ([goods.licence.number], covering["until"])
    assert (jp["is_listed"], jp["countries"], jp["licences"], jp["until"]) == (False, [], [], None)
    assert [reason["code"] for reason in jp["reasons"]] == ["no_price", "TERRITORY_NOT_LICENSED"]
    assert described(body, "own/products/{name}", "get", 200) == []


def test_a_product_is_made_a_draft_with_its_variants(partner, goods):
    variants = [
        {
            "sku": "MUG-S",
            "options": {"size": "S"},
            "prices": {"us": {"amount": "12.50", "currency": "USD"}},
            "stock": 7,
        },
        {"sku": "MUG-L", "gtin": "4006381333931"},
    ]

    answer = partner.post(
        "own/products", new_product(variants=variants, licence=goods.licence.number, street_on="2026-12-01")
    )

    assert answer.status_code == 201
    body = answer.json()
    assert described(body, "own/products", "post", 201) == []
    assert (body["state"], body["licence"]["number"], body["street_on"]) == (
        "draft",
        goods.licence.number,
        "2026-12-01",
    )
    assert [row["sku"] for row in body["variants"]] == ["MUG-S", "MUG-L"]
    made = Product.objects.get(public_id=body["id"])
    assert answer["Location"] == f"/api/v1/own/products/{made.public_id}"
    assert answer["ETag"] == partner.get(f"own/products/{made.public_id}")["ETag"]
    assert made.merchant == partner.merchant
    assert Price.objects.get(variant__sku="MUG-S").amount == 1250
    assert Stock.objects.get(variant__sku="MUG-S").on_hand == 7
    assert AuditEntry.objects.filter(verb="product.created", subject_id=made.public_id).count() == 1


def test_a_product_is_made_once_for_each_key(partner, goods):
    first = partner.post("own/products", new_product(), idempotency_key="one")
    again = partner.post("own/products", new_product(), idempotency_key="one")

    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert again["ETag"] == first["ETag"]
    assert Product.objects.filter(sku="MUG").count() == 1


@pytest.mark.parametrize(
    "overrides, status, code",
    [
        ({"sku": "PIN"}, 409, "sku_taken"),
        ({"film": "unheard-of"}, 400, "invalid_body"),
        ({"category": "unheard-of"}, 400, "invalid_body"),
        ({"licence": "lic_0000000000000000"}, 400, "invalid_body"),
        ({"variants": [{"sku": "A", "prices": {"mars": {"amount": "1.00", "currency": "USD"}}}]}, 400, "invalid_body"),
        ({"variants": [{"sku": "A", "prices": {"us": {"amount": "1.00", "currency": "EUR"}}}]}, 422, "wrong_currency"),
        (
            {"variants": [{"sku": "A", "prices": {"us": {"amount": "0.00", "currency": "USD"}}}]},
            422,
            "price_not_positive",
        ),
        ({"variants": [{"sku": "A"}, {"sku": "A"}]}, 400, "invalid_body"),
    ],
)
def test_what_is_refused_of_a_new_product(partner, goods, overrides, status, code):
    answer = partner.post("own/products", new_product(**overrides))

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert described(answer.json(), "own/products", "post", status) == []
    assert Product.objects.filter(merchant=partner.merchant).count() == 1


def test_a_film_that_nobody_may_know_of_is_there_for_its_licensees_alone(partner, goods):
    """The name of a secret film is nothing to find out by trying."""
    make_film("secret").embargoes.create(**HIDDEN)
    licensed = make_film("licensed")
    licensed.embargoes.create(**HIDDEN)
    make_licence(licensed, partner.merchant)

    answers = [
        partner.post("own/products", new_product(sku=film, film=film)) for film in ("secret", "unheard", "licensed")
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 201]
    assert answers[0].json()["errors"] == answers[1].json()["errors"]


def test_a_neighbours_licence_is_a_licence_that_is_not_there(partner, goods):
    theirs = Licence.objects.get(merchant__slug="rival")

    answer = partner.post("own/products", new_product(licence=theirs.public_id))

    assert answer.json()["errors"][0]["pointer"] == "/licence"


def test_a_change_says_what_it_was_made_of(partner, goods):
    answer = partner.change("patch", "own/products/PIN", {"title_en": "New", "on_sale_at": LATER, "licence": None})

    assert (answer.status_code, answer.json()["title_en"]) == (200, "New")
    assert answer["ETag"] == partner.get("own/products/PIN")["ETag"]
    goods.refresh_from_db()
    assert (goods.title_en, goods.licence) == ("New", None)
    assert goods.on_sale_at is not None
    assert AuditEntry.objects.filter(verb="product.edited").count() == 1


def test_a_renamed_product_answers_under_its_new_code(partner, goods):
    answer = partner.change("patch", "own/products/PIN", {"sku": "BROOCH"})

    assert (answer.status_code, answer.json()["sku"]) == (200, "BROOCH")
    assert [partner.get(f"own/products/{name}").status_code for name in ("PIN", "BROOCH")] == [404, 200]


def test_a_code_that_another_product_has_is_refused(partner, goods):
    make_product(licence=goods.licence, category=goods.category, sku="MUG")

    answer = partner.change("patch", "own/products/PIN", {"sku": "MUG"})

    assert (answer.status_code, answer.json()["code"]) == (409, "sku_taken")
    assert answer.json()["detail"] == "You already have a product with the SKU “MUG”."
    assert sorted(partner.merchant.products.values_list("sku", flat=True)) == ["MUG", "PIN"]


def test_what_moves_on_its_own_is_no_reason_to_refuse_a_change(partner, goods):
    """A sale under the licence changes the ETag of GET, for caches; it does not send an editor back."""
    before = partner.get("own/products/PIN")["ETag"]
    type(goods.licence).objects.filter(pk=goods.licence_id).update(units_used=1)
    after = partner.get("own/products/PIN", if_none_match=before)

    answer = partner.send("patch", "own/products/PIN", {"title_en": "New"}, if_match=before)

    assert after.status_code == 200
    assert after["ETag"] != before
    assert answer.status_code == 200


def test_products_go_on_and_off_the_shelf(partner, goods):
    archived = partner.post("own/products/PIN/archive", b"")
    again = partner.post("own/products/PIN/archive", b"")
    listed = partner.get("own/products/PIN").json()["markets"][0]
    activated = partner.post("own/products/PIN/activate", b"")

    assert [answer.status_code for answer in (archived, again, activated)] == [200, 409, 200]
    assert archived.json()["state"] == "archived"
    assert (again.json()["code"], listed["reasons"][0]["code"]) == ("wrong_state", "not_active")
    assert activated.json()["markets"][0]["is_listed"] is True


# -- variants ----------------------------------------------------------------------------------------


def test_variants_are_sent_as_a_whole_and_stand_in_that_order(partner, goods):
    old = goods.variants.get()
    variants = [{"sku": "PIN-RED", "options": {"colour": "Red"}}, {"sku": old.sku, "gtin": "40063813"}]

    answer = partner.change("put", "own/products/PIN/variants", {"variants": variants})
    fewer = partner.change("put", "own/products/PIN/variants", {"variants": variants[1:]})

    assert [row["sku"] for row in answer.json()["data"]] == ["PIN-RED", old.sku]
    assert answer.json()["data"][1]["id"] == old.public_id
    assert described(answer.json(), "own/products/{name}/variants", "put", 200) == []
    assert [row["sku"] for row in fewer.json()["data"]] == [old.sku]


def test_a_variant_that_was_sold_stays(partner, goods):
    Stock.objects.update(sold=1)

    answer = partner.change("put", "own/products/PIN/variants", {"variants": [{"sku": "OTHER"}]})

    assert (answer.status_code, answer.json()["code"]) == (409, "variant_in_use")
    assert list(goods.variants.values_list("sku", flat=True)) == ["PIN-0"]


def test_a_variant_is_read_and_changed(partner, goods):
    name = variant_of(goods)

    body = partner.get(f"own/variants/{name}").json()
    answer = partner.change("patch", f"own/variants/{name}", {"sku": "PIN-A", "options": {"size": "M"}})

    assert (body["product"], body["stock"]["available"]) == ({"id": goods.public_id, "sku": "PIN"}, 10)
    assert body["prices"] == [{"market": "us", "price": {"amount": "38.00", "currency": "USD"}}]
    assert described(body, "own/variants/{name}", "get", 200) == []
    assert (answer.json()["sku"], answer.json()["options"]) == ("PIN-A", {"size": "M"})


def test_two_variants_of_a_product_have_two_codes(partner, goods):
    Variant.objects.create(product=goods, sku="TAKEN")

    answer = partner.change("patch", f"own/variants/{goods.variants.first().public_id}", {"sku": "TAKEN"})

    assert (answer.status_code, answer.json()["code"]) == (409, "variant_sku_taken")
    assert goods.variants.filter(sku="TAKEN").count() == 1


# -- prices ------------------------------------------------------------------------------------------


def test_a_price_is_set_from_now_planned_and_withdrawn(partner, goods, clock):
    address = f"own/variants/{variant_of(goods)}/prices/us"
    money = {"amount": "40.00", "currency": "USD"}

    now = partner.change("put", address, {"price": money})
    planned = partner.change("put", address, {"price": None, "starts_at": LATER})
    withdrawn = partner.change("delete", f"{address}?starts_at={LATER}")

    assert [step["state"] for step in now.json()["steps"]] == ["past", "in_force"]
    assert now.json()["steps"][1]["price"] == money
    assert planned.json()["steps"][2] == {"state": "planned", "starts_at": LATER, "ends_at": None, "price": None}
    assert described(planned.json(), "own/variants/{name}/prices/{market}", "put", 200) == []
    assert withdrawn.json() == now.json()
    assert described(withdrawn.json(), "own/variants/{name}/prices/{market}", "delete", 200) == []


@pytest.mark.parametrize(
    "body, status, code",
    [
        ({"price": {"amount": "1.00", "currency": "EUR"}}, 422, "wrong_currency"),
        ({"price": {"amount": "0.00", "currency": "USD"}}, 422, "price_not_positive"),
        ({"price": {"amount": "1.001", "currency": "USD"}}, 400, "invalid_body"),
        ({"price": {"amount": "1.00", "currency": "USD"}, "starts_at": "2020-01-01T00:00:00Z"}, 422, "price_in_past"),
    ],
)
def test_what_is_refused_of_a_price(partner, goods, body, status, code):
    answer = partner.change("put", f"own/variants/{variant_of(goods)}/prices/us", body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Price.objects.filter(variant__product=goods).count() == 1


def test_what_has_begun_is_not_withdrawn(partner, goods):
    Price.objects.filter(variant__product=goods).update(starts_at=ALWAYS + timedelta(days=400))
    begun = Price.objects.get(variant__product=goods).starts_at.isoformat().replace("+00:00", "Z")
    address = f"own/variants/{variant_of(goods)}/prices/us"

    answers = [partner.change("delete", f"{address}?starts_at={at}") for at in (begun, LATER)]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "price_begun"),
        (404, "not_found"),
    ]


def test_prices_of_every_market_are_listed(partner, goods):
    make_market("jp", currency="JPY", countries=["JP"])

    body = partner.get(f"own/variants/{variant_of(goods)}/prices").json()

    assert [(row["market"], len(row["steps"])) for row in body["data"]] == [("us", 1), ("jp", 0)]
    assert described(body, "own/variants/{name}/prices", "get", 200) == []


# -- stock -------------------------------------------------------------------------------------------


def test_stock_is_written_where_it_is_as_expected(partner, goods):
    address = f"own/variants/{variant_of(goods)}/stock"
    correction = {"quantity": 25, "expected_quantity": 10, "reason": "delivery", "note": "Second run"}

    answer = partner.send("put", address, correction)
    again = partner.send("put", address, correction)

    assert (answer.status_code, answer.json()["on_hand"]) == (200, 25)
    assert described(answer.json(), "own/variants/{name}/stock", "put", 200) == []
    assert (again.status_code, again.json()["code"], again.json()["current_quantity"]) == (409, "stock_changed", 25)
    assert described(again.json(), "own/variants/{name}/stock", "put", 409) == []
    assert [(row.before, row.after, row.reason, row.note) for row in StockChange.objects.all()] == [
        (10, 25, "delivery", "Second run")
    ]


def test_fewer_than_are_promised_are_refused(partner, goods):
    Stock.objects.filter(variant__product=goods).update(reserved=4)

    answer = partner.send("put", f"own/variants/{variant_of(goods)}/stock", {"quantity": 3, "expected_quantity": 10})

    assert (answer.status_code, answer.json()["code"]) == (409, "stock_promised")
    assert Stock.objects.get(variant__product=goods).on_hand == 10


def test_the_terms_of_stock_are_set_whatever_is_sold_meanwhile(partner, goods):
    address = f"own/variants/{variant_of(goods)}/stock"
    etag = partner.get(address)["ETag"]
    Stock.objects.filter(variant__product=goods).update(reserved=1)

    answer = partner.send("patch", address, {"low_at": 3}, if_match=etag)
    stale = partner.send("patch", address, {"low_at": 4}, if_match=etag)

    assert (answer.status_code, answer.json()["low_at"], answer.json()["pre_order_cap"]) == (200, 3, 0)
    assert (stale.status_code, Stock.objects.get(variant__product=goods).low_at) == (412, 3)


# -- pictures ----------------------------------------------------------------------------------------


def picture() -> bytes:
    out = BytesIO()
    Picture.new("RGB", (240, 240), "teal").save(out, "PNG")
    return out.getvalue()


def form(partner: Partner, address: str, **fields: Any) -> Any:
    headers = {"authorization": f"Bearer {partner.secret}", "idempotency-key": "-".join(sorted(fields))}
    return partner.client.post(f"/api/v1/{address}", fields, headers=headers)


def test_a_picture_is_sent_as_a_form(partner, goods, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path

    answer = form(
        partner, "own/products/PIN/images", file=SimpleUploadedFile("a.png", picture()), alt_en="A pin", position="3"
    )

    assert answer.status_code == 202
    assert (answer.json()["state"], answer.json()["alt_en"], answer.json()["position"]) == ("waiting", "A pin", 3)
    assert described(answer.json(), "own/products/{name}/images", "post", 202) == []
    assert goods.images.get().public_id == answer.json()["id"]
    assert answer["Location"] == f"/api/v1/own/products/{goods.public_id}/images/{answer.json()['id']}"
    assert partner.get(answer["Location"].removeprefix("/api/v1/")).json()["id"] == answer.json()["id"]


def test_a_picture_is_fetched_from_its_address(partner, goods):
    answer = partner.post("own/products/PIN/images", {"url": "https://pictures.example/a.png"})
    again = partner.post("own/products/PIN/images", {"url": "https://pictures.example/a.png"})

    assert (answer.status_code, answer.json()["source"]) == (202, "https://pictures.example/a.png")
    assert (again.json(), again["Location"]) == (answer.json(), answer["Location"])
    assert goods.images.count() == 1


@pytest.mark.parametrize(
    "fields, status, code",
    [
        ({"file": SimpleUploadedFile("a.png", b"no picture")}, 422, "picture_unknown_format"),
        ({"alt_en": "no file"}, 400, "invalid_body"),
        ({"file": SimpleUploadedFile("a.png", b"x"), "position": "first"}, 400, "invalid_body"),
        ({"file": SimpleUploadedFile("a.png", b"x"), "colour": "red"}, 400, "invalid_body"),
        ({"file": SimpleUploadedFile("a.png", b"x"), "more": SimpleUploadedFile("b.png", b"x")}, 400, "invalid_body"),
    ],
)
def test_what_is_refused_of_a_picture(partner, goods, fields, status, code):
    answer = form(partner, "own/products/PIN/images", **fields)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert goods.images.count() == 0


def test_no_address_of_something_else_is_fetched(partner, goods):
    answer = partner.post("own/products/PIN/images", {"url": "file:///etc/passwd"})

    assert (answer.status_code, answer.json()["code"]) == (422, "address_not_allowed")
    assert goods.images.count() == 0


def test_a_picture_is_described_moved_and_taken_off(partner, goods):
    first, second = (goods.images.create(file=f"goods/{at}.png", width=2, height=3, position=at) for at in (0, 1))
    address = f"own/products/PIN/images/{first.public_id}"

    changed = partner.change("patch", address, {"alt_en": "A pin", "position": 2})
    listed = partner.get("own/products/PIN/images").json()
    deleted = partner.change("delete", address)

    assert (changed.status_code, changed.json()["alt_en"]) == (200, "A pin")
    assert [row["id"] for row in listed["data"]] == [second.public_id, first.public_id]
    assert described(listed, "own/products/{name}/images", "get", 200) == []
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert list(Image.objects.values_list("pk", flat=True)) == [second.pk]


# -- listings ----------------------------------------------------------------------------------------


def test_listings_are_ones_own_with_their_revision_and_rights(partner, goods):
    campaign = publish(make_campaign(goods.licence.film, slug="winter", starts_at=NOW))
    publish(make_campaign(Product.objects.get(slug="rival-pin").film, slug="theirs", starts_at=NOW))
    assert Listing.objects.exclude(product=goods).exists()

    body = partner.get("own/listings").json()
    named = partner.get(f"own/listings?campaign={campaign.public_id}").json()
    others = partner.get("own/listings?campaign=theirs").json()

    assert {row["product"]["sku"] for row in body["data"]} == {"PIN"}
    assert {row["revision"] for row in body["data"]} == {1}
    assert body["data"][0]["rights"]["covered_by"][0]["units_left"] == 100
    assert described(body, "own/listings", "get", 200) == []
    assert (named, others["data"]) == (body, [])


# -- the same for one and for many --------------------------------------------------------------------


@pytest.mark.parametrize("address", ["own/products", "own/products/PIN", "own/listings", "own/products/PIN/images"])
def test_one_row_and_three_cost_the_same(partner, goods, address):
    def fill(number: int) -> None:
        make_product(licence=goods.licence, category=goods.category, sku=f"ROW-{number}")
        Variant.objects.create(product=goods, sku=f"V{number}")
        goods.images.create(file=f"goods/{number}.png", width=1, height=1)

    fill(0)
    if address == "own/listings":
        publish(make_campaign(goods.licence.film, slug="winter", starts_at=NOW))
    partner.get(address)
    with CaptureQueriesContext(connection) as one:
        partner.get(address)
    fill(1)
    fill(2)

    with CaptureQueriesContext(connection) as three:
        partner.get(address)

    assert len(three) == len(one)


# -- whose it is -------------------------------------------------------------------------------------


def test_a_key_that_reads_does_not_write(goods, partner):
    reader = make_partner(partner.merchant, scopes=[PartnerKey.Scope.PRODUCTS_READ])
    stock = f"own/variants/{variant_of(goods)}/stock"

    answers = [
        reader.get("own/products/PIN"),
        reader.change("patch", "own/products/PIN", {"title_en": "New"}),
        reader.post("own/products", new_product()),
        reader.send("put", stock, {"quantity": 1, "expected_quantity": 10}),
    ]

    assert [answer.status_code for answer in answers] == [200, 403, 403, 403]
    assert (Product.objects.filter(title_en="New").count(), Product.objects.filter(sku="MUG").count()) == (0, 0)
    assert Stock.objects.get(variant__product=goods).on_hand == 10


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_of_an_answer_has_its_place(name):
    """Those of answers are held against the schema by test_schema.py; those of bodies here, by what the shapes take."""
    shown = [
        (content["schema"], example["value"])
        for operations in openapi_document()["paths"].values()
        for described_operation in operations.values()
        for part in (described_operation.get("requestBody", {}), *described_operation["responses"].values())
        for content in part.get("content", {}).values()
        for example in content.get("examples", {}).values()
        if example["value"] == EXAMPLES[name]
    ]

    assert shown
    assert [against(schema, value) for schema, value in shown] == [[]] * len(shown)
