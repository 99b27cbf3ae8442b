"""Before its embargo lifts, nothing that an anonymous visitor can reach holds a word of a film. After it, everything does.

The second half is the control: the same crawl, a microsecond later, finds every secret that the first did not.
"""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from campaigns import services, staging
from campaigns.channels.google_feed import prepare_feeds
from campaigns.models import Placement
from catalog.models import Image, Product
from catalog.search import index_products
from catalog.shelf_store import recompile_products
from films.models import Artwork, Credit, Embargo, Film, Release, Tier
from tests import factories
from tests.factories import NOW
from tests.system.crawler import Crawl, readable, text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

TICK = timedelta(microseconds=1)
LIFTS_AT = NOW + timedelta(days=1)
MARKETS = {"us": 3800, "cn": 26800, "hk": 29800, "eu": 3500}
WORDS = [
    "Zephyrine",
    "Zephyrine Orchard",
    "夜莺计划",
    "夜莺灯",
    "Rossignol",
    "zephyrine-orchard",
    "Marionette",
    "牵线木偶",
]
PEOPLE = ["Quillon Vash", "裘隆"]
#: In pinyin whole, by syllables, by initials.
PINYIN = ["yeyingjihua", "ye ying", "qxmo"]
MISSPELT = ["Zephyrin", "Marionete", "Orchrad", "yeyingjhua"]


class Shop:
    """A film that everybody knows, and one that nobody may hear of before LIFTS_AT, each with all there can be of it."""

    def __init__(self) -> None:
        self.known = make_film_with_everything(
            "night-ferry", "Night Ferry", "夜渡", "Traversée", ("Ada Okafor", "艾达")
        )
        self.secret = make_film_with_everything(
            "zephyrine-orchard", "Zephyrine Orchard", "夜莺计划", "Rossignol", ("Quillon Vash", "裘隆")
        )
        Embargo.objects.create(film=self.secret, tier=Tier.TITLE, lifts_at=LIFTS_AT)
        self.figurine = make_goods(self.known, "Marionette figurine", "牵线木偶", reveals=Tier.CHARACTERS)
        Embargo.objects.create(film=self.known, tier=Tier.CHARACTERS, lifts_at=LIFTS_AT)
        self.poster = Artwork.objects.get(film=self.known, kind=Artwork.Kind.POSTER)
        self.poster.reveals = Tier.CHARACTERS
        self.poster.save()
        recompile_products(Product.objects.values_list("pk", flat=True))
        self.campaign = make_campaign(self.secret, "zephyrine-launch", "Into the orchard", "走进果园")
        make_campaign(self.known, "ferry-week", "Ferry week", "渡船周")
        prepare_feeds(at=NOW)

    def secrets(self) -> list[str]:
        goods = Product.objects.filter(film=self.secret)
        images = Image.objects.filter(product__film=self.secret)
        return [
            *["Zephyrine", "夜莺计划", "Rossignol", "Quillon", "裘隆", self.secret.slug, self.secret.public_id],
            *["lantern of zephyrine", "夜莺灯", "zephyrine-launch", "Into the orchard", "走进果园", self.campaign.public_id],
            *goods.values_list("public_id", flat=True), *goods.values_list("slug", flat=True),
            *Artwork.objects.filter(film=self.secret).values_list("file", flat=True), *images.values_list("channel_file", flat=True),
        ]  # fmt: skip

    def of_the_characters(self) -> list[str]:
        image = self.figurine.images.get()
        return [
            "Marionette",
            "牵线木偶",
            self.figurine.public_id,
            self.figurine.slug,
            image.channel_file.name,
            self.poster.file.name,
        ]


def make_film_with_everything(slug, title_en, title_zh, original, person) -> Film:
    film = factories.make_film(
        slug, title_en=title_en, title_zh=title_zh, title_original=original, lede_en=f"{title_en}: a lede.",
        synopsis_en=f"In {title_en}, things happen.", synopsis_zh=f"{title_zh}的故事。", year=2026, palette=["#111111"] * 4,
    )  # fmt: skip
    Credit.objects.create(film=film, role=Credit.Role.DIRECTOR, name_en=person[0], name_zh=person[1])
    Release.objects.create(film=film, country="US", opens_on=NOW.date() + timedelta(days=30), zone="America/New_York")
    for kind in Artwork.Kind:
        artwork = Artwork(
            film=film, kind=kind, width=1200, height=1800, alt_en=f"{title_en} {kind}", reveals=Tier.TITLE
        )
        artwork.file.save(f"{slug}-{kind}.png", ContentFile(f"{slug} {kind}".encode()))
    make_goods(film, f"Lantern of {title_en}", f"{title_zh[:2]}灯")
    make_goods(film, f"{title_en} mug", f"{title_zh}杯", listing=Product.Listing.CAMPAIGN)
    make_goods(film, f"{title_en} coat", f"{title_zh}大衣", on_sale_at=NOW + timedelta(days=60))
    return film


def make_goods(film, title_en, title_zh, **overrides) -> Product:
    licence = factories.make_licence(
        film, factories.make_merchant(), legal_line_en=f"© {film.title_en}", legal_line_zh=film.title_zh
    )
    slug = title_en.lower().replace(" ", "-")
    product = factories.make_product(
        licence=licence, slug=slug, title_en=title_en, title_zh=title_zh, description_en=f"{title_en} of {film.title_en}.",
        prices=MARKETS, variants=2, on_shelf=False, **overrides,
    )  # fmt: skip
    image = Image(product=product, width=1200, height=1200, alt_en=title_en, alt_zh=title_zh)
    image.file.save(f"{slug}.png", ContentFile(title_en.encode()), save=False)
    image.channel_file.save(f"{slug}-channel.png", ContentFile(title_en.encode()), save=False)
    image.save()
    index_products([product.pk])
    return product


def make_campaign(film, slug, headline_en, headline_zh):
    campaign = factories.make_campaign(
        film, slug=slug, name_en=headline_en, name_zh=headline_zh, markets=[*MARKETS], channels=["storefront", "google"],
        starts_at=NOW - timedelta(hours=1),
    )  # fmt: skip
    for slot in Placement.Slot:
        Placement.objects.create(
            campaign=campaign, slot=slot, headline_en=headline_en, headline_zh=headline_zh, lede_en=f"All of {film.title_en}.",
            announced_at=NOW - timedelta(days=9),
        )  # fmt: skip
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)
    return campaign


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        at = NOW

    monkeypatch.setattr("django.utils.timezone.now", lambda: Clock.at)
    return Clock


@pytest.fixture
def shop(clock, tmp_path, settings):
    settings.MEDIA_ROOT, settings.FEED_ROOT = tmp_path / "media", tmp_path / "feeds"
    return Shop()


def first_addresses() -> list[str]:
    places = [f"/{market}/{language}/" for market in MARKETS for language in ("en", "zh")]
    pages = [
        "",
        "films/",
        "goods/",
        "goods/t-shirts/",
        "coming-soon/",
        "search/",
        "hero/",
        "film-colours.css",
        "sitemap.xml",
    ]
    pages += ["goods/?sort=price", "goods/?sort=-price", "search/?q=Ferry", "search/?q=%E5%A4%9C", "search/?q=lantern"]
    pages += ["goods/?film=night-ferry", "goods/?price=30-60&available=on_sale", "search/?q=lantern&sort=price"]
    pages += [f"suggest/?q={word}" for word in ("n", "f", "z", "o", "m", "y", "%E5%A4%9C", "%E7%89%B5", "lan")]
    lists = ["films", "products", "listings", "campaigns"]
    return [
        *["/", "/robots.txt", "/sitemap.xml", "/health/", "/no/such/page/", "/us/en/nothing/", "/media/nothing.png"],
        *[f"{place}{page}" for place in places for page in pages],
        *[f"/feeds/google/{market}.xml" for market in MARKETS],
        *["/api/v1/schema", "/api/v1/docs", "/api/v1/markets", "/api/v1/nothing", "/api/v1/problems/not_found"],
        *["/api/v1/films", "/api/v1/campaigns", "/api/v1/products", "/api/v1/products?market=xx", "/api/v1/films?market=us&limit=0"],
        *[f"/api/v1/{name}?market={market}&limit={limit}" for name in lists for market in MARKETS for limit in (1, 100)],
    ]  # fmt: skip


def addresses_of_the_secret(shop) -> list[str]:
    """What somebody who has been told the address would ask for."""
    goods = [*Product.objects.filter(film=shop.secret), shop.figurine]
    film, campaign = shop.secret, shop.campaign
    return [
        *[f"/{m}/{language}/films/{film.slug}/" for m in MARKETS for language in ("en", "zh")],
        *[f"/{m}/{language}/goods/p/{product.slug}/" for m in MARKETS for language in ("en", "zh") for product in goods],
        *[f"/{m}/{language}/campaigns/{campaign.slug}/" for m in MARKETS for language in ("en", "zh")],
        *[f"/api/v1/films/{name}" for name in (film.slug, film.public_id)],
        *[f"/api/v1/films/{name}?market={m}" for name in (film.slug, film.public_id) for m in MARKETS],
        *[f"/api/v1/products/{name}?market={m}" for p in goods for name in (p.slug, p.public_id) for m in MARKETS],
        *[f"/api/v1/campaigns/{name}" for name in (campaign.slug, campaign.public_id)],
    ]  # fmt: skip


def questions_about_the_secret(shop, words) -> list[str]:
    """Searches and filters by its words: the answer is the one for a word that means nothing."""
    places = [f"/{m}/{language}/" for m in ("us", "cn") for language in ("en", "zh")]
    return [
        *[f"{place}{door}/?q={word}" for place in places for door in ("search", "suggest") for word in words],
        *[f"{place}{page}film={shop.secret.slug}" for place in places for page in ("goods/?", "search/?q=lantern&")],
        *[
            f"/api/v1/products?market=us&film={shop.secret.slug}",
            f"/api/v1/listings?market=us&campaign={shop.campaign.slug}",
        ],
        *[f"/api/v1/products?market=us&campaign={shop.campaign.slug}"],
    ]


def test_before_the_lift_no_word_and_after_it_every_word(shop, clock):
    clock.at = LIFTS_AT - TICK
    before = Crawl(Client()).run(first_addresses())
    secrets = shop.secrets() + shop.of_the_characters()

    assert before.hits(secrets) == []
    assert [(address, status) for address, (status, _text) in before.pages.items() if status >= 500] == []
    assert before.hits(["Night Ferry", "夜渡", "Ada Okafor", "Lantern of Night Ferry", "Ferry week"])

    clock.at = LIFTS_AT
    after = Crawl(Client()).run(first_addresses())

    assert [secret for secret in secrets if not after.hits([secret])] == []
    kinds = ("/us/en/", "/us/en/films/", "/us/zh/goods/", "/us/en/sitemap.xml", "/us/en/film-colours.css", "/feeds/google/us.xml",
             "/api/v1/films", "/api/v1/products?market=us&limit=100", "/api/v1/campaigns", "/api/v1/listings?market=us&limit=100")  # fmt: skip
    told = {address for address, _secret in after.hits([*secrets])}
    assert [address for address in kinds if address not in told] == []


def test_the_addresses_of_a_secret_answer_like_addresses_that_never_were(shop, clock):
    clock.at = LIFTS_AT - TICK
    client = Client()
    for address in addresses_of_the_secret(shop):
        name = address.rstrip("/").rpartition("/")[2].partition("?")[0]
        made_up = name[:-4] + "zzzz"
        real, never = client.get(address), client.get(address.replace(name, made_up))
        assert (real.status_code, never.status_code) == (404, 404), address
        assert plain(real, name) == plain(never, made_up), address
        assert (
            Crawl(client, {"": (404, text_of_without(real, name))}).hits(shop.secrets() + shop.of_the_characters())
            == []
        ), address

    clock.at = LIFTS_AT
    assert {client.get(address).status_code for address in addresses_of_the_secret(shop)} == {200}


def test_asking_for_a_secret_by_its_words_answers_like_asking_for_nonsense(shop, clock):
    clock.at = LIFTS_AT - TICK
    client = Client()
    for address in questions_about_the_secret(shop, [*WORDS, *PEOPLE, *PINYIN, *MISSPELT]):
        word = address.rpartition("=")[2]
        real, never = client.get(address), client.get(address.removesuffix(word) + "qqqxyzzy")
        assert real.status_code == never.status_code == 200, address
        assert plain(real, word) == plain(never, "qqqxyzzy"), address

    clock.at = LIFTS_AT
    for address in questions_about_the_secret(shop, [*WORDS, *PEOPLE, *PINYIN]):
        word = address.rpartition("=")[2]
        real, never = client.get(address), client.get(address.removesuffix(word) + "qqqxyzzy")
        assert plain(real, word) != plain(never, "qqqxyzzy"), address


def plain(response, word: str) -> str:
    """The answer without the word that was asked for and without what differs from answer to answer."""
    return text_of_without(response, word)


def text_of_without(response, word: str) -> str:
    kept = [
        line
        for line in text_of(response).splitlines()
        if not line.startswith(("Request-Id:", "ETag:", "Content-Length:"))
    ]
    # As it was asked for, and as it stands in the address of the same question in the other language.
    text = readable("\n".join(kept)).replace(word.lower(), "…").replace(word.lower().replace(" ", "+"), "…")
    return text.replace(response.headers.get("Request-Id", "none"), "…")
