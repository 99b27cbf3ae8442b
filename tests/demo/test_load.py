"""Loading the demo: once it is all there, twice it is the same, and what is embargoed is nowhere."""

import io
from datetime import timedelta
from itertools import chain

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone
from PIL import Image as Pillow

from accounts.models import User
from campaigns.models import Campaign
from catalog.models import Image, Market, Price, Product, ShelfSpan
from demo.load import PASSWORD, load_demo, logins, reset_demo, schedule_demo
from films.models import Artwork, Film
from licensing.models import Licence
from merchants.models import Merchant

APPS = ("accounts", "films", "merchants", "licensing", "catalog", "campaigns")
MODELS = list(chain.from_iterable(apps.get_app_config(label).get_models() for label in APPS))
HIDDEN = "farewell-my-concubine"

pytestmark = pytest.mark.django_db


def everything():
    """Every row of every table, time stamps too."""
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in MODELS}


def load(at=None):
    lines = []
    return load_demo(at or timezone.now(), lines.append)


def seen(at, **where):
    return ShelfSpan.objects.at(at).filter(**where)


def test_loading_twice_changes_nothing():
    now = timezone.now()
    load(now)
    before = everything()

    tally = load(now + timedelta(days=1))

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


def test_a_later_load_keeps_what_people_changed_and_mends_what_the_files_say():
    load()
    product = Product.objects.get(sku="K19-FER-MUG-02")
    Product.objects.filter(pk=product.pk).update(title_en="Something else", state=Product.State.ARCHIVED)
    Price.objects.filter(variant__product=product).update(amount=99)

    tally = load()

    product.refresh_from_db()
    assert (tally.created, tally.changed) == (0, 1)
    assert (product.title_en, product.state) == ("First round mug", Product.State.ARCHIVED)
    assert set(Price.objects.filter(variant__product=product).values_list("amount", flat=True)) == {99}


def test_the_unannounced_film_is_nowhere_until_its_embargo_lifts():
    now = timezone.now()
    load(now)
    after = now + timedelta(days=46)

    visible = set(Film.objects.visible(at=now, countries=["CN"]).values_list("slug", flat=True))

    assert len(visible) == 12
    assert HIDDEN not in visible
    assert not seen(now, film__slug=HIDDEN).exists()
    assert Film.objects.visible(at=after, countries=["CN"]).filter(slug=HIDDEN).exists()
    assert seen(after, film__slug=HIDDEN).values("product").distinct().count() == 4


def test_the_campaigns_goods_wait_for_it_and_the_others_are_on_the_shelf():
    now = timezone.now()
    load(now)

    assert Product.objects.filter(film__slug="the-ferryman").count() == 26
    ferry = seen(now, film__slug="the-ferryman").values_list("product__listing", flat=True)
    assert set(ferry) == {Product.Listing.OPEN}
    assert ferry.filter(market__code="us").count() == 10
    for market in Market.objects.all():
        assert seen(now, market=market).count() > 100
    assert {"on_sale", "pre_order", "coming_soon"} == set(seen(now).values_list("kind", flat=True))


def test_territories_terms_and_states_show_on_the_shelf():
    now = timezone.now()
    load(now)

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


def test_pictures_are_stored_for_pages_and_for_channels():
    load()
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


def test_people_can_sign_in(client):
    load()

    assert [name for name, _purpose in logins()][:2] == ["desk", "approver"]
    for username, _purpose in logins():
        assert client.login(username=username, password=PASSWORD), username
    assert User.objects.filter(is_staff=True).count() == 2


def test_the_campaign_is_drafted_and_then_scheduled_for_its_minute():
    now = timezone.now()
    load(now)
    draft = Campaign.objects.get()

    scheduled = schedule_demo(now, timedelta(seconds=60))

    assert draft.state == Campaign.State.DRAFT
    assert scheduled.state == Campaign.State.SCHEDULED
    assert (scheduled.starts_at, scheduled.ends_at) == (now + timedelta(seconds=60), now + timedelta(days=14))
    assert scheduled.placements.get().headline_zh == "《摆渡人》十周年"


def test_reset_takes_the_demo_away_and_nothing_else():
    kept = Film.objects.create(slug="kept", title_en="Kept")
    keeper = Merchant.objects.create(slug="keeper", name="Keeper", country="CN")
    load()
    schedule_demo(timezone.now(), timedelta(seconds=60))

    reset_demo()

    assert list(Film.objects.all()) == [kept]
    assert list(Merchant.objects.all()) == [keeper]
    assert [Product.objects.count(), Licence.objects.count(), Campaign.objects.count(), User.objects.count()] == [
        0,
        0,
        0,
        0,
    ]


def test_the_command_says_who_can_sign_in(capsys):
    call_command("load_demo")

    said = capsys.readouterr().out
    assert "1076 new, 0 changed" in said
    assert PASSWORD in said
    assert "lin.yan@merchant.example" in said
