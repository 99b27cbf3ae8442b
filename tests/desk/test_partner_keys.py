"""Keys at the desk: made, shown once, replaced, revoked; the secret is on one answer and nowhere else."""

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, User
from merchants.keys import find_key, make_key
from merchants.models import PartnerKey
from tests.factories import make_merchant

pytestmark = pytest.mark.django_db

ADD = "admin:merchants_partnerkey_add"
SECRET = re.compile(r"msk_[0-9a-z]{16}_[0-9a-f]{64}")


def do(key: PartnerKey, code: str) -> str:
    return reverse("admin:merchants_partnerkey_verb", args=[key.pk, code])


def a_key(**told: object) -> PartnerKey:
    defaults = {"name": "Till", "scopes": ["rights:read"], "by": None, "at": timezone.now()}
    return make_key(make_merchant(), **defaults | told).key  # type: ignore[arg-type]


def shown(answer) -> str:
    (secret,) = set(SECRET.findall(answer.content.decode()))
    return secret


def test_a_key_is_made_and_shown_once(desk: Client, head: User, caplog: pytest.LogCaptureFixture) -> None:
    merchant = make_merchant(country="HK")
    told = {"merchant": merchant.pk, "name": "Warehouse", "scopes": ["rights:read", "sales:write"]}

    with caplog.at_level(logging.DEBUG):
        answer = desk.post(reverse(ADD), told | {"last_day": "2099-12-31"})

    secret, key = shown(answer), PartnerKey.objects.get()
    assert (answer.status_code, find_key(secret)) == (200, key)
    assert "no-store" in answer["Cache-Control"]
    assert (key.merchant, key.name, key.scopes) == (merchant, "Warehouse", ["rights:read", "sales:write"])
    assert key.expires_at == datetime(2099, 12, 31, 16, tzinfo=UTC)
    assert AuditEntry.objects.get().actor == head
    hidden = secret.removeprefix(key.prefix)
    page = desk.get(reverse("admin:merchants_partnerkey_change", args=[key.pk])).content.decode()
    kept = [page, caplog.text, str(LogEntry.objects.get().__dict__)]
    kept += [str(session.get_decoded()) for session in Session.objects.all()] + [str(desk.cookies)]
    assert not any(hidden in text or key.secret_hash in text for text in kept)
    assert key.prefix in page


@pytest.mark.parametrize(
    "wrong, sentence",
    [
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["orders:everything"]}, "Select a valid choice."),
        ({"last_day": "2020-01-01"}, "A key has to expire later than now."),
        ({"name": "Till"}, "Two keys named “Till” are live already."),
    ],
)
def test_what_cannot_be_made_is_said_at_the_form(desk: Client, wrong: dict, sentence: str) -> None:
    merchant = make_merchant()
    for _ in range(2):
        make_key(merchant, name="Till", scopes=["rights:read"], by=None, at=timezone.now())

    answer = desk.post(reverse(ADD), {"merchant": merchant.pk, "name": "Other", "scopes": ["rights:read"]} | wrong)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert SECRET.search(answer.content.decode()) is None
    assert PartnerKey.objects.count() == 2


def test_a_key_is_replaced_with_an_overlap(desk: Client) -> None:
    key = a_key()

    form = desk.get(do(key, "rotate")).content.decode()
    answer = desk.post(do(key, "rotate"), {"overlap_days": "3", "last_day": ""})

    new = find_key(shown(answer))
    key.refresh_from_db()
    assert "Days the old key goes on working" in form
    assert new is not None
    assert (new.name, new.scopes, new.expires_at) == ("Till", ["rights:read"], None)
    assert key.expires_at is not None
    assert abs(key.expires_at - timezone.now() - timedelta(days=3)) < timedelta(minutes=1)


def test_a_key_is_revoked(desk: Client) -> None:
    key = a_key()

    asked = desk.get(do(key, "revoke"))
    desk.post(do(key, "revoke"))
    again = desk.post(do(key, "revoke"))

    key.refresh_from_db()
    assert "opens nothing" in asked.content.decode()
    assert key.revoked_at is not None
    assert again.status_code == 422
    page = desk.get(reverse("admin:merchants_partnerkey_change", args=[key.pk])).content.decode()
    assert (do(key, "revoke") in page, do(key, "rotate") in page) == (False, False)


def test_a_key_is_not_edited(desk: Client) -> None:
    key = a_key()

    answer = desk.post(
        reverse("admin:merchants_partnerkey_change", args=[key.pk]),
        {"name": "Other", "scopes": ["sales:write"], "merchant": make_merchant().pk},
    )

    row = PartnerKey.objects.get()
    assert answer.status_code == 403
    assert (row.name, row.scopes, row.merchant) == ("Till", ["rights:read"], key.merchant)


def test_who_may_only_look_makes_and_ends_none(reader_desk: Client, fan_client: Client) -> None:
    key = a_key()

    told = {"merchant": key.merchant.pk, "name": "New", "scopes": ["rights:read"]}

    assert reader_desk.get(reverse("admin:merchants_partnerkey_change", args=[key.pk])).status_code == 200
    assert [reader_desk.post(reverse(ADD), told).status_code, fan_client.post(reverse(ADD), told).status_code] == [
        403,
        302,
    ]
    for code in ("rotate", "revoke"):
        assert reader_desk.post(do(key, code), {"overlap_days": "1"}).status_code == 403
    assert PartnerKey.objects.live(at=timezone.now()).count() == 1


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_and_the_merchant_s_page_cost_the_same_with_one_key_and_with_three(
    desk: Client, rows: int, django_assert_max_num_queries
) -> None:
    merchant = make_merchant()
    for number in range(rows):
        make_key(merchant, name=f"Till {number}", scopes=["rights:read"], by=None, at=timezone.now())

    with django_assert_max_num_queries(8):
        listed = desk.get(reverse("admin:merchants_partnerkey_changelist")).content.decode()
    with django_assert_max_num_queries(8):
        page = desk.get(reverse("admin:merchants_merchant_change", args=[merchant.pk])).content.decode()

    assert all(f"Till {number}" in listed and f"Till {number}" in page for number in range(rows))
    assert "Ask the rights gate" in page
