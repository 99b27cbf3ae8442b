"""Quotas of keys: exact, each key its own, told on every answer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.test import Client

from merchstore.api import limits
from merchstore.limits import is_too_often
from tests.api.conftest import Clock, make_partner
from tests.api.test_schema import faults, operation
from tests.factories import NOW, make_film, make_licence


@pytest.fixture(params=["redis", "memory"])
def where(request, settings) -> str:
    """Where it is counted. The memory's count is the demo's."""
    if request.param == "memory":
        settings.REDIS_URL = ""
    return str(request.param)


@pytest.fixture
def few(settings) -> None:
    settings.API_RATE, settings.API_BULK_RATE = (3, 60), (1, 60)


def told(answer: Any) -> dict[str, str]:
    return {name: answer[name] for name in limits.HEADERS if name in answer}


def headers(left: int, resets_in: int = 60, *, bucket: str = "default", quota: int = 3) -> dict[str, str]:
    return {
        "RateLimit": f'"{bucket}";r={left};t={resets_in}',
        "RateLimit-Policy": f'"{bucket}";q={quota};w=60',
        "X-RateLimit-Limit": str(quota),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": str(resets_in),
    }


def test_the_quota_is_told_and_what_is_beyond_it_turned_away_until_the_window_has_passed(where, few, partner, clock):
    first = partner.get("licences")
    clock.at += timedelta(seconds=20.5)
    two_more = [partner.get("licences") for _time in range(2)]

    refused = partner.get("licences")

    assert [told(answer) for answer in (first, *two_more)] == [headers(2), headers(1, 40), headers(0, 40)]
    assert refused.status_code == 429
    assert told(refused) == headers(0, 40) | {"Retry-After": "40"}
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "rate_limited"
    clock.at = NOW + timedelta(seconds=60)
    assert told(partner.get("licences")) == headers(2)


def test_every_answer_to_a_key_tells_it(few, partner, settings):
    settings.API_RATE = (10, 60)
    make_licence(make_film(), partner.merchant)
    found = partner.get("licences")

    answers = [
        partner.get("licences", **{"if-none-match": found["ETag"]}),
        partner.get("licences/lic_0000000000000000"),
        partner.get("licences?colour=red"),
        partner.get("licences", accept="text/html"),
        partner.post("licences", {}),
        make_partner(partner.merchant, scopes=["rights:read"]).get("licences"),
    ]

    assert [answer.status_code for answer in answers] == [304, 404, 400, 406, 405, 403]
    assert [told(answer)["RateLimit"] for answer in answers] == [
        f'"default";r={left};t=60' for left in (8, 7, 6, 5, 4, 9)
    ]


def test_a_key_has_a_quota_of_its_own_and_bulk_another(where, few, partner):
    another = make_partner(partner.merchant)
    used_up = [partner.get("licences").status_code for _time in range(4)]

    bulk = [partner.post("bulk/products", "sku\n", content_type="text/csv") for _time in range(2)]

    assert used_up == [200, 200, 200, 429]
    assert [answer.status_code for answer in bulk] == [202, 429]
    assert told(bulk[0]) == headers(0, bucket="bulk", quota=1)
    assert told(another.get("licences")) == headers(2)


def test_a_replayed_answer_tells_todays_quota(few, partner, settings):
    settings.API_BULK_RATE = (5, 60)
    first, again = (
        partner.post("bulk/products", "sku\n", content_type="text/csv", idempotency_key="a") for _time in range(2)
    )

    assert again["Idempotent-Replayed"] == "true"
    assert [told(answer)["X-RateLimit-Remaining"] for answer in (first, again)] == ["4", "3"]


def test_a_429_is_what_the_document_says(few, partner):
    answer = [partner.get("licences") for _time in range(4)][-1]
    responses = operation("/api/v1/licences")[1]["responses"]

    assert faults(answer.json(), "/api/v1/licences", 429, "application/problem+json") == []
    assert set(limits.HEADERS) <= set(responses["429"]["headers"])
    assert set(limits.HEADERS) - {"Retry-After"} <= set(responses["200"]["headers"])


def test_what_is_public_counts_nobody(few, get):
    assert told(get("markets")) == {}


@pytest.mark.postgres
def test_eight_at_once_get_no_more_than_the_quota(settings, partner):
    settings.API_RATE = (50, 60)
    barrier = Barrier(8)

    def ask(_number: int) -> int:
        barrier.wait()
        found = [limits.take(partner.key, limits.DEFAULT, at=NOW) for _time in range(25)]
        return sum(not quota.is_exceeded for quota in found if quota is not None)

    with ThreadPoolExecutor(8) as threads:
        passed = sum(threads.map(ask, range(8)))

    assert passed == 50


@pytest.mark.postgres
def test_eight_at_once_do_where_counting_takes_two_steps(settings, partner):
    """The same without the script: what it is for."""
    client = limits._server(settings.REDIS_URL)._script.registered_client
    name = f"{partner.key.public_id}-in-two-steps"
    barrier = Barrier(8)

    def ask(_number: int) -> int:
        passed = 0
        for _time in range(7):
            asked = int(client.get(name) or 0)
            barrier.wait()
            client.set(name, asked + 1, ex=60)
            passed += asked < 5
        return passed

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(ask, range(8))) > 5


@pytest.mark.postgres
def test_without_redis_nobody_is_turned_away_and_it_is_logged_once_in_a_while(few, partner, settings, caplog):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    limits._server.cache_clear()

    answers = [partner.get("licences") for _time in range(5)]

    assert [(answer.status_code, told(answer)) for answer in answers] == [(200, {})] * 5
    assert [record.message for record in caplog.records if record.name == limits.logger.name] == ["api.limit_away"]
    limits._server.cache_clear()


def test_who_tries_keys_is_turned_away_and_a_right_key_is_not(partner):
    wrong = Client(headers={"authorization": "Bearer msk_nothing"})

    answers = [wrong.get("/api/v1/licences").status_code for _time in range(31)]

    assert answers == [401] * 30 + [429]
    assert partner.get("licences").status_code == 200


def test_a_count_of_wrong_keys_ends_with_its_window(clock: Clock):
    asked = {"most": 1, "seconds": 60}

    found = [is_too_often("test", "somebody", **asked, at=at) for at in (NOW, NOW, NOW + timedelta(seconds=60))]

    assert found == [False, True, False]
