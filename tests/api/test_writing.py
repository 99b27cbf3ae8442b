"""How objects are written, whatever they are: bodies, `If-Match`, refusals. What is refused writes nothing, and is no 5xx."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import wraps
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import connection, transaction
from rest_framework.response import Response

from accounts.models import AuditEntry
from catalog import services
from catalog.models import Image, Price, Product, Stock, Variant
from core.errors import SENTENCES, Refused
from core.transactions import inside
from merchants.keys import make_key
from merchants.models import IdempotentRequest, PartnerKey
from merchstore.api import goods_views
from merchstore.api.json_bodies import MOST_BYTES, read_json
from merchstore.api.problems import CONFLICTS, KINDS, Problem, problem_of
from tests.api.conftest import Partner
from tests.factories import NOW, make_category, make_film, make_licence, make_market, make_merchant, make_product

#: Method, address, and a body that would be taken.
WRITES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "create": ("post", "own/products", {"sku": "A", "film": "film", "category": "pins", "title_en": "A"}),
    "product": ("patch", "own/products/PIN", {"title_en": "New"}),
    "variants": (
        "put",
        "own/products/PIN/variants",
        {"variants": [{"sku": "PIN-0"}, {"sku": "B", "options": {"a": "b"}}]},
    ),
    "variant": ("patch", "own/variants/{variant}", {"gtin": "40063813"}),
    "price": ("put", "own/variants/{variant}/prices/us", {"price": {"amount": "1.00", "currency": "USD"}}),
    "stock": ("put", "own/variants/{variant}/stock", {"quantity": 3, "expected_quantity": 10, "note": "x"}),
    "terms": ("patch", "own/variants/{variant}/stock", {"low_at": 3, "pre_order_cap": 1}),
    "image": ("post", "own/products/PIN/images", {"url": "https://pictures.example/a.png", "position": 2}),
    "picture": ("patch", "own/products/PIN/images/{image}", {"alt_en": "A pin", "position": 2}),
}
#: Values of another kind than any field takes where they are put.
WRONG = [
    None, True, -1, 10**18, 10**29, 1.5, "", "a\u2028b", [[]], {}, {"amount": 1}, "x" * 30_000, "9999-12-31T23:59:59-23:59",
    {"us": {"amount": "1e3", "currency": "USD"}},
]  # fmt: skip
#: Bodies that are no JSON object at all, or not one that can be kept.
BROKEN = [
    b"", b"{", b"[]", b"null", b"7", b'"text"', b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}', b'{"a": 1e999}',
    b'{"a": 1, "a": 2}', b'{"sku": "\xff"}', b'{"sku": "\\ud800"}', b'{"sku": "\\u0000"}', b'{"\\u0000": 1}',
    b'{"\\udfff": 1}', b"\xef\xbb\xbf{}", "{\"a\": \"ü\"}".encode("utf-16"), b"[" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"a": ' + b"9" * 5_000 + b"}",
]  # fmt: skip


@pytest.fixture
def names(partner: Partner) -> dict[str, str]:
    return shop(partner)


def shop(partner: Partner) -> dict[str, str]:
    make_market("us")
    licence = make_licence(make_film("film"), partner.merchant, countries=["US"])
    product = make_product(licence=licence, sku="PIN", slug="pin", category=make_category("pins"))
    image = product.images.create(file="goods/a.png", width=2, height=3)
    return {"variant": product.variants.get().public_id, "image": image.public_id}


def write(partner: Partner, name: str, names: dict[str, str], body: Any, **headers: str) -> Any:
    method, address, _body = WRITES[name]
    address = address.format(**names)
    if method == "post":
        return partner.post(address, body, **headers)
    return partner.send(method, address, body, **({"if_match": "*"} | headers))


def everything() -> list[list[tuple[Any, ...]]]:
    """What a write could have changed."""
    return [
        list(model.objects.order_by("pk").values_list())
        for model in (Product, Variant, Price, Stock, Image, AuditEntry)
    ]


def variations(body: Any) -> Any:
    """The body with each of its values, at any depth, replaced by each of WRONG."""
    if isinstance(body, dict):
        for name, value in body.items():
            for other in [*WRONG, *variations(value)]:
                yield body | {name: other}
    if isinstance(body, list):
        for place, value in enumerate(body):
            for other in [*WRONG, *variations(value)]:
                yield [*body[:place], other, *body[place + 1 :]]


@pytest.mark.parametrize("name", WRITES)
def test_the_body_of_each_write_is_taken(partner, names, name):
    assert write(partner, name, names, WRITES[name][2]).status_code in (200, 201, 202)


@pytest.mark.parametrize("name", WRITES)
def test_what_is_no_body_writes_nothing(partner, names, name):
    before = everything()

    answers = [write(partner, name, names, body) for body in BROKEN]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(400, "invalid_body")] * len(BROKEN)
    assert everything() == before


@pytest.mark.parametrize("name", WRITES)
def test_a_value_of_another_kind_is_named_by_its_pointer(partner, names, name):
    """Each field in turn holds what does not belong there. Some of it is taken (a text is a text): the rest writes nothing."""
    before = everything()
    for body in variations(WRITES[name][2]):
        point = transaction.savepoint()
        answer = write(partner, name, names, body)
        assert answer.status_code < 500, (body, answer.content)
        if answer.status_code == 400:
            assert answer.json()["code"] == "invalid_body", body
            assert all(fault["pointer"].startswith("/") for fault in answer.json()["errors"]), (body, answer.content)
        if answer.status_code >= 400:
            assert everything() == before, body
        transaction.savepoint_rollback(point)


@pytest.mark.parametrize("name", WRITES)
def test_a_field_that_is_not_there_is_refused_by_name(partner, names, name):
    before = everything()

    answer = write(partner, name, names, WRITES[name][2] | {"colour/ful": 1})

    assert answer.status_code == 400
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [("/colour~1ful", "unknown")]
    assert everything() == before


def test_a_fault_deep_in_the_body_is_found_by_its_pointer(partner, names):
    body = {"variants": [{"sku": "A"}, {"sku": "B", "options": {"size": 7}, "more": 1}]}

    answer = write(partner, "variants", names, body)

    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"/variants/1/options/size", "/variants/1/more"}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/json; charset=utf-16"])
def test_another_type_of_body_is_not_read(partner, names, name, content_type):
    method, address, body = WRITES[name]
    headers = {"idempotency_key": "k", "if_match": "*"}

    answer = partner.send(method, address.format(**names), body, content_type=content_type, **headers)

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("name", WRITES)
def test_a_body_has_an_end(partner, names, name):
    assert write(partner, name, names, b'{"a": "' + b"x" * MOST_BYTES + b'"}').status_code == 413


@pytest.mark.parametrize("name", WRITES)
def test_a_body_says_how_long_it_is(partner, names, name):
    """One that comes in pieces would be read as none at all."""
    method, address, body = WRITES[name]
    before = list(Product.objects.values_list("title_en", "updated_at"))
    told = {"idempotency-key": "k", "if-match": "*", "transfer-encoding": "chunked"}
    headers = {"authorization": f"Bearer {partner.secret}", **told}

    answer = partner.client.generic(
        method.upper(), f"/api/v1/{address.format(**names)}", json.dumps(body), "application/json", headers=headers
    )

    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
    assert list(Product.objects.values_list("title_en", "updated_at")) == before
    assert not IdempotentRequest.objects.exists()


def test_what_json_may_hold():
    assert read_json(b'{"a": [1, -2, 0.5, "\\ud83d\\ude00", null, true]}') == {"a": [1, -2, 0.5, "😀", None, True]}
    for body in BROKEN[6:]:
        with pytest.raises(Problem):
            read_json(body)


# -- If-Match ----------------------------------------------------------------------------------------

CONDITIONAL = ["product", "variants", "variant", "price", "terms", "picture"]


@pytest.mark.parametrize("name", CONDITIONAL)
def test_a_change_needs_the_etag_of_what_is_there(partner, names, name):
    method, address, body = WRITES[name]
    address = address.format(**names)
    etag = partner.get(address)["ETag"]
    before = everything()

    missing = partner.send(method, address, body)
    others = [partner.send(method, address, body, if_match=told) for told in ('"another"', f"W/{etag}", "none", '""')]
    assert everything() == before
    right = partner.send(method, address, body, if_match=f'"another", {etag}')
    stale = partner.send(method, address, body, if_match=etag)

    assert (missing.status_code, missing.json()["code"]) == (428, "precondition_required")
    assert [(one.status_code, one.json()["code"]) for one in others] == [(412, "precondition_failed")] * 4
    assert right.status_code == 200
    assert stale.status_code == 412
    assert right["ETag"] == partner.get(address)["ETag"]


def test_a_star_is_whatever_is_there(partner, names):
    assert write(partner, "product", names, {"title_en": "New"}, if_match="*").status_code == 200
    assert partner.send("patch", "own/products/NONE", {"title_en": "New"}, if_match="*").status_code == 404


def test_head_and_get_give_one_etag_and_an_unchanged_one_is_304(partner, names):
    got = partner.get("own/products/PIN")

    again = partner.get("own/products/PIN", if_none_match=got["ETag"])

    assert (again.status_code, again["ETag"], again.content) == (304, got["ETag"], b"")


@pytest.fixture
def programs() -> list[Partner]:
    """Two programs with one key, each on a connection of its own."""
    merchant = make_merchant()
    made = make_key(merchant, name="Till", scopes=[str(scope) for scope in PartnerKey.Scope], by=None, at=NOW)
    return [Partner(merchant, made.key, made.secret) for _ in range(2)]


def at_once(programs: list[Partner], send: Callable[[Partner, int], Any]) -> list[Any]:
    start = Barrier(2)

    def run(number: int) -> Any:
        try:
            start.wait(10)
            return send(programs[number], number)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, range(2)))


def meeting(service: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    """The service, which first waits for the other program to be as far: with the lock, nobody comes."""
    meets = Barrier(2)

    def work(*args: Any, **given: Any) -> Any:
        with suppress(BrokenBarrierError):
            meets.wait(seconds)
        return service.__wrapped__(*args, **given)

    return wraps(work)(transaction.atomic(durable=True)(work))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_locked, statuses", [(True, [200, 412]), (False, [200, 200])])
def test_of_two_changes_with_one_etag_one_wins(programs, monkeypatch, is_locked, statuses):
    """And without the lock both do: one of the two titles is lost, and nobody hears of it."""
    shop(programs[0])
    etag = programs[0].get("own/products/PIN")["ETag"]
    monkeypatch.setattr(goods_views.services, "edit_product", meeting(services.edit_product, 0.5 if is_locked else 5))
    if not is_locked:
        find = goods_views.OwnProduct.find
        monkeypatch.setattr(
            goods_views.OwnProduct, "find", lambda self, name, *, is_locked: find(self, name, is_locked=False)
        )

    def send(program: Partner, number: int) -> Response:
        return program.send("patch", "own/products/PIN", {"title_en": f"Title {number}"}, if_match=etag)

    answers = at_once(programs, send)

    assert sorted(answer.status_code for answer in answers) == statuses
    if is_locked:
        (winner,) = (answer for answer in answers if answer.status_code == 200)
        assert Product.objects.get(sku="PIN").title_en == winner.json()["title_en"]
    assert AuditEntry.objects.filter(verb="product.edited").count() == statuses.count(200)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_stock_writes_that_expect_the_same_one_wins(programs):
    """catalog/stock.py says it in one statement; tests/catalog/test_stock.py shows what reading first would do."""
    names = shop(programs[0])

    answers = at_once(
        programs,
        lambda program, number: program.send(
            "put", f"own/variants/{names['variant']}/stock", {"quantity": 20 + number, "expected_quantity": 10}
        ),
    )

    (winner,) = (answer for answer in answers if answer.status_code == 200)
    (loser,) = (answer for answer in answers if answer.status_code == 409)
    assert loser.json()["current_quantity"] == winner.json()["on_hand"] == Stock.objects.get().on_hand


def test_a_verb_is_part_of_a_transaction_only_where_there_is_one():
    with pytest.raises(RuntimeError):
        inside(services.edit_product)


# -- refusals ----------------------------------------------------------------------------------------


def test_a_refusal_is_a_problem_with_its_own_code_and_a_page_of_its_kind():
    rule, conflict = problem_of(Refused("price_not_positive")), problem_of(Refused("sku_taken", sku="A"), more=1)

    assert (rule.code, KINDS[rule.kind].status) == ("price_not_positive", 422)
    assert (conflict.code, KINDS[conflict.kind].status, conflict.more) == ("sku_taken", 409, {"more": 1})
    assert (problem_of(Refused("not_found")).code, problem_of(Refused("wrong_state", state="x")).kind) == (
        "not_found",
        "",
    )


def test_every_conflict_is_a_refusal_that_has_a_sentence():
    assert set(SENTENCES) >= CONFLICTS


def test_a_refusal_under_an_idempotency_key_is_kept_unless_it_is_a_conflict(partner, names):
    body = json.dumps(WRITES["create"][2] | {"sku": "PIN"})
    taken = partner.post("own/products", body, idempotency_key="one")
    rule = partner.post("own/products/PIN/images", {"url": "ftp://x"}, idempotency_key="two")
    again = partner.post("own/products/PIN/images", {"url": "ftp://x"}, idempotency_key="two")

    assert (taken.status_code, rule.status_code, again.status_code) == (409, 422, 422)
    assert again["Idempotent-Replayed"] == "true"
    assert list(IdempotentRequest.objects.values_list("key", flat=True)) == ["two"]


def test_a_body_of_very_many_fields_is_refused_at_once() -> None:
    fields = [f'"{number}":0' for number in range(60_000)]
    body = f"{{{','.join([*fields, fields[-1]])}}}".encode()
    began = time.process_time()

    with pytest.raises(Problem) as refused:
        read_json(body)

    assert [fault.code for fault in refused.value.errors] == ["duplicate"]
    assert time.process_time() - began < 5  # looked for field by field: a minute
