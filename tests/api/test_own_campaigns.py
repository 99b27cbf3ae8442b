"""A merchant's campaigns by program: whole documents, plan, apply, rollback, listings; and the studio's, joined."""

import threading
from typing import Any

import pytest
from django.db import connection

from campaigns.entries import accept_entries, decline_entries
from campaigns.models import Campaign
from campaigns.own import create_own_campaign
from campaigns.services import approve_revision
from campaigns.staging import stage_revision
from catalog.models import Market
from merchants.models import Merchant
from merchstore.api.problems import KINDS
from tests.api.conftest import Partner, make_partner
from tests.campaigns.joining import Fair, document, make_fair, stage
from tests.factories import NOW, make_product, make_user

pytestmark = pytest.mark.django_db

WHOLE: dict[str, Any] = {
    "name_en": "Mugs",
    "name_zh": "",
    "film": None,
    "starts_at": "2026-11-23T12:00:00Z",
    "ends_at": "2026-11-30T12:00:00Z",
    "time_zone": "Asia/Shanghai",
    "markets": ["us"],
    "channels": ["storefront"],
    "rule": {"categories": ["t-shirts"]},
    "discount": {"kind": "percent", "percent": "20"},
}


@pytest.fixture
def fair(db: None, clock: Any) -> Fair:
    return make_fair()


@pytest.fixture
def keeper(fair: Fair) -> Partner:
    return make_partner(fair.merchant)


@pytest.fixture
def rival(fair: Fair) -> Partner:
    return make_partner(fair.rival)


def put_new(partner: Partner, name: str = "mugs", **changes: Any) -> Any:
    return partner.send("put", f"own/campaigns/{name}", WHOLE | changes, if_none_match="*")


def launch(name: str, merchant: Merchant) -> Campaign:
    campaign = merchant.campaigns.get(own_slug=name)
    revision = campaign.revisions.get(state="awaiting_approval")
    approve_revision(revision, by=make_user(f"studio-{revision.pk}"), at=NOW)
    stage_revision(revision.pk)
    return campaign


def test_a_campaign_is_put_planned_applied_approved_and_listed(fair: Fair, keeper: Partner) -> None:
    put = put_new(keeper)
    assert (put.status_code, put["Location"]) == (201, "/api/v1/own/campaigns/mugs")
    assert (put.json()["document"], put.json()["revision"]) == (WHOLE, None)

    plan = keeper.post("own/campaigns/mugs/plan", "").json()
    assert plan["totals"] == {"added": 1, "changed": 0, "removed": 0, "unchanged": 0, "refused": 0}
    assert plan["channels"][0]["changes"] == [
        {
            "change": "added",
            "product": fair.mine.public_id,
            "title": fair.mine.title_en,
            "market": "us",
            "before": {"amount": "38.00", "currency": "USD"},
            "after": {"amount": "30.40", "currency": "USD"},
        }
    ]
    assert fair.merchant.campaigns.get().revisions.count() == 0

    applied = keeper.post("own/campaigns/mugs/apply", "")
    assert (applied.status_code, applied.json()["state"], applied.json()["awaits_approval"]) == (
        202,
        "awaiting_approval",
        1,
    )

    launch("mugs", fair.merchant)
    told = keeper.get("own/campaigns/mugs").json()
    assert (told["phase"], told["revision"], told["awaits_approval"]) == ("scheduled", 1, None)
    (row,) = keeper.get("own/campaigns/mugs/listings").json()["data"]
    assert (row["revision"], row["product"]["sku"], row["market"], row["state"]) == (1, "keeper-mug", "us", "staged")
    assert row["rights"]["countries"] == ["US"]
    assert row["rights"]["covered_by"][0]["licence"] == fair.mine.licence.number
    assert row["rights"]["covered_by"][0]["units_left"] is None


def test_a_rollback_is_said_with_what_was_kept(fair: Fair, keeper: Partner) -> None:
    put_new(keeper)
    keeper.post("own/campaigns/mugs/apply", "")
    launch("mugs", fair.merchant)

    answer = keeper.post("own/campaigns/mugs/rollback", "")

    told = answer.json()
    assert (answer.status_code, told["rolled_back"], told["restored"], told["conflicts"]) == (200, 1, None, [])
    assert told["campaign"]["state"] == "rolled_back"
    again = keeper.post("own/campaigns/mugs/rollback", "")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_roll_back")


def test_a_sandbox_needs_nobodys_approval(fair: Fair, keeper: Partner) -> None:
    Merchant.objects.filter(pk=fair.merchant.pk).update(is_sandbox=True)
    Market.objects.filter(code="us").update(is_public=False)
    keeper.merchant.refresh_from_db()
    assert put_new(keeper).status_code == 201

    answer = keeper.post("own/campaigns/mugs/apply", "")

    assert (answer.status_code, answer.json()["state"], answer.json()["phase"]) == (202, "scheduled", "staging")


def test_a_name_is_taken_once_for_each_merchant(fair: Fair, keeper: Partner, rival: Partner) -> None:
    assert [put_new(who).status_code for who in (keeper, rival, keeper)] == [201, 201, 412]
    assert Campaign.objects.exclude(merchant=None).count() == 2


def test_a_document_is_replaced_whole_and_only_by_who_has_read_it(keeper: Partner) -> None:
    tag = put_new(keeper)["ETag"]
    changed = WHOLE | {"name_en": "More mugs", "rule": {"films": ["ferry"]}}

    missing = keeper.send("put", "own/campaigns/mugs", changed)
    first = keeper.send("put", "own/campaigns/mugs", changed, if_match=tag)
    second = keeper.send("put", "own/campaigns/mugs", WHOLE, if_match=tag)

    assert [answer.status_code for answer in (missing, first, second)] == [428, 200, 412]
    assert keeper.get("own/campaigns/mugs").json()["document"] == changed


def test_what_staging_and_the_studio_do_is_no_other_document(fair: Fair, keeper: Partner) -> None:
    tag = put_new(keeper)["ETag"]
    keeper.post("own/campaigns/mugs/apply", "")
    launch("mugs", fair.merchant)

    assert keeper.get("own/campaigns/mugs")["ETag"] != tag
    assert keeper.send("put", "own/campaigns/mugs", WHOLE, if_match=tag).status_code == 200


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_with_one_etag_one_wins(fair: Fair, keeper: Partner) -> None:
    tag = put_new(keeper)["ETag"]
    ready, answers = threading.Barrier(2), []

    def put(name: str) -> None:
        partner = Partner(keeper.merchant, keeper.key, keeper.secret)
        ready.wait()
        answers.append(partner.send("put", "own/campaigns/mugs", WHOLE | {"name_en": name}, if_match=tag).status_code)
        connection.close()

    threads = [threading.Thread(target=put, args=(name,)) for name in ("One", "Two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200, 412]


@pytest.mark.parametrize(
    "changes, pointer",
    [
        ({"state": "scheduled"}, "/state"),
        ({"priority": 99}, "/priority"),
        ({"needs_approval": False}, "/needs_approval"),
        ({"placements": []}, "/placements"),
        ({"rule": {"merchants": ["rival"]}}, "/rule/merchants"),
        ({"rule": {"films": "ferry"}}, "/rule/films"),
        ({"discount": {"kind": "percent", "percent": "20", "studio_share": "50"}}, "/discount/studio_share"),
        ({"discount": {"kind": "gift"}}, "/discount/kind"),
        ({"discount": {"kind": "percent", "percent": 20}}, "/discount/percent"),
        ({"starts_at": "tomorrow"}, "/starts_at"),
        ({"markets": []}, "/markets"),
        ({"markets": [["us"]]}, "/markets/0"),
        ({"name_en": ""}, "/name_en"),
        ({"name_en": "x" * 121}, "/name_en"),
        ({"rule": None}, "/rule"),
    ],
)
def test_a_document_of_another_shape_is_refused_where_it_is_wrong(
    keeper: Partner, changes: dict[str, Any], pointer: str
) -> None:
    answer = put_new(keeper, **changes)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert keeper.merchant.campaigns.count() == 0


@pytest.mark.parametrize(
    "changes, status, code",
    [
        ({"rule": {}}, 422, "bad_rule"),
        ({"rule": {"products": ["prd_0000000000000000"]}}, 422, "unknown_product"),
        ({"film": "no-such-film"}, 422, "bad_rule"),
        ({"markets": ["mars"]}, 422, "unknown_market"),
        ({"channels": ["tv"]}, 422, "unknown_listing_channel"),
        ({"discount": {"kind": "percent", "percent": "120"}}, 422, "bad_discount"),
        ({"discount": {"kind": "fixed", "by_market": {"us": "free"}}}, 422, "bad_discount"),
        ({"ends_at": "2026-11-23T12:00:00Z"}, 422, "bad_window"),
        ({"time_zone": "Mars/Olympus"}, 422, "unknown_zone"),
    ],
)
def test_a_document_that_may_not_be_is_refused_by_the_rules_own_code(
    keeper: Partner, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = put_new(keeper, **changes)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert keeper.merchant.campaigns.count() == 0


@pytest.mark.parametrize("name", ["Mugs", "-mugs", "m" * 61, "mugs_1"])
def test_a_name_is_small_letters_digits_and_hyphens(keeper: Partner, name: str) -> None:
    assert put_new(keeper, name).status_code == 400
    assert keeper.merchant.campaigns.count() == 0


@pytest.mark.parametrize("verb", ["", "/plan", "/apply", "/rollback", "/listings", "put"])
def test_a_rivals_campaign_is_the_404_of_none(fair: Fair, rival: Partner, verb: str) -> None:
    theirs = create_own_campaign(fair.merchant, "mugs", document(), by=None)
    said = []
    for name in (theirs.public_id, theirs.slug, "cmp_0000000000000000"):
        address = f"own/campaigns/{name}"
        if verb == "put":
            answer = rival.send("put", address, WHOLE, if_match="*")
        else:
            answer = rival.get(address + verb) if verb in ("", "/listings") else rival.post(address + verb, "")
        said.append((answer.status_code, answer.json() | {"instance": ""}))

    assert said[0] == said[1] == said[2]
    assert said[0][0] == 404
    assert theirs.revisions.count() == 0


def test_goods_are_offered_as_a_whole_list_and_decided_by_the_studio(fair: Fair, keeper: Partner) -> None:
    second = make_product(licence=fair.mine.licence, sku="second-mug")
    address = f"own/invitations/{fair.campaign.slug}/entries"
    assert [row["id"] for row in keeper.get("own/invitations").json()["data"]] == [fair.campaign.public_id]
    assert keeper.get(address).json()["products"] == []

    put = keeper.change("put", address, {"products": [fair.mine.public_id, second.public_id]})

    assert put.status_code == 200
    assert put.json()["products"] == sorted([fair.mine.public_id, second.public_id])
    entries = list(fair.campaign.entries.order_by("pk"))
    accept_entries(fair.campaign, entries[:1], by=None, at=NOW)
    decline_entries(fair.campaign, entries[1:], reason="Too red.", by=None, at=NOW)
    stage(fair.campaign)
    told = {row["product"]["sku"]: (row["state"], row["reason"]) for row in keeper.get(address).json()["entries"]}
    assert told == {"keeper-mug": ("accepted", ""), "second-mug": ("declined", "Too red.")}
    rows = keeper.get(f"own/campaigns/{fair.campaign.public_id}/listings").json()["data"]
    assert [(row["product"]["sku"], row["revision"]) for row in rows] == [("keeper-mug", 1)]


def test_what_cannot_be_listed_is_refused_at_its_place_and_nothing_is_offered(fair: Fair, keeper: Partner) -> None:
    dear = make_product(licence=fair.mine.licence, sku="no-price", prices={})
    address = f"own/invitations/{fair.campaign.public_id}/entries"

    answer = keeper.change("put", address, {"products": [fair.mine.public_id, dear.public_id]})

    assert (answer.status_code, answer.json()["code"]) == (422, "entries_refused")
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/products/1", "NO_PRICE")]
    assert fair.campaign.entries.count() == 0


@pytest.mark.parametrize(
    "body", ['{"products": "all"}', '{"products": [1]}', "{}", '{"products": [], "x": 1}', "[]", "\xff"]
)
def test_entries_of_another_shape_are_refused(fair: Fair, keeper: Partner, body: str) -> None:
    answer = keeper.send("put", f"own/invitations/{fair.campaign.slug}/entries", body.encode("latin-1"), if_match="*")

    assert answer.status_code == 400
    assert answer.json()["code"] in KINDS


def test_a_closed_invitation_is_not_listed_and_takes_nothing(fair: Fair, keeper: Partner, clock: Any) -> None:
    clock.at = fair.campaign.invites_until
    address = f"own/invitations/{fair.campaign.slug}/entries"

    answer = keeper.change("put", address, {"products": [fair.mine.public_id]})

    assert (answer.status_code, answer.json()["code"]) == (409, "invitation_closed")
    assert keeper.get("own/invitations").json()["data"] == []
    assert keeper.get(address).json()["is_open"] is False


def test_a_campaign_of_a_film_without_a_licence_is_not_there(fair: Fair) -> None:
    stranger = make_partner()

    assert stranger.get("own/invitations").json()["data"] == []
    assert stranger.get(f"own/invitations/{fair.campaign.slug}/entries").status_code == 404
    assert stranger.get(f"own/campaigns/{fair.campaign.public_id}/listings").status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_cost_the_same_for_one_and_for_three(
    fair: Fair, keeper: Partner, rows: int, django_assert_num_queries: Any
) -> None:
    for number in range(rows):
        create_own_campaign(fair.merchant, f"mugs-{number}", document(), by=None)
    keeper.get("own/campaigns")

    with django_assert_num_queries(5):
        found = keeper.get("own/campaigns").json()["data"]

    assert [row["name"] for row in found] == [f"mugs-{number}" for number in range(rows)]


def test_lists_go_on_by_cursor(fair: Fair, keeper: Partner) -> None:
    for number in range(3):
        create_own_campaign(fair.merchant, f"mugs-{number}", document(), by=None)

    first = keeper.get("own/campaigns?limit=2").json()
    rest = keeper.get(f"own/campaigns?limit=2&cursor={first['next_cursor']}").json()

    assert [row["name"] for row in first["data"] + rest["data"]] == ["mugs-0", "mugs-1", "mugs-2"]
    assert rest["next_cursor"] is None
