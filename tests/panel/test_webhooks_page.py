"""Webhooks in the panel: addresses set up by owners, the log of deliveries, trying again; secrets shown once."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry
from merchants.events import emit
from merchants.models import Delivery, Merchant, WebhookEndpoint
from merchants.webhooks import add_endpoint
from tests.panel.conftest import signed_in

URL = "https://hooks.example.com/merchstore"


def at(merchant: Merchant, *parts: str) -> str:
    return f"/panel/en/{merchant.slug}/webhooks/" + "".join(f"{part}/" for part in parts)


def added(merchant: Merchant, url: str = URL) -> WebhookEndpoint:
    return add_endpoint(merchant, url=url, kinds=[], description="", by=None, at=timezone.now()).endpoint


def delivered(endpoint: WebhookEndpoint, state: str = "given_up", kind: str = "order.paid") -> Delivery:
    at = timezone.now()
    with transaction.atomic():
        event = emit(endpoint.merchant, kind, "par_1", at=at)
    one, _is_new = Delivery.objects.update_or_create(
        endpoint=endpoint, event=event, defaults={"state": state, "attempts": 1, "due_at": at + timedelta(hours=1)}
    )
    one.tries.create(at=at, status=503, milliseconds=41, answer="Down for <b>repairs</b>")
    return one


def secret_in(page: str) -> str:
    return page.partition('id="secret"')[2].partition('value="')[2].partition('"')[0]


def test_an_address_is_added_and_its_secret_shown_once(
    owner: Client, merchant: Merchant, caplog: pytest.LogCaptureFixture
) -> None:
    answer = owner.post(at(merchant, "new"), {"url": URL, "kinds": ["order.paid"], "description": "Warehouse"})

    secret, endpoint = secret_in(answer.content.decode()), WebhookEndpoint.objects.get()
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
    assert secret.startswith("whsec_")
    assert (endpoint.merchant, endpoint.url, endpoint.kinds) == (merchant, URL, ["order.paid"])
    pages = [owner.get(at(merchant)), owner.get(at(merchant, endpoint.public_id))]
    told = [page.content.decode() for page in pages] + [caplog.text, str(list(AuditEntry.objects.values("changes")))]
    assert [secret in text for text in told] == [False] * 4
    assert "Warehouse" in told[0]


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "ftp://x.example/", "https://user:word@x.example/", ""])
def test_a_bad_address_is_refused_and_what_was_typed_stays(owner: Client, merchant: Merchant, url: str) -> None:
    answer = owner.post(at(merchant, "new"), {"url": url, "description": "Kept words"})

    assert (answer.status_code, "Kept words" in answer.content.decode()) == (422, True)
    assert not WebhookEndpoint.objects.exists()


def test_an_address_is_changed_switched_and_removed(owner: Client, merchant: Merchant) -> None:
    endpoint = added(merchant)
    place = at(merchant, endpoint.public_id)

    assert owner.post(place + "edit/", {"url": URL + "/2", "kinds": ["order.sent"]})["Location"] == place
    assert owner.post(place + "edit/", {"url": "nothing", "description": "Kept"}).status_code == 422
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.kinds, endpoint.description) == (URL + "/2", ["order.sent"], "")
    for verb, state in (("disable", "disabled"), ("enable", "enabled")):
        owner.post(place + f"{verb}/")
        endpoint.refresh_from_db()
        assert endpoint.state == state
    assert owner.post(place + "remove/")["Location"] == at(merchant)
    assert not WebhookEndpoint.objects.exists()


def test_another_secret_is_shown_once(owner: Client, merchant: Merchant) -> None:
    endpoint = added(merchant)

    secrets = {secret_in(owner.post(at(merchant, endpoint.public_id, "rotate")).content.decode()) for _ in range(2)}

    assert len(secrets) == 2
    page = owner.get(at(merchant, endpoint.public_id)).content.decode()
    assert not any(secret in page for secret in secrets)


def test_a_delivery_shows_its_tries_and_goes_out_again(owner: Client, merchant: Merchant) -> None:
    one = delivered(added(merchant))
    place = at(merchant, "deliveries", one.public_id)
    assert place in owner.get(at(merchant, one.endpoint.public_id) + "?show=given_up").content.decode()
    assert place not in owner.get(at(merchant, one.endpoint.public_id) + "?show=waiting").content.decode()

    page = owner.get(place).content.decode()
    assert [word in page for word in ("503", "41", "Down for &lt;b&gt;", "order.paid")] == [True] * 4
    answer = owner.post(place + "redeliver/")

    assert answer.status_code == 302
    assert Delivery.objects.get(public_id=answer["Location"].split("/")[-2]).state == "waiting"


def test_a_test_is_sent(owner: Client, merchant: Merchant) -> None:
    endpoint = added(merchant)

    answer = owner.post(at(merchant, endpoint.public_id, "test"))

    sent = Delivery.objects.get(endpoint=endpoint)
    assert answer["Location"] == at(merchant, "deliveries", sent.public_id)
    assert sent.event.kind == "webhook.test"


@pytest.mark.parametrize("role", ["catalogue", "orders", "finance", "read_only"])
def test_webhooks_are_for_owners(merchant: Merchant, role: str) -> None:
    one, client = delivered(added(merchant)), signed_in(merchant, role)
    mine = (one.endpoint.public_id,)

    gets = [client.get(at(merchant, *parts)) for parts in ((), ("new",), mine, ("deliveries", one.public_id))]
    verbs = ("edit", "disable", "enable", "remove", "rotate", "test")
    posts = [client.post(at(merchant, *mine, verb), {"url": URL}) for verb in verbs]
    posts.append(client.post(at(merchant, "deliveries", one.public_id, "redeliver")))

    assert {answer.status_code for answer in gets + posts} == {403}
    one.refresh_from_db()
    assert (one.state, WebhookEndpoint.objects.get().state, Delivery.objects.count()) == ("given_up", "enabled", 1)


def test_a_neighbours_addresses_are_not_there(rival: Client, merchant: Merchant) -> None:
    one = delivered(added(merchant))
    theirs = "/panel/en/rival/webhooks/"

    for part in (one.endpoint.public_id, f"deliveries/{one.public_id}"):
        assert rival.get(f"{theirs}{part}/").status_code == 404
    for verb in ("edit", "disable", "enable", "remove", "rotate", "test"):
        assert rival.post(f"{theirs}{one.endpoint.public_id}/{verb}/", {"url": URL}).status_code == 404
    assert rival.post(f"{theirs}deliveries/{one.public_id}/redeliver/").status_code == 404
    assert (WebhookEndpoint.objects.get().state, Delivery.objects.get().state) == ("enabled", "given_up")


def test_the_pages_cost_the_same_for_few_and_for_many(owner: Client, merchant: Merchant) -> None:
    endpoint, counts = added(merchant), []
    for more in (1, 3):
        for number in range(more):
            one = delivered(endpoint)
            added(merchant, f"{URL}/{more}/{number}")
            one.tries.create(at=timezone.now(), problem="timeout", milliseconds=10_000)
        for parts in ((), (endpoint.public_id,), ("deliveries", one.public_id)):
            with CaptureQueriesContext(connection) as queries:
                assert owner.get(at(merchant, *parts)).status_code == 200
            counts.append(len(queries))

    assert counts[:3] == counts[3:]
