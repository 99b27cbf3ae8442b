"""Keys in the panel: made, shown once, replaced and revoked by owners; a secret is nowhere afterwards."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry
from merchants.keys import find_key, make_key
from merchants.models import Merchant, PartnerKey
from tests.panel.conftest import signed_in

AT = timezone.now()


def at(merchant: Merchant, *parts: str, language: str = "en") -> str:
    return f"/panel/{language}/{merchant.slug}/keys/" + "".join(f"{part}/" for part in parts)


def made(merchant: Merchant, name: str = "Warehouse", **changes: object) -> PartnerKey:
    told = {"name": name, "scopes": ["orders:read"], "by": None, "at": timezone.now()} | changes
    return make_key(merchant, **told).key


def secret_in(page: str) -> str:
    return page.partition('value="msk_')[2].partition('"')[0].join(["msk_", ""])


def test_a_key_is_made_and_its_secret_shown_once(
    owner: Client, merchant: Merchant, caplog: pytest.LogCaptureFixture
) -> None:
    assert "Read orders" in owner.get(at(merchant, "new")).content.decode()

    answer = owner.post(at(merchant, "new"), {"name": "Warehouse", "scopes": ["orders:read", "orders:write"]})

    secret = secret_in(answer.content.decode())
    key = find_key(secret)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
    assert (key.merchant, key.scopes, key.expires_at) == (merchant, ["orders:read", "orders:write"], None)
    page = owner.get(at(merchant)).content.decode()
    assert [word in page for word in (secret, key.prefix, "Send orders and take goods back", "Never")] == [
        False, True, True, True,
    ]  # fmt: skip
    entry = AuditEntry.objects.get(verb="merchant.key_made")
    assert entry.actor.username == f"owner-of-{merchant.slug}"
    hidden = secret.removeprefix(key.prefix)
    assert not any(hidden in text for text in (str(entry.changes), caplog.text, answer.get("Location", "")))


@pytest.mark.parametrize(
    "fields, said",
    [
        ({"scopes": []}, "This field is required"),
        ({"scopes": ["everything"]}, "not one of the available choices"),
        ({"last_day": "2020-01-01"}, "expire later than now"),
        ({"last_day": "9999-12-31"}, "Kept name"),
        ({"last_day": "no day"}, "Enter a valid date"),
    ],
)
def test_what_is_refused_keeps_what_was_typed(
    owner: Client, merchant: Merchant, fields: dict[str, object], said: str
) -> None:
    answer = owner.post(at(merchant, "new"), {"name": "Kept name", "scopes": ["orders:read"]} | fields)

    page = answer.content.decode()
    assert (answer.status_code, said in page, 'value="Kept name"' in page) == (422, True, True)
    assert not PartnerKey.objects.exists()


def test_a_third_live_key_of_one_name_is_refused(owner: Client, merchant: Merchant) -> None:
    form = {"name": "Warehouse", "scopes": ["orders:read"]}

    answers = [owner.post(at(merchant, "new"), form) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert PartnerKey.objects.count() == 2


def test_a_key_is_replaced_with_an_overlap(owner: Client, merchant: Merchant) -> None:
    old = made(merchant)

    answer = owner.post(at(merchant, old.public_id, "replace"), {"overlap_days": 3})

    new = find_key(secret_in(answer.content.decode()))
    old.refresh_from_db()
    assert (answer.status_code, new.name, new.scopes) == (200, "Warehouse", ["orders:read"])
    assert timedelta(days=2) < old.expires_at - timezone.now() <= timedelta(days=3)
    for wrong in ({"overlap_days": 91}, {"overlap_days": ""}):
        assert owner.post(at(merchant, new.public_id, "replace"), wrong).status_code == 422
    assert PartnerKey.objects.count() == 2


def test_a_key_is_revoked_once(owner: Client, merchant: Merchant) -> None:
    key = made(merchant)

    answers = [owner.post(at(merchant, key.public_id, "revoke")) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 422]
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert "Revoked" in owner.get(at(merchant)).content.decode()
    assert owner.post(at(merchant, key.public_id, "replace"), {"overlap_days": 3}).status_code == 422


@pytest.mark.parametrize("role", ["catalogue", "orders", "finance", "read_only"])
def test_keys_are_for_owners(merchant: Merchant, role: str) -> None:
    client, key = signed_in(merchant, role), made(merchant)

    answers = [
        client.get(at(merchant)),
        client.get(at(merchant, "new")),
        client.post(at(merchant, "new"), {"name": "N", "scopes": ["orders:read"]}),
        client.post(at(merchant, key.public_id, "replace"), {"overlap_days": 3}),
        client.post(at(merchant, key.public_id, "revoke")),
        client.post(at(merchant, "sandbox")),
    ]

    assert [answer.status_code for answer in answers] == [403] * 6
    assert at(merchant) not in client.get(f"/panel/en/{merchant.slug}/orders/").content.decode()
    assert (PartnerKey.objects.count(), PartnerKey.objects.get().revoked_at) == (1, None)


def test_a_neighbours_key_is_not_there(rival: Client, merchant: Merchant) -> None:
    key = made(merchant)

    for verb in ("replace", "revoke"):
        assert rival.post(f"/panel/en/rival/keys/{key.public_id}/{verb}/", {"overlap_days": 3}).status_code == 404
    assert key.prefix not in rival.get("/panel/en/rival/keys/").content.decode()
    key.refresh_from_db()
    assert (key.revoked_at, key.expires_at) == (None, None)


def test_the_list_costs_the_same_for_one_key_and_for_three(owner: Client, merchant: Merchant) -> None:
    counts = []
    for names in (["A"], ["B", "C"]):
        for name in names:
            made(merchant, name)
        with CaptureQueriesContext(connection) as queries:
            assert owner.get(at(merchant)).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_a_sandbox_is_made_once_and_its_keys_are_found(owner: Client, merchant: Merchant) -> None:
    answers = [owner.post(at(merchant, "sandbox")) for _ in range(2)]

    sandbox = Merchant.objects.get(is_sandbox=True)
    assert [answer["Location"] for answer in answers] == [at(sandbox)] * 2
    assert at(sandbox) in owner.get(at(merchant)).content.decode()
    assert "This is a sandbox" in owner.get(at(sandbox)).content.decode()
    assert owner.post(at(sandbox, "sandbox")).status_code == 422
