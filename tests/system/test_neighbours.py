"""Two merchants in one market, one film, one campaign and one order: no page or answer of the one holds a word of the other's."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from campaigns import services, staging
from campaigns.models import Campaign, Listing
from films.models import Film
from licensing.models import Licence
from merchants.invitations import invite
from merchants.keys import make_key
from merchants.models import Member, Merchant
from orders.placing import place_lines
from orders.quoting import Wanted
from tests.api.conftest import make_partner
from tests.factories import NOW, make_licence, make_merchant, make_product, make_user
from tests.orders.conftest import buyer, sells, terms
from tests.orders.test_results import tell
from tests.system.everything import name_of, one_of_everything, template
from tests.system.test_roles import ROLES, ask, rows, undone
from tests.system.test_scopes import of_keys

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

#: In everything that the neighbour calls its own; nothing else of the test has it.
MARK = "Zebra"
#: Public ids of rows of a merchant's. Films, campaigns and markets are everybody's.
OWN_ID = re.compile(
    r"(?:prd|var|img|lic|ver|rnd|fil|crt|par|shp|ret|out|sta|imp|key|whe|dlv|evt|inv|smt|mer|usr)_[0-9a-z]{16}"
)


@pytest.fixture
def things() -> dict[str, str]:
    """What the one has; the other has goods in the same campaign, and half of the same order."""
    things = one_of_everything()
    other = make_merchant("zebra-works", name=f"{MARK} Works", name_zh=f"{MARK} 工坊")
    film, licence = Film.objects.get(slug=things["film"]), Licence.objects.get(public_id=things["licence"])
    theirs = make_licence(film, other, number=f"{MARK}-LIC")
    goods = [
        make_product(
            licence=theirs,
            sku=f"{MARK}-{number}",
            title_en=f"{MARK} mug",
            title_zh=f"{MARK} 杯",
            slug=f"zebra-{number}",
        )
        for number in range(2)
    ]
    other.members.create(user=make_user(f"{MARK}-owner", is_staff=False, is_superuser=False), role=Member.Role.OWNER)
    at = timezone.now()
    make_key(other, name=f"{MARK} key", scopes=["orders:read"], by=None, at=at)
    invite(other, email=f"{MARK}@zebra.example", role="orders", language="en", by=None, at=at)
    mine = make_product(licence=licence, title_en="Paper lantern")
    sells(mine)
    campaign = Campaign.objects.get(slug=things["campaign"])
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)
    market = sells(goods[0]).market
    wanted = [Wanted(mine.variants.get().pk, 1), Wanted(goods[0].variants.get().pk, 1)]
    order = place_lines(wanted, market, buyer(), terms(market, wanted), at=NOW + timedelta(minutes=1))
    tell(order.payments.get())
    parcel = order.parcels.get(merchant__slug=things["merchant"])
    listed = Listing.objects.filter(campaign=campaign, is_wanted=True)
    assert set(listed.values_list("product__merchant__slug", flat=True)) == {things["merchant"], "zebra-works"}
    shared = {"shared_parcel": parcel.public_id, "shared_campaign": campaign.public_id, "title": mine.title_en}
    return things | shared


def said(answer: Any) -> str:
    text = (answer.getvalue() if answer.streaming else answer.content).decode("utf-8", "replace")
    return text + " ".join(f"{name}: {value}" for name, value in answer.items())


def marks_in(text: str) -> list[str]:
    return re.findall(rf".{{0,60}}{MARK}.{{0,40}}", text, re.IGNORECASE)


def test_no_page_of_the_panel_holds_a_word_of_a_neighbours(things: dict[str, str]) -> None:
    client, found, pages = Client(), {}, 0
    client.force_login(Member.objects.get(merchant__slug=things["merchant"], role="owner").user)
    addresses = {address.format(**things) for name, address in rows() if ROLES[name][0]}
    # Where both have something in it: the studio's campaign, and the order that they share.
    addresses |= {
        address.format(**things | {"own_campaign": things["shared_campaign"], "parcel": things["shared_parcel"]})
        for name, address in rows()
        if name in ("campaign", "campaign_progress", "order")
    }
    for address in sorted(addresses):
        for query in ("", f"?q={MARK}"):
            text = said(client.get(address + query))
            pages += 1
            if marks := [mark for mark in marks_in(text.replace(quote(query), "")) if f'value="{MARK}"' not in mark]:
                found[address + query] = marks[:3]

    assert found == {}
    assert pages >= 80
    # The pages that both have something in are there, with what is one's own.
    here = f"/panel/en/{things['merchant']}/"
    campaign, order = (
        client.get(f"{here}{page}/")
        for page in (f"campaigns/{things['shared_campaign']}", f"orders/{things['shared_parcel']}")
    )
    listed = Listing.objects.filter(campaign__public_id=things["shared_campaign"], is_wanted=True)
    own = listed.filter(product__merchant__slug=things["merchant"]).count()
    assert [row["total"] for row in campaign.context["progress"]["rows"]] == [own] != [listed.count()]
    assert things["title"] in said(order)


def test_no_answer_of_the_api_holds_a_word_of_a_neighbours(things: dict[str, str], settings: Any) -> None:
    settings.API_RATE = settings.API_BULK_RATE = (10**6, 60)
    key = make_partner(Merchant.objects.get(slug=things["merchant"])).secret
    client = Client(raise_request_exception=False, headers={"authorization": f"Bearer {key}", "if-match": "*"})
    found, answers = {}, 0

    for pattern in of_keys():
        address = template("api/v1/" + str(pattern.pattern))
        names = [things]
        if "{" in address:
            names = [things | {"name": name_of(str(pattern.name), things)}]
            names += [things | {"name": things[name]} for name in ("shared_campaign", "shared_parcel")]
        for told in names:
            for method in ("get", "post"):
                with undone():
                    answer = ask(client, method, address.format(**told))
                    if marks := marks_in(said(answer)):
                        found[method, address.format(**told)] = marks[:3]
                    answers += answer.status_code == 200

    assert found == {}
    assert answers >= 40


def test_a_cursor_of_a_neighbours_leads_into_ones_own_list(things: dict[str, str], settings: Any) -> None:
    """It says where a page ended, and not whose."""
    settings.API_RATE = settings.API_BULK_RATE = (10**6, 60)
    mine, theirs = (make_partner(Merchant.objects.get(slug=slug)) for slug in (things["merchant"], "zebra-works"))
    followed = set()

    for pattern in of_keys():
        address = str(pattern.pattern)
        if "<" in address or not any(one.name == "cursor" for one in pattern.callback.view_class.parameters):
            continue
        cursor = (theirs.get(f"{address}?limit=1").json() or {}).get("next_cursor")
        if cursor is None:
            continue
        answer = mine.get(f"{address}?limit=100&cursor={quote(cursor)}")
        whole = mine.get(f"{address}?limit=100")

        assert answer.status_code == 200, address
        assert set(OWN_ID.findall(said(answer))) <= set(OWN_ID.findall(said(whole))) | {mine.key.public_id}, address
        assert marks_in(said(answer)) == [], address
        followed.add(address)

    assert {"own/products", "events"} <= followed
