"""Endpoints, their secrets, and what is signed with them; the reference library is the judge."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import override_settings
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from accounts.models import AuditEntry
from core.errors import Refused
from merchants import webhooks
from merchants.events import KINDS, emit
from merchants.models import Delivery, Event, WebhookEndpoint
from merchants.sending import body_of, headers_of
from tests.factories import NOW, make_merchant, make_user

pytestmark = pytest.mark.django_db

URL = "https://hooks.example/in"


def add(merchant=None, **given):
    defaults = {"url": URL, "by": None, "at": NOW}
    return webhooks.add_endpoint(merchant or make_merchant(), **defaults | given)


def refused(verb, *arguments, **given) -> str:
    with pytest.raises(Refused) as refusal:
        verb(*arguments, **given)
    assert refusal.value.sentence != refusal.value.code
    return refusal.value.code


def test_a_secret_is_shown_once_and_kept_sealed():
    made = add(kinds=["order.sent", "order.paid"], description="Shop")

    endpoint = WebhookEndpoint.objects.get()
    assert made.secret.startswith("whsec_")
    assert made.secret not in endpoint.secret
    assert made.secret[6:] not in endpoint.secret
    assert webhooks.secrets_of(endpoint, at=NOW) == [made.secret]
    assert (endpoint.url, endpoint.kinds, endpoint.description) == (URL, ["order.paid", "order.sent"], "Shop")
    entry = AuditEntry.objects.get()
    assert (entry.verb, made.secret in str(entry.changes)) == ("webhook.added", False)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/", "https://hooks.example:22/", "https://127.0.0.1/", "https://10.0.0.1/",
        "https://[::1]/", "https://169.254.169.254/", "https://me:pass@hooks.example/", "ftp://hooks.example/",
        "https://", "https:///in", "hooks.example", "https://hooks.example/#a", "https://hooks.example/a b",
        "https://hooks.example:99999/", "https://hooks.example/\u4e16", "https://hooks.example/\r\nX-A: b",
    ],
)  # fmt: skip
def test_only_public_addresses_over_tls_are_told(url):
    assert refused(add, url=url) == "webhook_address_not_allowed"
    assert not WebhookEndpoint.objects.exists()


def test_kinds_that_are_none_and_one_address_too_many_are_refused():
    merchant = make_merchant()
    assert refused(add, merchant, kinds=["order.paid", "order.lost"]) == "unknown_event_kind"
    for _number in range(webhooks.MOST_ENDPOINTS):
        add(merchant)
    assert refused(add, merchant) == "too_many_endpoints"
    assert add().endpoint.merchant != merchant


def test_verbs_change_what_they_say_and_leave_a_trail():
    user = make_user()
    endpoint = add().endpoint

    webhooks.edit_endpoint(endpoint, kinds=["order.paid"], url=URL + "2", by=user, at=NOW)
    webhooks.disable_endpoint(endpoint, by=user, at=NOW)
    assert refused(webhooks.disable_endpoint, endpoint, by=user, at=NOW) == "already_done"
    assert refused(webhooks.send_test, endpoint, by=user, at=NOW) == "webhook_disabled"
    webhooks.enable_endpoint(endpoint, by=user, at=NOW)
    assert refused(webhooks.enable_endpoint, endpoint, by=user, at=NOW) == "already_done"
    delivery = webhooks.send_test(endpoint, by=user, at=NOW)
    webhooks.remove_endpoint(endpoint, by=user, at=NOW)

    assert list(AuditEntry.objects.filter(actor=user).order_by("pk").values_list("verb", flat=True)) == [
        "webhook.edited", "webhook.disabled", "webhook.enabled", "webhook.tested", "webhook.removed"
    ]  # fmt: skip
    assert not WebhookEndpoint.objects.exists()
    assert not Delivery.objects.filter(pk=delivery.pk).exists()
    assert refused(webhooks.enable_endpoint, endpoint, by=user, at=NOW) == "already_done"


def test_a_delivery_that_ended_is_sent_again_and_one_on_its_way_is_not():
    delivery = webhooks.send_test(add().endpoint, by=None, at=NOW)
    assert refused(webhooks.redeliver, delivery, by=None, at=NOW) == "delivery_waiting"
    Delivery.objects.update(state="given_up", attempts=10, ended_at=NOW)

    again = webhooks.redeliver(delivery, by=None, at=NOW + timedelta(days=1))

    assert (again.state, again.attempts, again.ended_at, again.event_id) == ("waiting", 0, None, delivery.event_id)
    assert again.due_at == NOW + timedelta(days=1)


def message(endpoint, *, at):
    event = emit(endpoint.merchant, "order.paid", "par_0123456789abcdef", at=NOW, order="2026-1", note="世界")
    body = body_of(event)
    return body, headers_of(event, body, webhooks.secrets_of(endpoint, at=at), at=at)


def verifies(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def test_the_reference_library_verifies_what_is_sent_and_nothing_else():
    made, now = add(), timezone.now()
    body, headers = message(made.endpoint, at=now)

    told = Webhook(made.secret).verify(body, headers)

    assert told == {
        "type": "order.paid",
        "timestamp": "2026-11-22T12:00:00Z",
        "data": {"order": "2026-1", "note": "世界", "id": "par_0123456789abcdef"},
    }
    assert headers["webhook-id"] == Event.objects.get().public_id
    assert headers["webhook-signature"] == Webhook(made.secret).sign(headers["webhook-id"], now, body.decode())
    assert not verifies(made.secret, body.replace(b"2026-1", b"2026-2"), headers)
    assert not verifies(made.secret, body, headers | {"webhook-id": "evt_another"})
    assert not verifies(webhooks.new_secret(), body, headers)
    old, old_headers = message(made.endpoint, at=now - timedelta(minutes=10))
    assert not verifies(made.secret, old, old_headers)


def test_two_secrets_sign_while_one_replaces_the_other():
    made, now = add(), timezone.now()
    fresh = webhooks.rotate_secret(made.endpoint, by=None, at=now - timedelta(hours=23))

    body, headers = message(fresh.endpoint, at=now)
    assert [verifies(secret, body, headers) for secret in (made.secret, fresh.secret)] == [True, True]
    assert not verifies(fresh.secret, body + b" ", headers)

    _body, later = message(fresh.endpoint, at=now + timedelta(hours=1))
    assert len(later["webhook-signature"].split()) == 1
    at_once = webhooks.rotate_secret(fresh.endpoint, by=None, at=now, overlap=timedelta())
    body, headers = message(at_once.endpoint, at=now)
    assert [verifies(secret, body, headers) for secret in (fresh.secret, at_once.secret)] == [False, True]
    too_long = timedelta(days=8)
    assert refused(webhooks.rotate_secret, made.endpoint, by=None, at=now, overlap=too_long) == "bad_webhook_overlap"


def test_another_secret_key_leaves_secrets_unreadable_unless_the_old_one_stands_behind():
    made = add()
    old = settings.SECRET_KEY
    with override_settings(SECRET_KEY="another" * 9, SECRET_KEY_FALLBACKS=[old]):
        assert webhooks.secrets_of(made.endpoint, at=NOW) == [made.secret]
    with override_settings(SECRET_KEY="another" * 9):
        assert webhooks.secrets_of(made.endpoint, at=NOW) == []
        webhooks.disable_endpoint(made.endpoint, by=None, at=NOW)
        assert refused(webhooks.enable_endpoint, made.endpoint, by=None, at=NOW) == "webhook_secret_lost"
        webhooks.rotate_secret(made.endpoint, by=None, at=NOW)
        assert webhooks.enable_endpoint(made.endpoint, by=None, at=NOW).state == "enabled"


def test_the_document_lists_every_kind():
    text = (settings.BASE_DIR / "docs/webhooks.md").read_text()

    told = [line.split("|")[1].strip().strip("`") for line in text.splitlines() if line.startswith("| `")]

    assert told == list(KINDS)
