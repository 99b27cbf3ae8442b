"""The panel's campaigns: joining, the diff, one's own, and what each role and each rival may do."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.entries import accept_entries, offer_products
from campaigns.models import Campaign, Entry, Listing
from campaigns.own import create_own_campaign
from campaigns.services import approve_revision, schedule_campaign
from campaigns.staging import stage_revision
from catalog.models import Product, Variant
from merchants.models import Member, Merchant
from tests.campaigns.joining import document
from tests.factories import make_campaign, make_licence, make_market, make_merchant, make_product, make_user
from tests.panel.conftest import order_of, signed_in


@pytest.fixture
def mug(merchant: Merchant) -> Product:
    return make_product(licence=merchant.licences.get(), sku="MUG", title_en="Ferry mug")


@pytest.fixture
def fair(mug: Product) -> Campaign:
    """The studio's, of the mug's film: it invites, and begins tomorrow."""
    at = timezone.now()
    window = {"starts_at": at + timedelta(days=1), "ends_at": at + timedelta(days=8)}
    return make_campaign(
        mug.film, slug="fair", name_en="River fair", rule={}, invites_until=at + timedelta(hours=12), **window
    )


def own(merchant: Merchant, **overrides: object) -> Campaign:
    at = timezone.now()
    window = {"starts_at": at + timedelta(days=1), "ends_at": at + timedelta(days=8)}
    return create_own_campaign(merchant, "mugs", document(**window | overrides), by=None)


def launch(campaign: Campaign) -> Campaign:
    revision = schedule_campaign(campaign, by=None, at=timezone.now())
    if revision.state == "awaiting_approval":
        approve_revision(revision, by=make_user(), at=timezone.now())
    stage_revision(revision.pk)
    campaign.refresh_from_db()
    return campaign


def at(merchant: Merchant, *rest: str) -> str:
    return "/".join([f"/panel/en/{merchant.slug}/campaigns", *rest, ""])


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


FORM = {
    "own_slug": "pins",
    "name_en": "Pins",
    "starts_at": "2030-01-01T10:00",
    "ends_at": "2030-01-08T10:00",
    "time_zone": "Asia/Shanghai",
    "markets": ["us"],
    "channels": ["storefront"],
    "codes": "MUG",
    "kind": "percent",
    "percent": "15",
}


def test_goods_are_offered_and_taken_back(fair: Campaign, merchant: Merchant, mug: Product, owner: Client) -> None:
    assert "River fair" in text(owner, at(merchant))
    page = text(owner, at(merchant, fair.public_id))
    assert mug.public_id in page
    assert 'role="timer"' not in page

    offered = owner.post(at(merchant, fair.public_id, "offer"), {"product": [mug.public_id]})

    assert (offered.status_code, offered["Location"]) == (302, at(merchant, fair.public_id))
    page = text(owner, at(merchant, fair.public_id))
    assert "Offered" in page
    assert "$30.40" in page
    owner.post(at(merchant, fair.public_id, "withdraw"), {"product": [mug.public_id]})
    assert Entry.objects.get().state == "withdrawn"


def test_what_cannot_be_offered_says_why(fair: Campaign, merchant: Merchant, owner: Client) -> None:
    abroad = make_product(licence=make_licence(fair.film, merchant, countries=["FR"]), sku="FR", title_en="French mug")

    assert "Its licence does not grant this market." in text(owner, at(merchant, fair.public_id))
    answer = owner.post(at(merchant, fair.public_id, "offer"), {"product": [abroad.public_id]})
    nothing = owner.post(at(merchant, fair.public_id, "offer"))

    assert (answer.status_code, nothing.status_code) == (422, 422)
    assert "This cannot be offered for the campaign: FR (TERRITORY_NOT_LICENSED)." in answer.content.decode()
    assert Entry.objects.count() == 0


def test_another_merchants_goods_are_on_no_page_of_ones_own(fair: Campaign, merchant: Merchant, owner: Client) -> None:
    rival = make_merchant("rival-works")
    theirs = make_product(licence=make_licence(fair.film, rival), sku="THEIRS", title_en="A rival's mug")
    when = timezone.now()
    offer_products(fair, rival, [theirs.public_id], by=None, at=when)
    accept_entries(fair, list(Entry.objects.all()), by=None, at=when)
    launch(fair)

    page = text(owner, at(merchant, fair.public_id))

    assert "rival" not in page
    assert theirs.public_id not in page
    assert "Nothing of yours is listed by it yet." in page
    assert owner.post(at(merchant, fair.public_id, "withdraw"), {"product": [theirs.public_id]}).status_code == 302
    assert Entry.objects.get().state == "accepted"


def test_a_campaign_of_a_film_that_the_merchant_has_no_licence_for_is_not_there(
    merchant: Merchant, owner: Client
) -> None:
    secret = make_campaign(
        make_licence(make_product().film, make_merchant()).film,
        name_en="Secret sequel",
        invites_until=timezone.now() + timedelta(days=1),
        starts_at=timezone.now() + timedelta(days=2),
        ends_at=timezone.now() + timedelta(days=3),
    )

    assert "Secret sequel" not in text(owner, at(merchant))
    assert owner.get(at(merchant, secret.public_id)).status_code == 404
    assert owner.post(at(merchant, secret.public_id, "offer"), {"product": ["x"]}).status_code == 404


def test_an_own_campaign_is_made_edited_sent_and_rolled_back(merchant: Merchant, mug: Product, owner: Client) -> None:
    document()
    made = owner.post(at(merchant, "new"), FORM)
    campaign = Campaign.objects.get(own_slug="pins")
    assert made["Location"] == at(merchant, campaign.public_id)
    assert (campaign.rule, campaign.discount) == (
        {"products": [mug.public_id]},
        {"kind": "percent", "percent": "15"},
    )
    assert campaign.starts_at.isoformat() == "2030-01-01T02:00:00+00:00"

    page = text(owner, at(merchant, campaign.public_id, "edit"))
    assert 'value="2030-01-01T10:00"' in page
    edited = owner.post(at(merchant, campaign.public_id, "edit"), FORM | {"percent": "20"})
    assert edited.status_code == 302
    owner.post(at(merchant, campaign.public_id, "send"))
    campaign.refresh_from_db()
    assert (campaign.state, campaign.discount["percent"]) == ("awaiting_approval", "20")
    launch(campaign)

    assert "nothing of the campaign is listed any more" in text(owner, at(merchant, campaign.public_id, "roll-back"))
    owner.post(at(merchant, campaign.public_id, "roll-back"))
    campaign.refresh_from_db()
    assert campaign.state == "rolled_back"
    assert not Listing.objects.filter(is_wanted=True).exists()


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"own_slug": "Pins!"}, "Small letters, digits and hyphens only."),
        ({"codes": "NONE"}, "You have no product NONE."),
        ({"codes": ""}, "it selects nothing"),
        ({"ends_at": "2029-01-01T10:00"}, "A campaign has to end after it starts."),
        ({"ends_at": "9999-01-01T10:00"}, "is not a date"),
        ({"time_zone": "Mars"}, "Mars is not a time zone."),
        ({"percent": ""}, "Say how much."),
        ({"percent": "120"}, "the percentage has to lie between 0 and 100"),
        ({"markets": ["mars"]}, "mars"),
        ({"films": ["secret"]}, "secret"),
    ],
)
def test_what_is_wrong_with_a_form_is_said_and_nothing_is_made(
    merchant: Merchant, mug: Product, owner: Client, changes: dict[str, str], said: str
) -> None:
    document()

    answer = owner.post(at(merchant, "new"), FORM | changes)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert merchant.campaigns.count() == 0


def test_what_a_program_wrote_and_the_form_does_not_show_stays(merchant: Merchant, mug: Product, owner: Client) -> None:
    rule = {"films": [mug.film.slug], "licences": [mug.licence.number], "except": [mug.public_id]}
    campaign = own(merchant, rule=rule)

    owner.post(at(merchant, campaign.public_id, "edit"), FORM | {"codes": "", "films": [mug.film.slug]})

    campaign.refresh_from_db()
    assert (campaign.name_en, campaign.rule) == ("Pins", rule)


@pytest.mark.parametrize("role", Member.Role.values)
def test_owner_and_catalogue_act_and_everybody_reads(
    merchant: Merchant, mug: Product, fair: Campaign, role: str
) -> None:
    client, campaign = signed_in(merchant, role), own(merchant)
    may = role in ("owner", "catalogue")

    pages = [
        client.get(at(merchant, *rest)).status_code
        for rest in ((), (campaign.public_id,), (fair.public_id, "progress"))
    ]
    verbs = [
        client.post(at(merchant, fair.public_id, "offer"), {"product": [mug.public_id]}).status_code,
        client.post(at(merchant, fair.public_id, "withdraw")).status_code,
        client.get(at(merchant, "new")).status_code,
        client.get(at(merchant, campaign.public_id, "edit")).status_code,
        client.post(at(merchant, campaign.public_id, "send")).status_code,
        client.post(at(merchant, campaign.public_id, "cancel")).status_code,
    ]

    campaign.refresh_from_db()
    assert pages == [200, 200, 200]
    assert verbs == ([302, 302, 200, 200, 302, 302] if may else [403] * 6)
    assert (campaign.state, Entry.objects.count()) == (("cancelled", 1) if may else ("draft", 0))
    assert (f"{fair.public_id}/withdraw/" in text(client, at(merchant, fair.public_id))) == may


def test_a_rival_finds_nothing_and_changes_nothing(merchant: Merchant, mug: Product, rival: Client) -> None:
    campaign, theirs = own(merchant), Merchant.objects.get(slug="rival")

    said = [
        rival.get(at(theirs, campaign.public_id, *rest)).status_code
        for rest in ((), ("edit",), ("progress",), ("cancel",))
    ]
    said += [
        rival.post(at(theirs, campaign.public_id, verb)).status_code
        for verb in ("send", "cancel", "roll-back", "offer")
    ]

    campaign.refresh_from_db()
    assert said == [404] * 8
    assert campaign.state == "draft"


def test_how_the_launch_went_is_told_with_what_was_sold_before(
    goods: Variant, merchant: Merchant, owner: Client
) -> None:
    when = timezone.now()
    make_market("us")
    campaign = launch(own(merchant, starts_at=when - timedelta(minutes=1), ends_at=when + timedelta(days=1)))
    order_of(goods, 2)

    page = text(owner, at(merchant, campaign.public_id))

    assert "How the launch went" in page
    assert '<th scope="row" translate="no">US</th><td class="number">2</td><td class="number">0</td>' in page
    assert "Revision 1 is published" in page
    assert 'role="timer"' in page


@pytest.mark.parametrize("number", [1, 3])
def test_the_pages_cost_the_same_for_one_and_for_three(
    merchant: Merchant, mug: Product, fair: Campaign, owner: Client, number: int, django_assert_num_queries: object
) -> None:
    goods = [mug, *(make_product(licence=mug.licence, sku=f"MUG-{n}") for n in range(1, number))]
    offer_products(fair, merchant, [one.public_id for one in goods], by=None, at=timezone.now())
    for n in range(number - 1):
        make_campaign(
            mug.film,
            slug=f"fair-{n}",
            rule={},
            invites_until=fair.invites_until,
            starts_at=fair.starts_at,
            ends_at=fair.ends_at,
        )
    owner.get(at(merchant))

    with django_assert_num_queries(5):  # type: ignore[operator]
        owner.get(at(merchant))
    with django_assert_num_queries(52):  # type: ignore[operator]
        owner.get(at(merchant, fair.public_id))
