"""Every route of panel and API, every method, asked by a rival: 404, and nothing changed. Routes are read from the URLconf."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from merchants.models import Member, PartnerKey
from merchstore.api.urls import urlpatterns as api_routes
from merchstore.panel.urls import urlpatterns as panel_routes
from tests.api.conftest import make_partner
from tests.factories import make_merchant, make_user
from tests.system.everything import each_verb, name_of, one_of_everything, template

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

IS_ID = re.compile(r"[a-z]{3}_[0-9a-z]{16}")
METHODS = ("get", "post", "put", "patch", "delete")
#: What changes because somebody asked, whoever it was.
OF_ASKING = {
    "django_session",
    "merchants_partnerkey",  # when it was used last
    "usersessions_usersession",
}


def panel_addresses() -> list[str]:
    """Those that name a merchant."""
    found = [template("panel/" + route) for pattern in panel_routes for route in each_verb(str(pattern.pattern))]
    return sorted(address for address in found if "{merchant}" in address)


def api_routes_of_keys() -> list[tuple[str, str]]:
    """Name and address of those that need a key."""
    found = [(pattern.name, template("api/v1/" + str(pattern.pattern)), pattern.callback) for pattern in api_routes]
    return [(name, address) for name, address, view in found if hasattr(getattr(view, "view_class", None), "scope")]


@pytest.fixture
def victim() -> dict[str, str]:
    return one_of_everything()


def rival_session() -> Client:
    """Owns another merchant, which has nothing."""
    user = make_user("rival-owner", is_staff=False, is_superuser=False)
    make_merchant("rival").members.create(user=user, role=Member.Role.OWNER)
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def rival_key() -> Client:
    """A key of another merchant that may do everything."""
    partner = make_partner(make_merchant("rival"), scopes=list(PartnerKey.Scope.values))
    return Client(raise_request_exception=False, headers={"authorization": f"Bearer {partner.secret}", "if-match": "*"})


def everything_as_it_is() -> dict[str, str]:
    """A digest of each table."""
    tables = sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)} - OF_ASKING)
    parts = [f"SELECT '{table}', md5(string_agg(t::text, ',' ORDER BY t::text)) FROM \"{table}\" t" for table in tables]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


def asked(client: Client, address: str, **more: Any) -> Iterator[tuple[str, Any]]:
    for number, method in enumerate(METHODS):
        sent = {} if method == "get" else {"data": "{}", "content_type": "application/json"}
        headers = {"idempotency-key": f"{address}{number}"[-200:]}
        yield method, getattr(client, method)(address, headers=headers, **sent, **more)


def body_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8", "replace")


def test_the_walk_finds_the_routes() -> None:
    assert len(panel_addresses()) >= 80
    assert len(api_routes_of_keys()) >= 60


def test_a_rival_in_the_panel_finds_nothing_and_changes_nothing(victim: dict[str, str]) -> None:
    rival, before, found = rival_session(), everything_as_it_is(), {}

    for address in panel_addresses():
        for method, answer in asked(rival, address.format(**victim)):
            if answer.status_code not in (404, 405):
                found[method, address] = answer.status_code

    assert found == {}
    assert everything_as_it_is() == before


def test_a_rival_who_names_the_victims_rows_under_their_own_merchant_finds_nothing(victim: dict[str, str]) -> None:
    """The merchant in the address is the rival's own: only the row is somebody else's."""
    rival, found = rival_session(), {}
    before = everything_as_it_is()

    for address in panel_addresses():
        if not set(re.findall(r"\{(\w+)\}", address)) & ROWS:
            continue
        for method, answer in asked(rival, address.format(**victim | {"merchant": "rival"})):
            if answer.status_code not in (404, 405):
                found[method, address] = answer.status_code

    assert found == {}
    assert everything_as_it_is() == before


def test_a_rivals_key_finds_nothing_and_changes_nothing(victim: dict[str, str]) -> None:
    """404; and where something else is wrong with the request too, the very answer that an address of nothing gives."""
    rival, found, not_found = rival_key(), {}, 0
    before = everything_as_it_is()

    for name, address in api_routes_of_keys():
        if "{" not in address:
            continue
        theirs = asked(rival, address.format(**victim | {"name": name_of(name, victim)}))
        nothing = asked(
            rival, address.format(**{key: nowhere(value) for key, value in victim.items()}, name="prd_0000000000000000")
        )
        for (method, answer), (_method, other) in zip(theirs, nothing, strict=True):
            not_found += answer.status_code == 404
            if answer.status_code not in (404, 405) and said_by(answer) != said_by(other):
                found[method, address] = (answer.status_code, body_of(answer)[:200])

    assert found == {}
    assert not_found >= 50
    assert everything_as_it_is() == before


def nowhere(value: str) -> str:
    """The public id of nothing, where it is one."""
    return f"{value[:3]}_0000000000000000" if IS_ID.fullmatch(value) else value


def said_by(answer: Any) -> tuple[int, str]:
    return answer.status_code, re.sub(r"req_[0-9a-f]{32}", "", body_of(answer))


def test_no_list_shows_a_rival_anything_of_the_victim(victim: dict[str, str]) -> None:
    rival = rival_key()
    theirs = {value for value in victim.values() if IS_ID.fullmatch(value)}
    shown = {}

    for _name, address in api_routes_of_keys():
        if "{" not in address:
            for method, answer in asked(rival, address):
                if leaked := [value for value in theirs if value in body_of(answer)]:
                    shown[method, address] = leaked

    assert shown == {}


#: Parts of an address that name a row of a merchant's.
ROWS = {
    "run", "parcel", "shipment", "returned", "statement", "licence", "version", "shown", "certificate", "key", "payout", "endpoint",
    "delivery", "own_product", "own_campaign", "submittal", "member", "invitation",
}  # fmt: skip
