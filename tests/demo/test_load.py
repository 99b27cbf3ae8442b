"""Loading the demo: once it is all there, twice it is the same, and what is embargoed is nowhere."""

import io
from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from itertools import chain

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from PIL import Image as Pillow

from accounts.models import User
from campaigns.models import Campaign
from catalog.models import Image, Market, Price, Product, ShelfSpan, Stock, Variant
from catalog.tax import tax_rate
from demo.fans import fan_login, load_fans
from demo.load import PASSWORD, load_demo, logins, schedule_demo
from demo.orders import load_orders
from fans.models import Review
from fans.queries import rating_of, shown_reviews
from films.models import Artwork, Film
from insights.models import Companion
from licensing.ledger.forecast import forecasts
from licensing.models import (
    Certificate,
    Comment,
    InventoryLine,
    Licence,
    LicenceDocument,
    Round,
    RoyaltyTerms,
    SaleLine,
    Statement,
    Takedown,
)
from merchants.models import Merchant, Submittal
from orders.invariants import breaches
from orders.models import Letter, Order, Refund, Return, SaleFact, Shipment
from orders.quoting import Wanted, quote

APPS = ("accounts", "films", "merchants", "licensing", "catalog", "campaigns", "orders", "fans", "insights")
MODELS = list(chain.from_iterable(apps.get_app_config(label).get_models() for label in APPS))
HIDDEN = "farewell-my-concubine"

pytestmark = pytest.mark.django_db


def everything():
    """Every row of every table, time stamps too."""
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in MODELS}


def seen(at, **where):
    return ShelfSpan.objects.at(at).filter(**where)


def test_loading_twice_changes_nothing(demo):
    before = everything()

    tally = load_demo(demo.at + timedelta(days=1), print)

    assert (tally.created, tally.changed) == (0, 0)
    assert everything() == before
    assert {
        name: len(before[name]) for name in ("films.Film", "merchants.Merchant", "catalog.Product", "catalog.Image")
    } == {
        "films.Film": 13,
        "merchants.Merchant": 6,
        "catalog.Product": 204,
        "catalog.Image": 408,
    }
    assert Artwork.objects.count() == 13 * 4


def test_a_later_load_keeps_what_people_changed_and_mends_what_the_files_say(demo):
    product = Product.objects.get(sku="K19-FER-MUG-02")
    Product.objects.filter(pk=product.pk).update(title_en="Something else", state=Product.State.ARCHIVED)
    Price.objects.filter(variant__product=product).update(amount=99)

    tally = load_demo(demo.at, print)

    product.refresh_from_db()
    assert (tally.created, tally.changed) == (0, 1)
    assert (product.title_en, product.state) == ("First round mug", Product.State.ARCHIVED)
    assert set(Price.objects.filter(variant__product=product).values_list("amount", flat=True)) == {99}


def test_the_unannounced_film_is_nowhere_until_its_embargo_lifts(demo):
    now = demo.at
    after = now + timedelta(days=46)

    visible = set(Film.objects.visible(at=now, countries=["CN"]).values_list("slug", flat=True))

    assert len(visible) == 12
    assert HIDDEN not in visible
    assert not seen(now, film__slug=HIDDEN).exists()
    assert Film.objects.visible(at=after, countries=["CN"]).filter(slug=HIDDEN).exists()
    assert seen(after, film__slug=HIDDEN).values("product").distinct().count() == 4


def test_the_campaigns_goods_wait_for_it_and_the_others_are_on_the_shelf(demo):
    now = demo.at

    assert Product.objects.filter(film__slug="the-ferryman").count() == 26
    ferry = seen(now, film__slug="the-ferryman").values_list("product__listing", flat=True)
    assert set(ferry) == {Product.Listing.OPEN}
    assert ferry.filter(market__code="us").count() == 10
    for market in Market.objects.all():
        assert seen(now, market=market).count() > 100
    assert {"on_sale", "pre_order", "coming_soon"} == set(seen(now).values_list("kind", flat=True))


def test_territories_terms_and_states_show_on_the_shelf(demo):
    now = demo.at

    def markets(at=now, **where):
        return set(seen(at, **where).values_list("market__code", flat=True))

    assert markets(film__slug="the-wandering-earth") == {"cn", "hk"}
    assert markets(product__sku="GD-MET-VINYL-01", at=now + timedelta(days=10)) == {"eu"}
    assert markets(product__licence__state=Licence.State.DRAFT) == set()
    assert markets(product__licence__state=Licence.State.SUSPENDED) == set()
    assert markets(product__sku="HPW-MET-PRINT-01") == set()
    assert markets(product__sku="HPW-MET-PRINT-01", at=now + timedelta(days=32)) == {"cn", "hk", "us", "eu"}
    assert markets(product__sku="GD-MOO-VINYL-01") == {"cn", "hk", "us", "eu"}
    assert markets(product__sku="GD-MOO-VINYL-01", at=now + timedelta(days=20)) == set()


def test_what_is_approved_or_declared_shows_on_the_shelf_and_nothing_else_of_its_licence(demo):
    def skus(number, at=demo.at):
        return set(seen(at, product__licence__number=number).values_list("product__sku", flat=True))

    sell_off = Licence.objects.get(number="LIC-2026-0112")

    assert skus("LIC-2026-0144") == {"K19-AME-MUG-01"}
    assert Product.objects.filter(licence__number="LIC-2026-0144").count() == 2
    assert sell_off.ends_on < demo.at.date()
    assert skus("LIC-2026-0112") == {"GD-MFL-VINYL-01", "GD-MFL-VINYL-03"}
    assert skus("LIC-2026-0112", demo.at + timedelta(days=80)) == set()


def test_approvals_stand_in_every_state_that_a_reviewer_sees(demo):
    states = Counter(Round.objects.values_list("state", flat=True))
    pins = Comment.objects.filter(round__state=Round.State.REVISION_REQUIRED)

    assert states == {
        Round.State.SUBMITTED: 2, Round.State.IN_REVIEW: 1, Round.State.ESCALATED: 1, Round.State.REVISION_REQUIRED: 1,
        Round.State.REJECTED: 1, Round.State.APPROVED_WITH_CHANGES: 1, Round.State.APPROVED: 10,
    }  # fmt: skip
    assert [(pin.is_internal, pin.x is not None, pin.file is not None) for pin in pins.order_by("number")] == [
        (False, True, True), (False, True, True), (True, False, False),
    ]  # fmt: skip
    assert [(one.article.sku, one.version) for one in Certificate.objects.all()] == [("K19-AME-MUG-01", 1)]


def test_statements_are_closed_and_open_and_a_forecast_says_how_each_guarantee_ends(demo):
    def states(number):
        return list(Statement.objects.filter(licence__number=number).order_by("number").values_list("state", flat=True))

    def outlook(number):
        licence = Licence.objects.get(number=number)
        return {one.pool: (one.is_earned_out, one.shortfall > 0) for one in forecasts(licence, as_of=demo.at.date())}

    assert states("LIC-2026-0101")[-2:] == ["closed", "open"]
    assert states("LIC-2026-0104")[-2:] == ["open", "open"]
    assert {state for number in ("LIC-2026-0101", "LIC-2026-0104") for state in states(number)[:-2]} == {"closed"}
    assert not Statement.objects.filter(licence__royalty_payments=None, state="closed", payable__gt=0).exists()
    assert not Statement.objects.filter(is_stale=True, state="open", licence__number="LIC-2026-0101").exists()
    assert outlook("LIC-2026-0104")["bags"] == (True, False)
    assert outlook("LIC-2026-0104")["shirts"] == (False, True)
    assert SaleLine.objects.filter(kind=SaleLine.Kind.RETURN).exists()
    assert RoyaltyTerms.objects.count() == 16


def test_licences_have_limits_papers_and_a_dispute_that_is_over(demo):
    capped = Licence.objects.get(unit_cap__isnull=False)
    dispute = Takedown.objects.get()

    assert (capped.unit_cap, capped.units_used) == (500, 487)
    assert dispute.released_at < demo.at
    assert seen(demo.at, product__sku=dispute.article.sku).exists()
    assert LicenceDocument.objects.filter(expires_on=demo.at.date() + timedelta(days=28), is_required=True).count() == 1
    assert {line.sku: (line.declared, line.sold) for line in InventoryLine.objects.all()} == {
        "GD-MFL-VINYL-01": (45, 18), "GD-MFL-VINYL-03": (70, 4),
    }  # fmt: skip
    assert Licence.objects.filter(is_exclusive=True).exists()


@pytest.mark.parametrize("code, country", [("cn", "CN"), ("hk", "HK"), ("us", "US"), ("eu", "DE"), ("eu", "FR")])
def test_every_merchants_goods_can_be_bought_and_sent_in_two_ways(demo, code, country):
    market = Market.objects.get(code=code)
    skus = [
        "K19-FER-MUG-01",
        "LL-FER-TOTE-01",
        "SM-FER-PIN-01",
        "HPW-FER-PRINT-01",
        "SCT-FER-PLUSH-01",
        "GD-FER-VINYL-01",
    ]
    variants = [Variant.objects.filter(product__sku=sku).order_by("pk")[0] for sku in skus]

    found = quote([Wanted(one.pk, 1) for one in variants], market, country=country, at=demo.at)

    assert found.problems == []
    assert [len(parcel.rates) for parcel in found.parcels] == [2] * 6


def test_sales_tax_goes_by_the_state(demo):
    market = Market.objects.get(code="us")
    rates = {region: tax_rate(market, "US", "standard", region=region, at=demo.at) for region in ("NY", "OR")}

    assert (rates["NY"].rate, rates["OR"]) == (Decimal("0.04"), None)


def test_one_record_is_limited_to_two_a_person_and_four_articles_are_promised_ahead(demo):
    assert list(Product.objects.filter(per_person=2).values_list("sku", flat=True)) == ["GD-FER-VINYL-04"]
    assert Stock.objects.filter(pre_order_cap__gt=0).values("variant__product").distinct().count() == 4


def test_orders_stand_where_their_file_says_and_licensing_knows_of_them(demo):
    def order(key):
        return Order.objects.get(checkout_key=f"demo-{key}")

    def sent(key):
        return [(line.quantity, line.shipped, line.returned) for line in order(key).lines.order_by("position")]

    states = dict(Order.objects.filter(user=None).values_list("checkout_key", "state"))

    assert {key.removeprefix("demo-"): state for key, state in states.items()} == {
        "paid": "paid", "part-sent": "paid", "delivered": "paid", "returned": "paid", "coming-back": "paid",
        "cancelled": "cancelled", "pending": "pending", "harbour-late": "paid", "harbour-sent": "paid", "harbour-back": "paid",
    }  # fmt: skip
    assert sent("part-sent") == [(3, 3, 0), (1, 0, 0)]
    assert sent("returned") == [(2, 2, 1)]
    assert Shipment.objects.filter(parcel__order=order("delivered"), delivered_at__isnull=False).exists()
    assert Return.objects.get(parcel__order=order("coming-back")).state == Return.State.REQUESTED
    half, whole = order("returned").refunds.get(), order("cancelled").refunds.get()
    assert {half.state, whole.state} == {Refund.State.SUCCEEDED}
    assert half.amount * 2 == order("returned").goods_amount
    assert whole.amount == order("cancelled").total_amount
    assert not SaleFact.objects.filter(told_at=None).exists()
    assert SaleLine.objects.filter(source=SaleLine.Source.ORDER, kind=SaleLine.Kind.RETURN).count() == 2
    assert {name: count for name, count in breaches().items() if count} == {}


def test_no_page_of_the_panel_is_empty_for_harbour(demo):
    merchant = Merchant.objects.get(slug="harbour-print-works")
    client = Client()
    client.force_login(merchant.members.get(role="owner").user)

    states = dict(Submittal.objects.filter(merchant=merchant).values_list("requirement__name_en", "state"))
    assert states == {
        "Company": "accepted", "Tax": "accepted", "Account for payouts": "given", "Business licence": "given",
        "Terms for merchants": "accepted",
    }  # fmt: skip
    assert merchant.partner_keys.get().name == "Warehouse"
    endpoint = merchant.webhook_endpoints.get()
    assert (endpoint.state, endpoint.deliveries.filter(state="waiting").count()) == ("disabled", 0)
    assert sorted(endpoint.deliveries.values_list("attempts", flat=True)) == [1, 1, 2, 2]
    parcels = merchant.parcels.filter(order__state="paid")
    assert parcels.filter(order__user=None).count() == 4
    for page in ("", "checklist/", "keys/", f"webhooks/{endpoint.public_id}/", "orders/", "orders/?show=returns"):
        answer = client.get(f"/panel/en/{merchant.slug}/{page}")
        assert answer.status_code == 200, page


def test_bought_together_shows_on_the_films_goods_and_on_others(demo):
    found = defaultdict(dict)
    for sku, other, orders in Companion.objects.values_list("product__sku", "other__sku", "orders"):
        found[sku][other] = orders

    assert found["K19-FER-MUG-01"] == {
        "LL-FER-TEE-02": 2, "HPW-FER-PRINT-01": 2, "GD-FER-VINYL-01": 2, "SCT-FER-MODEL-03": 2,
    }  # fmt: skip
    assert found["LL-FER-TEE-02"] == {"K19-FER-MUG-01": 2}
    assert {sku.split("-")[1] for sku in found} == {"FER", "AME", "CKE", "SPA", "ODY"}


def test_buyers_say_what_they_think_and_the_desk_has_some_to_read(demo):
    states = Counter(Review.objects.values_list("state", flat=True))
    shown = Review.objects.shown()
    mug = Product.objects.get(sku="K19-FER-MUG-01")

    assert states == {Review.State.SHOWN: 28, Review.State.WAITING: 3, Review.State.HIDDEN: 1}
    assert set(shown.values_list("language", flat=True)) == {"en", "zh-hans"}
    assert set(shown.values_list("stars", flat=True)) == {2, 3, 4, 5}
    assert shown.exclude(answer="").filter(answered_at__gt=F("written_at")).count() == 6
    assert Review.objects.get(state=Review.State.HIDDEN).reason
    assert (rating_of(mug).count, rating_of(mug).average) == (4, Decimal("4.8"))
    assert [review.written_at for review in shown_reviews(mug)] == sorted(
        (review.written_at for review in shown_reviews(mug)), reverse=True
    )
    for review in Review.objects.select_related("user", "product"):
        arrived = Shipment.objects.filter(
            parcel__order__user=review.user,
            parcel__merchant=review.product.merchant,
            delivered_at__lt=review.written_at,
        )
        assert arrived.exists(), f"{review} was written before it came"


def test_the_fan_has_something_in_every_section_of_the_account(demo):
    fan = User.objects.get(username=fan_login()[0])
    client = Client()
    client.force_login(fan)

    def first_market(path):
        return client.get(f"/us/en/account/{path}").content.decode()

    orders = Order.objects.filter(user=fan)
    sent = {one.checkout_key: Counter(p.shipments.exists() for p in one.parcels.all()) for one in orders}
    assert sent == {
        "demo-fan-delivered": {True: 3}, "demo-fan-back": {True: 1}, "demo-fan-sent": {True: 1}, "demo-fan-present": {False: 1},
    }  # fmt: skip
    assert {row.country for row in fan.addresses.all()} == {"US", "HK"}
    assert {follow.film.slug for follow in fan.follows.all()} == {"the-ferryman", "chungking-express"}
    assert Counter(fan.wishes.values_list("market__code", flat=True)) == {"us": 5, "cn": 3}
    assert list(fan.wishes.filter(is_gone=True, market__code="us").values_list("product__sku", flat=True)) == [
        "SCT-AME-PLUSH-02"
    ]
    page = first_market("wishlist/")
    assert "It cost $22.00 when you kept it." in page
    assert page.index("Eclipse mug") < page.index("Red caramel plush")
    assert "Tin picture disc" in first_market("alerts/")
    assert "Small boat, strong opinions" in first_market("reviews/")
    for path in ("", "addresses/", "follows/"):
        assert client.get(f"/us/en/account/{path}").status_code == 200, path
    shared = Client().get(f"/us/en/wishlist/{fan.wishlist.token}/").content.decode()
    assert "The wishlist of Nora" in shared
    assert "Nora Fan" not in shared


def test_what_the_fan_threw_away_does_not_come_back(demo):
    fan = User.objects.get(username=fan_login()[0])
    fan.wishes.all().delete()
    fan.follows.all().delete()

    assert load_fans(demo.at, User.objects.get(username="desk")).created == 0
    assert not fan.wishes.exists()
    assert not fan.follows.exists()


def test_mail_tells_of_the_fans_orders_and_not_of_what_others_bought_weeks_ago(demo):
    waiting = Letter.objects.filter(sent_at=None, order__user__isnull=False)

    assert set(waiting.values_list("order__email", flat=True)) == {fan_login()[0]}
    assert Letter.objects.filter(order__user__username="nils.okafor@fan.example").exists()


def test_a_shop_without_the_sandbox_has_no_orders(demo, settings):
    settings.PAYMENT_PROVIDERS = []
    Order.objects.filter(checkout_key="demo-pending").update(checkout_key="another")

    assert load_orders(demo.at).created == 0


def test_a_shop_without_orders_has_no_reviews(demo):
    Review.objects.all().delete()
    Order.objects.update(user=None)

    assert load_fans(demo.at, User.objects.get(username="desk")).created == 0
    assert not Review.objects.exists()


def test_pictures_are_stored_for_pages_and_for_channels(demo):
    ferry = Image.objects.get(product__sku="K19-FER-MUG-02", position=0)
    other = Image.objects.get(product__sku="K19-AME-MUG-01", position=0)

    with default_storage.open(ferry.channel_file.name) as file:
        channel = Pillow.open(io.BytesIO(file.read()))

    assert ferry.file.name.endswith(".svg")
    assert default_storage.exists(ferry.file.name)
    assert (channel.format, channel.size) == ("PNG", (1000, 1000))
    with default_storage.open(other.channel_file.name) as file:
        assert Pillow.open(io.BytesIO(file.read())).size == (512, 512)
    assert ferry.alt_en.startswith("First round mug, ")
    assert HIDDEN not in " ".join(Image.objects.values_list("file", flat=True))


def test_people_can_sign_in(client, demo):
    assert [name for name, _purpose in logins()][:3] == ["desk", "approver", "reviewer"]
    for username, _purpose in logins():
        assert client.login(username=username, password=PASSWORD), username
    assert User.objects.filter(is_staff=True).count() == 3


def test_the_campaign_is_drafted_and_then_scheduled_for_its_minute(demo):
    now = demo.at
    draft = Campaign.objects.get(slug="the-ferryman-ten-years")

    scheduled = schedule_demo(now, timedelta(seconds=60))

    assert draft.state == Campaign.State.DRAFT
    assert scheduled.state == Campaign.State.SCHEDULED
    assert (scheduled.starts_at, scheduled.ends_at) == (now + timedelta(seconds=60), now + timedelta(days=14))
    assert scheduled.placements.get().headline_zh == "《摆渡人》十周年"


def test_the_command_says_who_can_sign_in(demo, capsys):
    call_command("load_demo")

    said = capsys.readouterr().out
    assert "0 new, 0 changed" in said
    assert f"{demo.tally.created} as they were" in said
    assert PASSWORD in said
    assert "lin.yan@merchant.example" in said
