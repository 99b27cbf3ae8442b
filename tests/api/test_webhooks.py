"""Events and webhook endpoints through the API: what is read, set up, shown once, tested and sent again."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import AuditEntry
from merchants.events import emit, number_events
from merchants.models import Delivery, Event, IdempotentRequest, Merchant, WebhookEndpoint
from merchants.webhooks import secrets_of
from tests.api.conftest import Clock, Partner, make_partner
from tests.factories import NOW, make_merchant

pytestmark = pytest.mark.django_db
SCOPES = ["events:read", "webhooks:write"]
HOOK = {"url": "https://orders.example/hook", "kinds": ["order.paid"], "description": "Warehouse"}


@pytest.fixture
def merchant() -> Merchant:
    return make_merchant("keeper")


@pytest.fixture
def partner(merchant: Merchant, clock: Clock) -> Partner:
    return make_partner(merchant, scopes=SCOPES)


def happened(merchant: Merchant, *kinds: str) -> list[Event]:
    with transaction.atomic():
        return [emit(merchant, kind, f"par_{number:016}", at=NOW, order="M-1") for number, kind in enumerate(kinds)]


def added(partner: Partner, **changes: Any) -> dict[str, Any]:
    answer = partner.post("webhook-endpoints", HOOK | changes)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def test_events_are_replayed_in_their_order_without_a_worker(merchant, partner):
    happened(make_merchant("rival"), "order.paid")
    first, second, third = happened(merchant, "order.paid", "order.sent", "order.paid")

    listed = partner.get("events").json()
    behind = partner.get(f"events?after={first.public_id}").json()
    paid = partner.get("events?kind=order.paid").json()
    one = partner.get(f"events/{first.public_id}").json()

    assert [row["id"] for row in listed["data"]] == [first.public_id, second.public_id, third.public_id]
    assert [row["id"] for row in behind["data"]] == [second.public_id, third.public_id]
    assert [row["id"] for row in paid["data"]] == [first.public_id, third.public_id]
    assert one == listed["data"][0]
    assert one == {
        "id": first.public_id, "type": "order.paid", "timestamp": "2026-11-22T12:00:00Z",
        "data": {"id": first.subject, "order": "M-1"},
    }  # fmt: skip


def test_pages_of_events_lose_none(merchant, partner):
    events = happened(merchant, *["order.paid"] * 5)

    found, address = [], "events?limit=2"
    while address:
        page = partner.get(address).json()
        found += [row["id"] for row in page["data"]]
        address = f"events?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""

    assert found == [event.public_id for event in events]


def test_an_event_that_is_none_of_ones_own_is_no_place_to_begin(merchant, partner):
    theirs = happened(make_merchant("rival"), "order.paid")[0]
    number_events(at=NOW)

    answers = [partner.get(f"events?after={name}") for name in (theirs.public_id, "evt_0000000000000000")]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert [answer.json()["errors"][0]["pointer"] for answer in answers] == ["/query/after"] * 2
    assert partner.get(f"events/{theirs.public_id}").status_code == 404


def test_an_endpoint_is_added_and_its_secret_shown_once(merchant, partner):
    first = partner.post("webhook-endpoints", HOOK, idempotency_key="once")
    again = partner.post("webhook-endpoints", HOOK, idempotency_key="once")
    read = partner.get(first["Location"].removeprefix("/api/v1/"))

    endpoint = WebhookEndpoint.objects.get()
    secret = first.json()["secret"]
    assert secrets_of(endpoint, at=NOW) == [secret]
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert again.json() == {**first.json(), "secret": None}
    assert {name: read.json()[name] for name in HOOK} == HOOK
    assert "secret" not in read.json()
    assert read["ETag"] == first["ETag"]
    kept = [bytes(row.body).decode() for row in IdempotentRequest.objects.all()]
    told = [str(entry.changes) for entry in AuditEntry.objects.all()]
    assert not [text for text in (*kept, *told, endpoint.secret) if secret in text]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"url": "http://orders.example/hook"}, 422, "webhook_address_not_allowed"),
        ({"url": "https://127.0.0.1/hook"}, 422, "webhook_address_not_allowed"),
        ({"url": "https://me:secret@orders.example/"}, 422, "webhook_address_not_allowed"),
        ({"url": "nonsense"}, 422, "webhook_address_not_allowed"),
        ({"url": 7}, 400, "invalid_body"),
        ({"kinds": ["order.eaten"]}, 400, "invalid_body"),
        ({"kinds": "order.paid"}, 400, "invalid_body"),
        ({"colour": "red"}, 400, "invalid_body"),
    ],
)
def test_an_endpoint_that_cannot_be(partner, changes, status, code):
    answer = partner.post("webhook-endpoints", HOOK | changes)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert WebhookEndpoint.objects.count() == 0


def test_an_endpoint_is_changed_by_whoever_read_it_last(partner):
    made = added(partner)
    address = f"webhook-endpoints/{made['id']}"
    etag = partner.get(address)["ETag"]

    changed = partner.send("patch", address, {"kinds": [], "state": "disabled"}, if_match=etag)
    stale = partner.send("patch", address, {"description": "Office"}, if_match=etag)
    without = partner.send("patch", address, {"description": "Office"})
    back = partner.send("patch", address, {"state": "enabled"}, if_match=changed["ETag"])

    assert (changed.status_code, changed.json()["kinds"], changed.json()["state"]) == (200, [], "disabled")
    assert changed.json()["disabled_reason"] == "by_hand"
    assert (stale.status_code, without.status_code) == (412, 428)
    assert (back.status_code, back.json()["state"], back.json()["description"]) == (200, "enabled", "Warehouse")


def test_an_endpoint_is_removed(partner):
    address = f"webhook-endpoints/{added(partner)['id']}"

    gone = partner.send("delete", address, if_match="*")

    assert (gone.status_code, WebhookEndpoint.objects.count()) == (204, 0)
    assert partner.get(address).status_code == 404


def test_a_secret_is_rotated_and_the_one_before_signs_for_a_while(partner):
    made = added(partner)

    answer = partner.post(f"webhook-endpoints/{made['id']}/rotate-secret", {"overlap_hours": 2})

    endpoint, secret = WebhookEndpoint.objects.get(), answer.json()["secret"]
    assert answer.json()["previous_secret_until"] == "2026-11-22T14:00:00Z"
    assert secrets_of(endpoint, at=NOW) == [secret, made["secret"]]
    assert secrets_of(endpoint, at=NOW + timedelta(hours=2)) == [secret]


def test_a_test_is_logged_and_sent_again(partner):
    made = added(partner)
    base = f"webhook-endpoints/{made['id']}"

    tested = partner.post(f"{base}/test", b"")
    waiting = partner.post(f"{base}/deliveries/{tested.json()['id']}/redeliver", b"")
    Delivery.objects.update(state=Delivery.State.GIVEN_UP, ended_at=NOW)
    again = partner.post(f"{base}/deliveries/{tested.json()['id']}/redeliver", b"", idempotency_key="later")
    log = partner.get(f"{base}/deliveries").json()

    assert (tested.status_code, tested.json()["type"], tested.json()["state"]) == (202, "webhook.test", "waiting")
    assert (waiting.status_code, waiting.json()["code"]) == (409, "delivery_waiting")
    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    assert [row["id"] for row in log["data"]] == [tested.json()["id"]]
    assert partner.get(f"{base}/deliveries?state=delivered").json()["data"] == []


@pytest.mark.parametrize("number", [1, 3])
def test_a_log_costs_the_same_however_long(partner, merchant, django_assert_num_queries, number):
    made = added(partner, kinds=[])
    happened(merchant, *["order.paid"] * number)
    number_events(at=NOW)
    for delivery in Delivery.objects.all():
        delivery.tries.create(at=NOW, status=500, milliseconds=3, answer="no")

    with django_assert_num_queries(4):  # key, endpoint, deliveries with events, tries
        log = partner.get(f"webhook-endpoints/{made['id']}/deliveries").json()

    assert [len(row["tries"]) for row in log["data"]] == [1] * number
