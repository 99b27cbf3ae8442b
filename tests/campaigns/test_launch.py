"""A campaign's life: scheduled, staged, live by the clock alone, pushed, ended; and everything that can happen on the way."""

from datetime import timedelta

import pytest

from campaigns import push, services, staging
from campaigns.models import Campaign, Due, Listing, Revision, SyncRun
from campaigns.queries import plan_campaign, progress
from catalog.models import Offer, Price, Product, ShelfSpan
from catalog.shelf_store import recompile_products
from core.errors import Refused
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db(transaction=True)

TICK = timedelta(microseconds=1)


@pytest.fixture
def film():
    return factories.make_film("the-ferryman")


@pytest.fixture
def licence(film):
    return factories.make_licence(film, factories.make_merchant())


def shelf(market="us"):
    """The whole shelf of a market, comparable: {product: [(start, end, kind, amount, was, low)]}."""
    rows = ShelfSpan.objects.filter(market__code=market).order_by("product_id", "starts_at")
    found: dict[int, list] = {}
    for s in rows:
        found.setdefault(s.product_id, []).append(
            (s.starts_at, s.ends_at, s.kind, s.amount, s.was_amount, s.low_amount)
        )
    return found


def amounts(at, market="us"):
    rows = ShelfSpan.objects.at(at).filter(market__code=market).order_by("product_id")
    return dict(rows.values_list("product_id", "amount"))


def schedule(campaign, **overrides):
    revision = services.schedule_campaign(campaign, **{"by": None, "at": NOW} | overrides)
    staging.stage_revision(revision.pk)
    campaign.refresh_from_db()
    revision.refresh_from_db()
    return revision


def test_the_price_turns_at_the_instant_and_back_at_the_end(film, licence):
    product = factories.make_product(licence=licence)
    campaign = factories.make_campaign(film)

    schedule(campaign)

    start, end = campaign.starts_at, campaign.ends_at
    assert [amounts(at) for at in (start - TICK, start, end - TICK, end)] == [
        {product.pk: 3800}, {product.pk: 3040}, {product.pk: 3040}, {product.pk: 3800},
    ]  # fmt: skip
    span = ShelfSpan.objects.at(start).get(product=product)
    assert (span.was_amount, span.low_amount) == (3800, 3800)


def test_goods_of_the_campaign_appear_only_within_its_window(film, licence):
    product = factories.make_product(licence=licence, listing=Product.Listing.CAMPAIGN)
    campaign = factories.make_campaign(film)

    schedule(campaign)

    assert amounts(campaign.starts_at - TICK) == {}
    span = ShelfSpan.objects.at(campaign.starts_at).get(product=product)
    assert (span.amount, span.was_amount, span.low_amount) == (3040, 3800, None)
    assert amounts(campaign.ends_at) == {}


def test_scheduling_twice_changes_nothing(film, licence):
    factories.make_product(licence=licence)
    campaign = factories.make_campaign(film, channels=["storefront", "google"])
    first = schedule(campaign)
    before = (shelf(), list(Listing.objects.order_by("pk").values()), list(Offer.objects.order_by("pk").values()))

    second = schedule(campaign)

    assert second.pk == first.pk
    assert (
        shelf(),
        list(Listing.objects.order_by("pk").values()),
        list(Offer.objects.order_by("pk").values()),
    ) == before
    run = SyncRun.objects.filter(kind=SyncRun.Kind.STAGE).first()
    assert (run.state, run.staged, run.unchanged) == (SyncRun.State.DONE, 0, 2)


def test_nothing_counts_before_the_last_page_is_staged(film, licence, monkeypatch):
    monkeypatch.setattr(staging, "PAGE", 1)
    for _ in range(3):
        factories.make_product(licence=licence)
    campaign = factories.make_campaign(film)
    revision = services.schedule_campaign(campaign, by=None, at=NOW)
    terms = staging.terms_of_revision(Revision.objects.select_related("campaign__published").get(pk=revision.pk))
    run = SyncRun.objects.get(revision=revision)
    before = shelf()

    staging._stage_next_page(run.pk, revision, terms, staging.FactsReader(terms.markets))

    assert Offer.objects.count() == 1
    recompile_products(Product.objects.values_list("pk", flat=True))
    assert shelf() == before
    staging.stage_revision(revision.pk)
    assert set(amounts(campaign.starts_at).values()) == {3040}


def test_a_staging_that_finishes_after_the_start_goes_live_whole(film, licence):
    products = [factories.make_product(licence=licence) for _ in range(3)]
    campaign = factories.make_campaign(film, starts_at=NOW - timedelta(hours=1))
    revision = services.schedule_campaign(campaign, by=None, at=NOW)
    assert amounts(NOW) == {p.pk: 3800 for p in products}

    staging.stage_revision(revision.pk)

    assert amounts(NOW) == {p.pk: 3040 for p in products}


def test_overlapping_campaigns_are_ranked_by_priority_then_price_then_age(film, licence):
    product = factories.make_product(licence=licence)
    start = factories.make_campaign(film).starts_at
    low = factories.make_campaign(film, discount={"kind": "percent", "percent": "50"}, priority=1)
    high = factories.make_campaign(
        film, discount={"kind": "percent", "percent": "10"}, priority=2, ends_at=start + timedelta(days=2)
    )
    same = factories.make_campaign(film, discount={"kind": "fixed", "by_market": {"us": "30.00"}}, priority=1)
    for campaign in (low, high, same):
        schedule(campaign)

    assert amounts(start) == {product.pk: 3420}
    assert amounts(start + timedelta(days=2)) == {product.pk: 1900}
    plan = plan_campaign(same, at=NOW)
    [conflict] = plan.conflicts
    assert (plan.conflicts_total, conflict.winner) == (1, high.name_en)


def test_a_campaign_shifted_while_live_turns_in_one_step(film, licence):
    product = factories.make_product(licence=licence)
    campaign = factories.make_campaign(film, starts_at=NOW - timedelta(days=1))
    schedule(campaign)
    assert amounts(NOW) == {product.pk: 3040}
    later = NOW + timedelta(days=2)

    revision = services.shift_campaign(campaign, starts_at=later, ends_at=later + timedelta(days=1), by=None, at=NOW)
    assert amounts(NOW) == {product.pk: 3040}
    staging.stage_revision(revision.pk)

    assert [amounts(at) for at in (NOW, later - TICK, later, later + timedelta(days=1))] == [
        {product.pk: 3800}, {product.pk: 3800}, {product.pk: 3040}, {product.pk: 3800},
    ]  # fmt: skip
    assert Revision.objects.get(number=1, campaign=campaign).state == Revision.State.SUPERSEDED


def test_a_rollback_is_exact_and_keeps_and_lists_later_edits(film, licence):
    edited, untouched = factories.make_product(licence=licence), factories.make_product(licence=licence)
    campaign = factories.make_campaign(film, starts_at=NOW - timedelta(days=1))
    before = shelf()
    schedule(campaign)
    price = Price.objects.create(
        variant=edited.variants.get(), market=factories.make_market(), amount=4200, starts_at=NOW
    )
    recompile_products([edited.pk])
    assert amounts(NOW) == {edited.pk: 3360, untouched.pk: 3040}

    run = services.roll_back_campaign(campaign, by=None, at=NOW)

    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.ROLLED_BACK
    assert shelf()[untouched.pk] == before[untouched.pk]
    assert amounts(NOW) == {edited.pk: 4200, untouched.pk: 3800}
    assert amounts(NOW - TICK) == {edited.pk: 3800, untouched.pk: 3800}
    assert run.report["conflicts_total"] == 1
    assert [(c["what"], c["product"], c["kept"]) for c in run.report["conflicts"]] == [
        ("price", edited.public_id, price.amount)
    ]
    assert not Listing.objects.filter(is_wanted=True).exists()
    with pytest.raises(Refused, match="nothing to roll back"):
        services.roll_back_campaign(campaign, by=None, at=NOW)


def test_who_funds_the_discount_goes_with_the_revision_and_comes_back_with_a_rollback(film, licence):
    factories.make_product(licence=licence)
    discount = {"kind": "percent", "percent": "20", "studio_share": "25.5"}
    campaign = factories.make_campaign(film, starts_at=NOW - timedelta(days=1), discount=discount)
    schedule(campaign)
    assert campaign.revisions.get().promotion.studio_share == 2550

    services.edit_campaign(campaign, by=None, discount=discount | {"studio_share": "100"})
    campaign.refresh_from_db()
    plan = plan_campaign(campaign, at=NOW)
    assert (plan.studio_share, plan.live_studio_share, plan.is_empty) == (10_000, 2550, False)
    schedule(campaign)
    campaign.refresh_from_db()
    assert campaign.published.promotion.studio_share == 10_000
    assert plan_campaign(campaign, at=NOW).is_empty

    services.roll_back_campaign(campaign, by=None, at=NOW)

    campaign.refresh_from_db()
    assert campaign.published.promotion.studio_share == 2550
    assert campaign.discount == discount


def test_a_rollback_returns_to_the_revision_before(film, licence):
    product = factories.make_product(licence=licence)
    campaign = factories.make_campaign(film, starts_at=NOW - timedelta(days=1))
    schedule(campaign)
    before = shelf()
    services.edit_campaign(campaign, by=None, discount={"kind": "percent", "percent": "50"})
    schedule(campaign)
    assert amounts(NOW) == {product.pk: 1900}

    services.roll_back_campaign(campaign, by=None, at=NOW)

    assert amounts(NOW) == {product.pk: 3040}
    assert shelf() == before
    campaign.refresh_from_db()
    assert (campaign.published.number, campaign.discount["percent"]) == (1, "20")
    staging.stage_revision(campaign.published_id)
    assert shelf() == before
    assert list(Listing.objects.values_list("revision_number", "is_wanted")) == [(1, True)]


def test_pausing_takes_everything_off_at_once_and_resuming_puts_it_back(film, licence):
    factories.make_product(licence=licence, listing=Product.Listing.CAMPAIGN)
    campaign = factories.make_campaign(film, starts_at=NOW - timedelta(days=1))
    schedule(campaign)
    live = shelf()

    services.pause_campaign(campaign, by=None, at=NOW)
    assert shelf() == {}
    assert not Listing.objects.filter(is_wanted=True).exists()

    services.resume_campaign(campaign, by=None, at=NOW)
    assert shelf() == live
    assert Listing.objects.filter(is_wanted=True).count() == 1


def test_a_cancelled_campaign_leaves_nothing_and_does_not_come_back(film, licence):
    factories.make_product(licence=licence)
    campaign = factories.make_campaign(film)
    before = shelf()
    schedule(campaign)

    services.cancel_campaign(campaign, by=None, at=NOW)

    assert shelf() == before
    assert not Due.objects.filter(done_at=None).exists()
    campaign.refresh_from_db()
    with pytest.raises(Refused, match="Cancelled"):
        services.schedule_campaign(campaign, by=None, at=NOW)


def test_a_campaign_cancelled_while_it_is_staged_is_not_published(film, licence):
    factories.make_product(licence=licence)
    campaign = factories.make_campaign(film)
    before = shelf()
    revision = services.schedule_campaign(campaign, by=None, at=NOW)
    services.cancel_campaign(campaign, by=None, at=NOW)

    run = staging.stage_revision(revision.pk)

    assert run.state == SyncRun.State.FAILED
    assert shelf() == before


def test_a_held_market_stops_and_the_others_go_on(film, licence):
    product = factories.make_product(licence=licence, prices={"us": 3800, "eu": 3500})
    campaign = factories.make_campaign(film, markets=["us", "eu"])
    schedule(campaign)

    services.hold_market(campaign, factories.make_market("eu"), by=None, at=NOW)

    at = campaign.starts_at
    assert (amounts(at, "us"), amounts(at, "eu")) == ({product.pk: 3040}, {product.pk: 3500})
    services.release_market(campaign, factories.make_market("eu"), by=None, at=NOW)
    assert amounts(at, "eu") == {product.pk: 2800}


def test_a_plan_needs_a_second_person_where_the_campaign_asks(film, licence):
    product = factories.make_product(licence=licence)
    author, second = factories.make_user("author"), factories.make_user("second")
    campaign = factories.make_campaign(film, needs_approval=True)
    revision = services.schedule_campaign(campaign, by=author, at=NOW)
    assert revision.state == Revision.State.AWAITING_APPROVAL
    assert not SyncRun.objects.exists()

    with pytest.raises(Refused, match="second person"):
        services.approve_revision(revision, by=author, at=NOW)
    assert not SyncRun.objects.exists()
    services.approve_revision(revision, by=second, at=NOW)
    staging.stage_revision(revision.pk)

    assert amounts(campaign.starts_at) == {product.pk: 3040}


def test_the_plan_shows_additions_refusals_and_reasons_and_writes_nothing(film, licence):
    factories.make_product(licence=licence, title_en="Bar street T-shirt")
    only_china = factories.make_licence(film, factories.make_merchant(), countries=["CN"])
    factories.make_product(licence=only_china, title_en="Not for you")
    factories.make_product(licence=licence, prices={"eu": 100}, title_en="No price here")
    campaign = factories.make_campaign(film, channels=["storefront", "google"])

    plan = plan_campaign(campaign, at=NOW)

    assert plan.totals == {"added": 2, "changed": 0, "removed": 0, "unchanged": 0, "refused": 2}
    assert [(r.product, r.reasons) for r in plan.refusals] == [
        ("Not for you", ("TERRITORY_NOT_LICENSED",)),
        ("No price here", ("NO_PRICE",)),
    ]
    [change] = next(iter(plan.channels.values())).changes
    assert (change.sign, change.product, change.old_amount, change.new_amount) == (
        "+",
        "Bar street T-shirt",
        3800,
        3040,
    )
    assert not Listing.objects.exists()
    assert not Revision.objects.exists()
    schedule(campaign)
    assert plan_campaign(campaign, at=NOW).totals == {
        "added": 0,
        "changed": 0,
        "removed": 0,
        "unchanged": 2,
        "refused": 2,
    }


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"rule": {}}, "bad_rule"),
        ({"rule": {"colour": ["red"]}}, "bad_rule"),
        ({"rule": {"films": "the-ferryman"}}, "bad_rule"),
        ({"rule": {"films": ["no-such-film"]}}, "nothing_to_list"),
        ({"discount": {}}, "bad_discount"),
        ({"discount": {"kind": "percent", "percent": "120"}}, "bad_discount"),
        ({"discount": {"kind": "percent", "percent": "NaN"}}, "bad_discount"),
        ({"discount": {"kind": "fixed", "by_market": {}}}, "bad_discount"),
        ({"discount": {"kind": "percent", "percent": "20", "studio_share": "101"}}, "bad_discount"),
        ({"discount": {"kind": "percent", "percent": "20", "studio_share": "-1"}}, "bad_discount"),
        ({"discount": {"kind": "percent", "percent": "20", "studio_share": "half"}}, "bad_discount"),
        ({"discount": {"kind": "percent", "percent": "20", "studio_share": "1.005"}}, "bad_discount"),
        ({"discount": {"kind": "percent", "percent": "20", "studio_share": True}}, "bad_discount"),
        ({"discount": {"kind": "none", "studio_share": "50"}}, "bad_discount"),
        ({"discount": {"kind": "amount", "by_market": {"us": "1.999"}}}, "bad_discount"),
        ({"starts_at": NOW - timedelta(days=9), "ends_at": NOW}, "window_passed"),
    ],
)
def test_a_campaign_that_cannot_be_launched_is_refused_by_name(film, licence, fields, code):
    factories.make_product(licence=licence)
    campaign = factories.make_campaign(film, **fields)

    with pytest.raises(Refused) as refused:
        services.schedule_campaign(campaign, by=None, at=NOW)

    assert refused.value.code == code
    assert str(refused.value)
    assert not Revision.objects.exists()


def test_due_transitions_push_every_channel_verify_and_take_down(film, licence):
    factories.make_product(licence=licence)
    campaign = factories.make_campaign(film, starts_at=NOW - timedelta(days=1))
    schedule(campaign)
    assert set(Due.objects.values_list("kind", flat=True)) == {"launch", "verify", "end"}

    push.run_due(at=NOW)
    [run] = SyncRun.objects.filter(kind=SyncRun.Kind.PUSH)
    push.push_channel(run.pk)
    for due in Due.objects.filter(kind=Due.Kind.VERIFY):
        assert push.verify_campaign(due.pk, at=NOW) == {"seen": 1, "missing": 0}

    listing = Listing.objects.get()
    assert (listing.state, listing.acknowledged_digest) == (Listing.State.SENT, listing.digest)
    assert [(p.total, p.sent) for p in progress(campaign)] == [(1, 1)]
    assert push.run_due(at=NOW) == 0

    push.run_due(at=campaign.ends_at)
    push.push_channel(SyncRun.objects.filter(kind=SyncRun.Kind.PUSH).first().pk)
    assert Listing.objects.get().state == Listing.State.WITHDRAWN


def test_a_revision_withdrawn_while_it_waits_for_its_worker_writes_nothing(film, licence):
    factories.make_product(licence=licence)
    campaign = factories.make_campaign(film)
    first = services.schedule_campaign(campaign, by=None, at=NOW)
    services.edit_campaign(campaign, by=None, discount={"kind": "percent", "percent": "50"})
    schedule(campaign)
    before = list(Listing.objects.values())

    run = staging.stage_revision(first.pk)

    assert run.state == SyncRun.State.FAILED
    assert list(Listing.objects.values()) == before
    assert Listing.objects.get().is_wanted


def test_a_campaign_paused_while_it_is_staged_again_stays_off_the_shelf(film, licence):
    product = factories.make_product(licence=licence)
    campaign = factories.make_campaign(film, starts_at=NOW - timedelta(days=1))
    revision = schedule(campaign)
    services.schedule_campaign(campaign, by=None, at=NOW)
    Product.objects.filter(pk=product.pk).update(updated_at=NOW)
    services.pause_campaign(campaign, by=None, at=NOW)

    run = staging.stage_revision(revision.pk)

    assert run.state == SyncRun.State.FAILED
    assert amounts(NOW) == {product.pk: 3800}
    services.resume_campaign(campaign, by=None, at=NOW)
    staging.stage_revision(revision.pk)
    assert amounts(NOW) == {product.pk: 3040}
    assert Listing.objects.filter(is_wanted=True).count() == 1
