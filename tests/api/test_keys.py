"""Keys at the door: what is refused by which name, what it costs, and that a secret is in no answer and no log."""

import logging
from datetime import timedelta

import pytest
from django.test import Client

from merchants.keys import revoke_key
from merchants.models import Merchant, PartnerKey
from merchstore.api.problems import KINDS
from tests.api.conftest import make_partner
from tests.factories import NOW, make_merchant

INVALID = 'Bearer realm="merchstore", error="invalid_token"'


def problem(response, status: int, code: str) -> dict:
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json"), response.content
    body = response.json()
    assert (body["code"], body["status"], body["title"]) == (code, status, KINDS[code].title)
    assert body["type"] == f"http://localhost:8000/api/v1/problems/{code}"
    assert response["Cache-Control"] == "private, no-store"
    return body


def test_without_a_key(get):
    response = get("licences")

    problem(response, 401, "key_required")
    assert response["WWW-Authenticate"] == 'Bearer realm="merchstore"'


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "bearer x",
        "Basic dXNlcjpwYXNz",
        "{secret}",
        "Bearer {secret}0",
        "Bearer {prefix}",
        "Bearer {secret}, Bearer {secret}",
        "Bearer {secret} {secret}",
        "Token {secret}",
        "Bearer msk_0000000000000000_" + "0" * 64,
        "Bearer " + "a" * 7_000,
        "Bearer \xff\x00",
        "Bearer msk_é",
    ],
)
def test_a_header_that_holds_no_key_is_refused_and_counts_for_nothing(partner, header):
    client = Client(headers={"authorization": header.format(secret=partner.secret, prefix=partner.key.prefix)})

    response = client.get("/api/v1/licences")

    problem(response, 401, "key_invalid")
    assert response["WWW-Authenticate"] == INVALID
    assert PartnerKey.objects.get().last_used_at is None


@pytest.mark.parametrize("header", ["Bearer {secret}", "bearer {secret}", "BEARER  {secret} "])
def test_a_key_is_read_as_the_rule_has_it(partner, header):
    client = Client(headers={"authorization": header.format(secret=partner.secret)})

    assert client.get("/api/v1/licences").status_code == 200


def test_a_revoked_and_an_expired_key_are_told_apart(partner, clock):
    expiring = make_partner(expires_at=NOW + timedelta(minutes=1))
    revoke_key(partner.key, by=None, at=NOW)

    revoked = partner.get("licences")
    clock.at = NOW + timedelta(minutes=1) - timedelta(microseconds=1)
    last = expiring.get("licences")
    clock.at = NOW + timedelta(minutes=1)
    expired = expiring.get("licences")

    problem(revoked, 401, "key_revoked")
    assert last.status_code == 200
    problem(expired, 401, "key_expired")
    assert [revoked["WWW-Authenticate"], expired["WWW-Authenticate"]] == [INVALID, INVALID]


def test_a_key_without_the_scope(db, clock):
    partner = make_partner(scopes=["rights:read", "sales:write"])

    response = partner.get("licences")

    body = problem(response, 403, "scope_needed")
    assert body["detail"] == "This needs the scope licences:read; the key has rights:read, sales:write."
    challenge = 'Bearer realm="merchstore", error="insufficient_scope", scope="licences:read"'
    assert response["WWW-Authenticate"] == challenge


@pytest.mark.parametrize("state", [state for state in Merchant.State if state != Merchant.State.APPROVED])
def test_the_key_of_a_merchant_who_may_not_trade(partner, state):
    Merchant.objects.filter(pk=partner.merchant.pk).update(state=state)

    body = problem(partner.get("licences"), 403, "merchant_not_authorised")

    assert body["detail"].startswith("The merchant ")


def test_a_rotated_key_works_beside_the_new_one(partner, clock):
    new = make_partner(partner.merchant, name=partner.key.name)

    assert [partner.get("licences").status_code, new.get("licences").status_code] == [200, 200]


def test_a_key_costs_one_query_and_its_use_one_a_minute(partner, django_assert_num_queries):
    with django_assert_num_queries(3):  # the key, its use, the licences
        partner.get("licences")
    with django_assert_num_queries(2):
        partner.get("licences")
    with django_assert_num_queries(1):
        partner.get("licences?limit=0")

    partner.key.refresh_from_db()
    assert partner.key.last_used_at == NOW


def test_public_endpoints_ask_nothing_about_keys(partner, django_assert_num_queries):
    revoke_key(partner.key, by=None, at=NOW)

    with django_assert_num_queries(1):
        response = partner.get("markets")

    assert (response.status_code, response["Vary"]) == (200, "Accept")
    assert response["Cache-Control"].startswith("public")


def test_a_secret_is_in_no_answer_and_no_log(partner, caplog, monkeypatch):
    def fails(*_args: object, **_told: object) -> None:
        raise RuntimeError("nothing works")

    hidden = partner.secret.removeprefix(partner.key.prefix)
    with caplog.at_level(logging.DEBUG):
        answers = [
            partner.get("licences"),
            partner.get(f"licences?key={partner.secret}"),
            partner.get(f"licences/{partner.secret}"),
            partner.post("sales", "[]"),
            Client(headers={"authorization": f"Basic {partner.secret}"}).get("/api/v1/licences"),
        ]
        monkeypatch.setattr("merchstore.api.own_views.licences_page", fails)
        partner.client.raise_request_exception = False
        answers.append(partner.get("licences"))

    assert [answer.status_code for answer in answers] == [200, 400, 404, 200, 401, 500]
    assert not any(hidden in answer.content.decode() or hidden in str(answer.headers) for answer in answers)
    logged = [f"{r.getMessage()} {vars(r)}" for r in caplog.records if r.name != "django.request"]
    logged += [r.getMessage() for r in caplog.records]
    at_fault = [record for record in logged if hidden in record and "api/v1/licences" not in record]
    assert at_fault == []


def test_a_merchant_is_never_chosen_by_the_program(partner):
    other = make_merchant()

    assert partner.get(f"licences?merchant={other.slug}").json()["errors"][0]["code"] == "unknown"
