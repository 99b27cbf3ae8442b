"""Merchants join the studio's campaigns: what is offered, accepted and listed, and who may know of what."""

from datetime import timedelta

import pytest

from campaigns.documents import digest_of, document_of
from campaigns.entries import accept_entries, decline_entries, offer_products, set_entries, withdraw_products
from campaigns.models import Entry, Revision
from campaigns.queries import partners, plan_campaign
from campaigns.services import cancel_campaign, roll_back_campaign
from campaigns.staging import stage_revision
from core.errors import Refused
from licensing.models import Licence
from tests.campaigns.joining import Fair, listed, make_fair, stage
from tests.factories import NOW, make_campaign, make_film, make_licence, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def fair(db: None) -> Fair:
    return make_fair()


def offer(fair: Fair, *products: object) -> None:
    for product in products:
        offer_products(fair.campaign, product.merchant, [product.public_id], by=None, at=NOW)


def states(fair: Fair) -> dict[str, str]:
    return dict(fair.campaign.entries.values_list("product__sku", "state"))


def test_what_the_studio_accepts_is_listed_and_nothing_else(fair: Fair) -> None:
    offer(fair, fair.mine, fair.theirs)
    accept_entries(fair.campaign, list(fair.campaign.entries.filter(product=fair.mine)), by=None, at=NOW)

    stage(fair.campaign)

    assert states(fair) == {"keeper-mug": "accepted", "rival-mug": "offered"}
    assert fair.campaign.published.document["entries"] == [fair.mine.public_id]
    assert listed(fair.campaign) == ["keeper-mug"]


def test_entries_are_added_to_what_the_rule_selects(fair: Fair) -> None:
    fair.campaign.rule = {"products": [fair.theirs.public_id]}
    fair.campaign.save()
    offer(fair, fair.mine)
    accept_entries(fair.campaign, list(fair.campaign.entries.all()), by=None, at=NOW)

    stage(fair.campaign)

    assert listed(fair.campaign) == ["keeper-mug", "rival-mug"]


def test_a_campaign_without_entries_has_the_document_it_always_had() -> None:
    campaign = make_campaign(make_film())

    document = document_of(campaign)

    assert "entries" not in document
    assert list(document) == [
        "name_en", "name_zh", "film", "starts_at", "ends_at", "markets", "channels", "rule", "discount", "priority",
        "placements",
    ]  # fmt: skip


def test_an_empty_rule_selects_nothing_instead_of_everything(fair: Fair) -> None:
    with pytest.raises(Refused) as refusal:
        stage(fair.campaign)

    assert refusal.value.code == "nothing_to_list"
    assert fair.campaign.revisions.count() == 0


@pytest.mark.parametrize("late", [timedelta(hours=12), timedelta(days=9)])
def test_nothing_is_offered_after_the_invitation_has_closed(fair: Fair, late: timedelta) -> None:
    with pytest.raises(Refused) as refusal:
        offer_products(fair.campaign, fair.merchant, [fair.mine.public_id], by=None, at=NOW + late)

    assert refusal.value.code == "invitation_closed"
    assert states(fair) == {}


def test_nothing_is_offered_for_a_campaign_that_was_cancelled(fair: Fair) -> None:
    cancel_campaign(fair.campaign, by=None, at=NOW)

    with pytest.raises(Refused, match="no longer"):
        offer(fair, fair.mine)


def test_a_rivals_product_is_refused_in_the_words_for_none(fair: Fair) -> None:
    said = []
    for name in (fair.theirs.public_id, "prd_0000000000000000"):
        with pytest.raises(Refused) as refusal:
            offer_products(fair.campaign, fair.merchant, [name], by=None, at=NOW)
        said.append((refusal.value.code, refusal.value.sentence.replace(name, "…")))

    assert said[0] == said[1] == ("unknown_product", "There is no product ….")
    assert states(fair) == {}


def test_what_could_not_be_listed_is_refused_with_its_reason_and_keeps_the_others_out(fair: Fair) -> None:
    elsewhere = make_product(licence=make_licence(make_film(), fair.merchant), sku="other-film")
    not_here = make_licence(fair.film, fair.merchant, countries=["FR"])
    abroad = make_product(licence=not_here, sku="abroad")

    names = [fair.mine.public_id, elsewhere.public_id, abroad.public_id]
    with pytest.raises(Refused) as refusal:
        offer_products(fair.campaign, fair.merchant, names, by=None, at=NOW)

    assert refusal.value.facts["refused"] == {
        elsewhere.public_id: ("OTHER_FILM",),
        abroad.public_id: ("TERRITORY_NOT_LICENSED",),
    }
    assert states(fair) == {}


def test_the_whole_list_offers_takes_back_and_leaves_a_decision_alone(fair: Fair) -> None:
    second, third = (make_product(licence=fair.mine.licence, sku=f"mug-{n}") for n in (2, 3))
    offer(fair, fair.mine, second)
    decline_entries(fair.campaign, list(fair.campaign.entries.filter(product=second)), reason="Red.", by=None, at=NOW)

    set_entries(fair.campaign, fair.merchant, [second.public_id, third.public_id], by=None, at=NOW)

    assert states(fair) == {"keeper-mug": "withdrawn", "mug-2": "declined", "mug-3": "offered"}


def test_what_was_declined_can_be_offered_again(fair: Fair) -> None:
    offer(fair, fair.mine)
    decline_entries(fair.campaign, list(fair.campaign.entries.all()), reason="Too red.", by=None, at=NOW)

    offer(fair, fair.mine)

    assert list(fair.campaign.entries.values_list("state", "reason")) == [("offered", "")]


def test_declining_says_why(fair: Fair) -> None:
    offer(fair, fair.mine)

    with pytest.raises(Refused) as refusal:
        decline_entries(fair.campaign, list(fair.campaign.entries.all()), reason=" ", by=None, at=NOW)

    assert refusal.value.code == "reason_missing"
    assert states(fair) == {"keeper-mug": "offered"}


def test_what_was_taken_back_cannot_be_accepted(fair: Fair) -> None:
    offer(fair, fair.mine)
    entries = list(fair.campaign.entries.all())
    withdraw_products(fair.campaign, fair.merchant, [fair.mine.public_id], by=None, at=NOW)

    with pytest.raises(Refused) as refusal:
        accept_entries(fair.campaign, entries, by=None, at=NOW)

    assert refusal.value.code == "wrong_state"
    assert states(fair) == {"keeper-mug": "withdrawn"}


def test_nobody_takes_back_what_is_anothers(fair: Fair) -> None:
    offer(fair, fair.theirs)

    assert withdraw_products(fair.campaign, fair.merchant, [fair.theirs.public_id], by=None, at=NOW) == 0
    assert states(fair) == {"rival-mug": "offered"}


def test_a_rollback_returns_to_the_entries_of_the_revision_before(fair: Fair) -> None:
    offer(fair, fair.mine, fair.theirs)
    accept_entries(fair.campaign, list(fair.campaign.entries.filter(product=fair.mine)), by=None, at=NOW)
    first = digest_of(document_of(stage(fair.campaign)))
    accept_entries(fair.campaign, list(fair.campaign.entries.filter(product=fair.theirs)), by=None, at=NOW)
    stage(fair.campaign)
    assert listed(fair.campaign) == ["keeper-mug", "rival-mug"]

    roll_back_campaign(fair.campaign, by=None, at=NOW)

    stage_revision(fair.campaign.revisions.get(number=1).pk)
    fair.campaign.refresh_from_db()
    assert digest_of(document_of(fair.campaign)) == first
    assert states(fair) == {"keeper-mug": "accepted", "rival-mug": "offered"}
    assert (fair.campaign.published.number, listed(fair.campaign)) == (1, ["keeper-mug"])


def test_the_diff_shows_a_merchant_its_own_goods_alone(fair: Fair) -> None:
    offer(fair, fair.mine, fair.theirs)
    offered = partners.offered_ids(fair.campaign, fair.merchant)

    plan = plan_campaign(fair.campaign, at=NOW, merchant=fair.merchant, offered=offered)

    (group,) = plan.channels.values()
    assert [(c.sign, c.product_id, c.old_amount, c.new_amount) for c in group.changes] == [
        ("+", fair.mine.public_id, 3800, 3040)
    ]
    assert plan_campaign(fair.campaign, at=NOW, merchant=fair.merchant).totals["added"] == 0


def test_a_conflict_names_no_campaign_that_the_merchant_may_not_know(fair: Fair) -> None:
    secret = make_campaign(make_film(), rule={"products": [fair.mine.public_id]}, name_en="The secret sequel")
    stage(secret)
    offer(fair, fair.mine)

    plan = plan_campaign(fair.campaign, at=NOW, merchant=fair.merchant, offered=[fair.mine.public_id])

    assert [(c.product_id, c.other) for c in plan.conflicts] == [
        (fair.mine.public_id, "another campaign of the studio")
    ]
    assert plan_campaign(fair.campaign, at=NOW, offered=[fair.mine.public_id]).conflicts[0].other == "The secret sequel"


def test_a_campaign_of_a_film_without_a_licence_for_it_is_not_there(fair: Fair) -> None:
    assert partners.invitation(fair.merchant, fair.campaign.slug) == fair.campaign

    Licence.objects.filter(merchant=fair.merchant).update(state=Licence.State.DRAFT)

    assert partners.invitation(fair.merchant, fair.campaign.slug) is None
    assert partners.known_campaign(fair.merchant, fair.campaign.public_id, at=NOW) is None
    assert partners.known_campaign(fair.rival, fair.campaign.public_id, at=NOW) == fair.campaign


def test_a_campaign_that_invites_nobody_is_known_once_it_has_begun_with_ones_goods(fair: Fair) -> None:
    campaign = make_campaign(fair.film, rule={"products": [fair.mine.public_id]})
    stage(campaign)
    begins = campaign.starts_at

    known = [partners.known_campaign(who, campaign.public_id, at=at)
             for who, at in ((fair.merchant, NOW), (fair.merchant, begins), (fair.rival, begins))]  # fmt: skip

    assert known == [None, campaign, None]


@pytest.mark.parametrize("products", [1, 3])
def test_reads_cost_the_same_for_one_and_for_three(fair: Fair, products: int, django_assert_num_queries) -> None:
    goods = [make_product(licence=fair.mine.licence) for _ in range(products - 1)]
    offer(fair, fair.mine, *goods)
    accept_entries(fair.campaign, list(fair.campaign.entries.all()), by=None, at=NOW)
    stage(fair.campaign)
    [make_product(licence=fair.mine.licence, sku=f"more-{n}") for n in range(products)]

    with django_assert_num_queries(13):
        page = partners.own_listings(fair.merchant, at=NOW, campaign=fair.campaign, after=None, limit=10)
    with django_assert_num_queries(23):
        found, _has_more = partners.choices(fair.campaign, fair.merchant)

    assert [row.covered_by[0]["licence"] for row in page.rows] == [fair.mine.licence.number] * products
    assert [choice.reasons for choice in found] == [()] * products


def test_entries_of_a_revision_are_frozen_with_it(fair: Fair) -> None:
    offer(fair, fair.mine)
    accept_entries(fair.campaign, list(fair.campaign.entries.all()), by=None, at=NOW)
    stage(fair.campaign)

    withdraw_products(fair.campaign, fair.merchant, [fair.mine.public_id], by=None, at=NOW)

    assert Revision.objects.get().document["entries"] == [fair.mine.public_id]
    assert listed(fair.campaign) == ["keeper-mug"]
    assert Entry.objects.get().state == "withdrawn"
