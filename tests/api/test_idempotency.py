"""A POST that is sent twice runs once. Shown on sales, the first endpoint that is built so; the others are built the same."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.db import connection

from licensing.ledger.terms import set_terms
from licensing.models import SaleLine
from merchants.keys import make_key
from merchants.models import IdempotentRequest, PartnerKey
from merchstore.api import own_views
from tests.api.conftest import Partner, make_partner
from tests.factories import NOW, make_film, make_licence, make_merchant


def sale(number: int, **told) -> dict:
    return {"id": f"s{number}", "date": "2026-11-01", "quantity": 1, "unit_price": "10.00"} | told


@pytest.fixture
def shop(partner) -> Partner:
    """A partner with one licence; the address of its sales is `sales?licence=`."""
    set_terms(licence_of(partner), {"currency": "USD", "rate": "10%"}, by=None)
    return partner


def licence_of(partner: Partner):
    return partner.merchant.licences.first() or make_licence(make_film(), partner.merchant)


def address_of(partner: Partner) -> str:
    return f"sales?licence={licence_of(partner).public_id}"


def post(partner: Partner, rows, key: str = "k", **told):
    return partner.post(address_of(partner), rows, idempotency_key=key, **told)


def code(response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_the_answer_is_given_again_word_for_word(shop):
    first = post(shop, [sale(1)])
    again = post(shop, [sale(1)])

    assert (first.status_code, first.has_header("Idempotent-Replayed")) == (200, False)
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
    assert again.content == first.content
    assert again["Content-Type"] == first["Content-Type"] == "application/json"
    assert again["Request-Id"] != first["Request-Id"]
    assert again["Cache-Control"] == "private, no-store"
    assert SaleLine.objects.count() == 1


def test_without_a_key_nothing_is_read(shop, django_assert_num_queries):
    shop.get("licences")
    client = shop.client
    headers = {"authorization": f"Bearer {shop.secret}"}

    address = f"/api/v1/{address_of(shop)}"
    with django_assert_num_queries(1):
        response = client.post(address, [sale(1)], "application/json", headers=headers)

    assert code(response) == (400, "idempotency_key_missing")
    assert (SaleLine.objects.count(), IdempotentRequest.objects.count()) == (0, 0)


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "x" * 256, "a\x7f", "a\tb", "键"])
def test_a_key_that_is_none(shop, key):
    assert code(post(shop, [sale(1)], key)) == (400, "idempotency_key_invalid")
    assert SaleLine.objects.count() == 0


@pytest.mark.parametrize("key", ["x" * 255, "!", '"quoted"', "6f1e0f52-8e4c-4e7e-9a35-6b3f0a5f2b1c"])
def test_a_key_may_be_any_visible_ascii(shop, key):
    assert post(shop, [sale(1)], key).status_code == 200


def test_another_body_type_or_address_under_the_same_key(shop):
    post(shop, [sale(1)])

    answers = [
        post(shop, [sale(2)]),
        post(shop, "id\n", content_type="text/csv"),
        shop.post("sales", [sale(1)], idempotency_key="k"),
    ]

    assert [code(answer) for answer in answers] == [(422, "idempotency_key_reused")] * 3
    assert SaleLine.objects.count() == 1


def test_a_key_belongs_to_its_merchant_and_not_to_one_of_its_secrets(shop):
    second = make_partner(shop.merchant)
    rival = make_partner()
    set_terms(licence_of(rival), {"currency": "USD", "rate": "10%"}, by=None)
    post(shop, [sale(1)])

    assert post(second, [sale(1)])["Idempotent-Replayed"] == "true"
    assert post(rival, [sale(1)]).json()["created"] == 1


def test_a_refusal_is_an_answer_too(shop):
    first = post(shop, "{")
    again = post(shop, "{")

    assert code(first) == (400, "invalid_body")
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert (again["Content-Type"], again["Cache-Control"]) == ("application/problem+json", "private, no-store")


def test_what_we_failed_at_is_not_kept(shop, monkeypatch):
    shop.client.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr(own_views, "record_rows", lambda *_args, **_told: 1 / 0)
        failed = post(shop, [sale(1)])

    again = post(shop, [sale(1)])

    assert failed.status_code == 500
    assert (again.status_code, again.json()["created"], again.has_header("Idempotent-Replayed")) == (200, 1, False)


def test_an_answer_is_kept_for_a_day(shop, clock):
    post(shop, [sale(1)])

    clock.at = NOW + timedelta(hours=24) - timedelta(microseconds=1)
    kept = post(shop, [sale(1)])
    clock.at = NOW + timedelta(hours=24)
    anew = post(shop, [sale(1)])

    assert kept["Idempotent-Replayed"] == "true"
    assert (anew.has_header("Idempotent-Replayed"), anew.json()["unchanged"]) == (False, 1)


def test_while_the_first_runs_the_second_is_told_to_come_again(shop, monkeypatch):
    inside = []
    record = own_views.record_rows

    def record_and_ask(*args, **told):
        inside.append(post(shop, [sale(1)]))
        return record(*args, **told)

    monkeypatch.setattr(own_views, "record_rows", record_and_ask)
    first = post(shop, [sale(1)])

    (second,) = inside
    assert (code(second), second["Retry-After"]) == ((409, "idempotency_running"), "1")
    assert first.json()["created"] == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_one_execution(monkeypatch):
    """Two programs send the same request at the same moment: one runs, the other is told to wait, and then gets its answer."""
    merchant = make_merchant()
    set_terms(make_licence(make_film(), merchant), {"currency": "USD", "rate": "10%"}, by=None)
    made = make_key(merchant, name="Till", scopes=[str(s) for s in PartnerKey.Scope], by=None, at=NOW)
    partners = [Partner(merchant, made.key, made.secret) for _ in range(2)]
    runs, start, told = [], Barrier(2), Event()
    record = own_views.record_rows

    def slowly(*args, **given):
        runs.append(1)
        told.wait(10)  # until the other one has its answer
        return record(*args, **given)

    def send(partner: Partner):
        try:
            start.wait(10)
            response = post(partner, [sale(1)])
            told.set()
            return response.status_code
        finally:
            connection.close()

    monkeypatch.setattr(own_views, "record_rows", slowly)
    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(send, partners))

    assert (statuses, len(runs), SaleLine.objects.count()) == ([200, 409], 1, 1)
    assert post(partners[0], [sale(1)])["Idempotent-Replayed"] == "true"
