"""A merchant's own campaign: its goods alone, at its own cost, approved by somebody of the studio."""

from typing import Any

import pytest

from campaigns.drafts import set_placement
from campaigns.models import Campaign
from campaigns.own import create_own_campaign, edit_own_campaign
from campaigns.queries import partners
from campaigns.services import approve_revision, edit_campaign, roll_back_campaign, schedule_campaign
from campaigns.staging import stage_revision
from core.errors import Refused
from tests.campaigns.joining import Fair, document, listed, make_fair
from tests.factories import NOW, make_film, make_licence, make_product, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def fair(db: None) -> Fair:
    return make_fair()


def launch(campaign: Campaign, by: Any = None) -> Campaign:
    """Sent, approved by the studio, staged."""
    revision = schedule_campaign(campaign, by=None, at=NOW)
    approve_revision(revision, by=by or make_user(), at=NOW)
    stage_revision(revision.pk)
    campaign.refresh_from_db()
    return campaign


def test_it_lists_the_merchants_own_goods_alone(fair: Fair) -> None:
    campaign = create_own_campaign(fair.merchant, "mugs", document(), by=None)

    launch(campaign)

    assert campaign.published.promotion.studio_share == 0
    assert listed(campaign) == ["keeper-mug"]


@pytest.mark.parametrize("rule", [{"products": ["theirs"]}, {"films": ["ferry"]}, {"merchants": ["rival", "keeper"]}])
def test_a_rule_that_somebody_wrote_past_the_service_lists_nobody_elses_goods(fair: Fair, rule: dict[str, Any]) -> None:
    """The desk writes rules of any kind, and a revision's document could say anything."""
    campaign = create_own_campaign(fair.merchant, "mugs", document(), by=None)
    named = [fair.theirs.public_id if name == "theirs" else name for name in next(iter(rule.values()))]
    Campaign.objects.filter(pk=campaign.pk).update(
        rule={
            next(iter(rule)): named,
        }
    )
    campaign.refresh_from_db()
    if named == [fair.theirs.public_id]:
        with pytest.raises(Refused, match="finds nothing"):
            schedule_campaign(campaign, by=None, at=NOW)
        return

    launch(campaign)

    assert listed(campaign) == ["keeper-mug"]


def test_a_document_cannot_be_made_to_list_a_rivals_goods(fair: Fair) -> None:
    campaign = create_own_campaign(fair.merchant, "mugs", document(), by=None)
    revision = schedule_campaign(campaign, by=None, at=NOW)
    revision.document["rule"] = {"products": [fair.mine.public_id, fair.theirs.public_id]}
    revision.document["entries"] = [fair.theirs.public_id]
    revision.save()
    approve_revision(revision, by=make_user(), at=NOW)

    stage_revision(revision.pk)

    assert listed(campaign) == ["keeper-mug"]


def test_what_is_anothers_is_refused_in_the_words_for_nothing(fair: Fair) -> None:
    secret = make_licence(make_film("secret-film"), fair.rival)
    pairs = [
        ({"rule": {"products": [fair.theirs.public_id]}}, {"rule": {"products": ["prd_0000000000000000"]}}),
        ({"rule": {"licences": [secret.number]}}, {"rule": {"licences": ["LIC-none"]}}),
        ({"rule": {"films": ["secret-film"]}}, {"rule": {"films": ["no-film"]}}),
        ({"film": "secret-film"}, {"film": "no-film"}),
    ]
    for theirs, nothing in pairs:
        said = []
        for overrides in (theirs, nothing):
            with pytest.raises(Refused) as refusal:
                create_own_campaign(fair.merchant, "mugs", document(**overrides), by=None)
            said.append(refusal.value)
        assert said[0].code == said[1].code
        name = lambda refused: next(iter(refused.facts.values()))  # noqa: E731
        assert (name(said[0]) != name(said[1])) or said[0].code == "bad_rule"
    assert fair.merchant.campaigns.count() == 0


@pytest.mark.parametrize(
    "overrides, code",
    [
        ({"rule": {"merchants": ["rival"]}}, "bad_rule"),
        ({"rule": {}}, "bad_rule"),
        ({"markets": ["mars"]}, "unknown_market"),
        ({"channels": ["tv"]}, "unknown_listing_channel"),
        ({"discount": {"kind": "percent", "percent": "20", "studio_share": "50"}}, "bad_discount"),
        ({"discount": {"kind": "percent", "percent": "120"}}, "bad_discount"),
        ({"ends_at": NOW}, "bad_window"),
        ({"time_zone": "Mars/Olympus"}, "unknown_zone"),
    ],
)
def test_a_document_that_may_not_be_is_refused_and_nothing_is_written(
    fair: Fair, overrides: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        create_own_campaign(fair.merchant, "mugs", document(**overrides), by=None)

    assert refusal.value.code == code
    assert fair.merchant.campaigns.count() == 0


def test_a_channel_that_the_studio_keeps_for_itself_is_not_there(fair: Fair) -> None:
    document()
    fair.campaign.channels.update(takes_merchants=False)

    with pytest.raises(Refused) as refusal:
        create_own_campaign(fair.merchant, "mugs", document(), by=None)

    assert refusal.value.code == "unknown_listing_channel"


def test_the_studio_funds_nothing_of_it_whoever_writes_so(fair: Fair) -> None:
    campaign = create_own_campaign(fair.merchant, "mugs", document(), by=None)
    discount = {"kind": "percent", "percent": "20", "studio_share": "10"}

    with pytest.raises(Refused, match="funds all of it"):
        edit_campaign(campaign, by=None, discount=discount)
    Campaign.objects.filter(pk=campaign.pk).update(discount=discount)
    with pytest.raises(Refused, match="funds all of it"):
        schedule_campaign(campaign, by=None, at=NOW)

    assert campaign.revisions.count() == 0


def test_it_has_no_place_on_the_studios_pages(fair: Fair) -> None:
    campaign = create_own_campaign(fair.merchant, "mugs", document(), by=None)

    with pytest.raises(Refused) as refusal:
        set_placement(campaign, "home_hero", by=None, announced_at=NOW, headline_en="Mugs")

    assert refusal.value.code == "no_placements"
    assert campaign.placements.count() == 0


def test_each_revision_waits_for_somebody_of_the_studio(fair: Fair) -> None:
    campaign = launch(create_own_campaign(fair.merchant, "mugs", document(), by=None))
    edit_own_campaign(campaign, document(name_en="More mugs"), by=None)

    revision = schedule_campaign(campaign, by=None, at=NOW)

    campaign.refresh_from_db()
    assert (revision.number, revision.state, campaign.published.number) == (2, "awaiting_approval", 1)


def test_nobody_of_the_merchant_approves_it(fair: Fair) -> None:
    both = make_user("both")
    fair.merchant.members.create(user=both, role="owner")
    campaign = create_own_campaign(fair.merchant, "mugs", document(), by=None)
    revision = schedule_campaign(campaign, by=None, at=NOW)

    with pytest.raises(Refused) as refusal:
        approve_revision(revision, by=both, at=NOW)

    revision.refresh_from_db()
    assert (refusal.value.code, revision.state) == ("own_submission", "awaiting_approval")


def test_a_rollback_is_exact(fair: Fair) -> None:
    second = make_product(licence=fair.mine.licence, sku="second-mug")
    rule = {"products": [fair.mine.public_id]}
    campaign = launch(create_own_campaign(fair.merchant, "mugs", document(rule=rule), by=None))
    before = campaign.published.document
    wider = {"products": [fair.mine.public_id, second.public_id]}
    edit_own_campaign(campaign, document(rule=wider), by=None)
    launch(campaign, by=make_user("other"))
    assert listed(campaign) == ["keeper-mug", "second-mug"]

    roll_back_campaign(campaign, by=None, at=NOW)

    stage_revision(campaign.revisions.get(number=1).pk)
    campaign.refresh_from_db()
    assert (campaign.published.number, campaign.published.document, campaign.rule) == (1, before, rule)
    assert listed(campaign) == ["keeper-mug"]


def test_two_merchants_may_use_one_name_and_one_merchant_may_not_twice(fair: Fair) -> None:
    mine = create_own_campaign(fair.merchant, "mugs", document(), by=None)
    theirs = create_own_campaign(fair.rival, "mugs", document(), by=None)

    with pytest.raises(Refused) as refusal:
        create_own_campaign(fair.merchant, "mugs", document(), by=None)

    assert refusal.value.code == "slug_taken"
    assert partners.own_campaign(fair.merchant, "mugs") == mine
    assert partners.own_campaign(fair.merchant, theirs.public_id) is None
    assert mine.slug != theirs.slug


def test_a_rivals_campaign_is_not_known(fair: Fair) -> None:
    theirs = launch(create_own_campaign(fair.rival, "mugs", document(), by=None))

    assert partners.known_campaign(fair.merchant, theirs.public_id, at=theirs.starts_at) is None
    assert list(partners.known_campaigns(fair.merchant, at=theirs.starts_at)) == [fair.campaign]
