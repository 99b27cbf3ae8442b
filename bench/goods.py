"""The data set: N products of 60 films in 8 categories, by 40 merchants under licences of differing territory.

Made by COPY with primary keys given, so that 100,000 products take seconds. Nothing is random: product i is the same
product in every run. Every regular price ends in 95, so a price after 20 % off never does, and whoever reads an
answer can tell an old price from a new one.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection

from campaigns.models import Channel
from catalog.models import Image, Market, Price, Product, Stock, Variant
from catalog.search import index_products
from catalog.shelf_store import recompile_products
from core.bulk import in_pages, insert_rows
from core.clock import ALWAYS
from core.ids import new_public_id
from films.models import Artwork, Credit, Film, Release
from licensing.models import EVERY, Category, Grant, Licence
from merchants.models import Merchant
from scripts.steps import step

FILMS, MERCHANTS = 60, 40
#: When every row was made: longer ago than the window of the lowest price, so that a reduction has one to name.
MADE_AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
#: A merchant sends goods of one film in batches of at most this many.
BATCH = 50

MARKETS = (
    ("cn", "Mainland China", "中国大陆", "CNY", ["CN"], "zh-hans", "Asia/Shanghai", True),
    ("hk", "Hong Kong", "中国香港", "HKD", ["HK"], "zh-hans", "Asia/Hong_Kong", True),
    ("us", "United States", "美国", "USD", ["US"], "en", "America/New_York", False),
    ("eu", "Euro area", "欧元区", "EUR", ["DE", "FR", "IT", "ES", "NL", "AT", "IE"], "en", "Europe/Paris", True),
)
#: What a price in dollars is multiplied by, by market.
RATES = (7, 8, 1, 1)
CATEGORIES = (
    ("t-shirts", "T-shirts", "T 恤", "T-shirt"), ("pins", "Pins", "徽章", "pin"), ("mugs", "Mugs", "杯子", "mug"),
    ("bags", "Bags", "包袋", "tote bag"), ("prints", "Prints", "版画", "print"), ("plush", "Plush", "毛绒玩具", "plush"),
    ("vinyl", "Vinyl", "黑胶唱片", "soundtrack"), ("models", "Models", "模型", "model"),
)  # fmt: skip
_FIRST = ["Silver", "Midnight", "Paper", "Harbour", "Winter", "Glass", "Amber", "Silent", "Distant", "Velvet"]
_SECOND = ["River", "Lantern", "Garden", "Railway", "Orchard", "Comet"]
_ADJECTIVES = [
    "Heavy",
    "Soft",
    "Limited",
    "Embroidered",
    "Folded",
    "Enamel",
    "Letterpress",
    "Washed",
    "Woven",
    "Numbered",
    "Pocket",
    "Grand",
    "Small",
    "Bright",
    "Quiet",
]
MOTIFS = [
    "ferry",
    "bridge",
    "heron",
    "umbrella",
    "clock",
    "stair",
    "window",
    "lighthouse",
    "tram",
    "kite",
    "drum",
    "mask",
    "tiger",
    "crane",
    "lotus",
    "moon",
    "bell",
    "anchor",
    "ladder",
    "compass",
    "piano",
    "balcony",
    "orchid",
    "sparrow",
    "engine",
    "telescope",
    "mirror",
    "raincoat",
    "teapot",
    "bicycle",
]
#: Of each merchant, the two categories its licences and its goods are of. T-shirts are three in ten of everything.
_MAKES = ((0, 1), (0, 2), (3, 4), (5, 6), (0, 7))
_TERRITORIES: tuple[tuple[list[str], list[str]], ...] = (
    *([([EVERY], [])] * 7),
    ([EVERY], ["CN"]),
    (["CN", "HK"], []),
    (["US", *MARKETS[3][4]], []),
)


def film_titles() -> list[str]:
    return [f"{first} {second}" for second in _SECOND for first in _FIRST]


def film_slugs() -> list[str]:
    return [title.lower().replace(" ", "-") for title in film_titles()]


def make_rows(products: int) -> None:
    """Migrate the empty database and fill it with rows alone: no search, no shelf."""
    with step("making the tables"):
        call_command("migrate", verbosity=0)
    with step(f"making {products:,} products"):
        _make_vocabulary()
        _make_products(products)


def settle() -> None:
    """What a database that has stood for a while has done by itself."""
    with step("settling the tables"), connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")


def make_goods(products: int) -> None:
    """Migrate the empty database and fill it: rows, search documents, the shelf; then settle its statistics."""
    make_rows(products)
    ids = range(1, products + 1)
    with step("indexing them for search"):
        for page in in_pages(ids, 10_000):
            index_products(page)
    with step("compiling the shelf"):
        recompile_products(ids)
    settle()


def make_shop() -> None:
    """Markets, categories, channels, films and merchants without any goods; the first merchant may make anything of every
    film, everywhere."""
    with step("making the tables"):
        call_command("migrate", verbosity=0)
    _make_vocabulary()
    Licence.objects.bulk_create(
        Licence(
            pk=film, number=f"LIC-{film:05}", film_id=film, merchant_id=1, state=Licence.State.EXECUTED, needs_approval=False,
            starts_on=date(2026, 1, 1), ends_on=date(2028, 12, 31), legal_line_en="© House 1",
        )
        for film in range(1, FILMS + 1)
    )  # fmt: skip
    Grant.objects.bulk_create(
        Grant(licence_id=film, countries=[EVERY], channels=[EVERY]) for film in range(1, FILMS + 1)
    )
    _back_date(Licence)
    _restart_sequences()


def make_rare(count: int) -> dict[str, str]:
    """A film and a category with exactly `count` products of `count` variants; returns the addresses of their pages."""
    code = f"rare-{count}"
    film = Film.objects.create(slug=code, title_en=f"Rare {count}")
    category = Category.objects.create(code=code, name_en=f"Rare {count}")
    merchant = Merchant.objects.get(pk=1)
    licence = Licence.objects.create(
        number=code, film=film, merchant=merchant, state=Licence.State.EXECUTED, needs_approval=False, starts_on=date(2026, 1, 1),
        ends_on=date(2028, 12, 31),
    )  # fmt: skip
    Grant.objects.create(licence=licence, countries=[EVERY], channels=[EVERY])
    products = [
        Product.objects.create(
            slug=f"{code}-{i}", sku=f"{code}-{i}", merchant=merchant, film=film, category=category, licence=licence,
            title_en=f"Rarity{count} {i}", state=Product.State.ACTIVE,
        )
        for i in range(count)
    ]  # fmt: skip
    for product in products:
        Image.objects.create(product=product, file=f"goods/{product.slug}.svg", width=1200, height=1200)
        for place in range(count):
            variant = Variant.objects.create(product=product, sku=f"{place}", position=place)
            Stock.objects.create(variant=variant, on_hand=5)
            Price.objects.create(
                variant=variant, market=Market.objects.get(code="us"), amount=1995 + place, starts_at=ALWAYS
            )
    ids = [product.pk for product in products]
    index_products(ids)
    recompile_products(ids)
    return {
        "film": f"/us/en/films/{code}/",
        "list": f"/us/en/goods/{code}/",
        "product": f"/us/en/goods/p/{code}-0/",
        "search": f"/us/en/search/?q=rarity{count}",
    }


def _make_vocabulary() -> None:
    Market.objects.bulk_create(
        Market(
            pk=i + 1, code=code, name_en=english, name_zh=chinese, currency=currency, countries=countries,
            default_language=language, time_zone=zone, prices_include_tax=taxed, position=i,
        )
        for i, (code, english, chinese, currency, countries, language, zone, taxed) in enumerate(MARKETS)
    )  # fmt: skip
    Category.objects.bulk_create(
        Category(pk=i + 1, code=code, name_en=english, name_zh=chinese, position=i)
        for i, (code, english, chinese, _noun) in enumerate(CATEGORIES)
    )
    for code in ("storefront", "google"):
        Channel.objects.create(code=code, name=code.title(), adapter=code)
    _make_films()
    Merchant.objects.bulk_create(
        Merchant(pk=i + 1, slug=f"house-{i + 1}", name=f"House {i + 1}", state=Merchant.State.APPROVED, country="CN")
        for i in range(MERCHANTS)
    )
    _back_date(Film, Merchant)


def _make_films() -> None:
    slugs = film_slugs()
    Film.objects.bulk_create(
        Film(
            pk=i + 1, slug=slug, title_en=title, title_zh=f"影片{i + 1}", year=1966 + i, position=i,
            lede_en=f"The story of {title}.",
            synopsis_en=f"{title} is a film about people who wait. " * 6, palette=["#17130E", "#F8EED2", "#C34A2C", "#1F4E5F"],
        )
        for i, (slug, title) in enumerate(zip(slugs, film_titles(), strict=True))
    )  # fmt: skip
    Credit.objects.bulk_create(
        Credit(film_id=i, role=role, name_en=f"Person {i * 10 + j}", position=j)
        for i in range(1, FILMS + 1)
        for j, role in enumerate((Credit.Role.DIRECTOR, Credit.Role.WRITER, Credit.Role.CAST, Credit.Role.CAST))
    )
    Release.objects.bulk_create(
        Release(film_id=i, country=market[4][0], opens_on=date(1966 + i, 3, 1), zone=market[6])
        for i in range(1, FILMS + 1)
        for market in MARKETS
    )
    Artwork.objects.bulk_create(
        Artwork(film_id=i, kind=kind, file=f"art/{i}-{kind}.svg", width=1200, height=1200, alt_en="The film's artwork")
        for i in range(1, FILMS + 1)
        for kind in Artwork.Kind.values
    )


def _make_products(products: int) -> None:
    batch = max(1, min(BATCH, products // FILMS))
    pairs = sorted({_pair(i, batch) for i in range(products)})
    licences = {pair: number for number, pair in enumerate(pairs, start=1)}
    Licence.objects.bulk_create(
        Licence(
            pk=number, number=f"LIC-{number:05}", film_id=film, merchant_id=merchant, state=Licence.State.EXECUTED, needs_approval=False,
            starts_on=date(2026, 1 + number % 3, 1), ends_on=date(2028, 1 + number % 12, 28), legal_line_en=f"© House {merchant}",
        )
        for (film, merchant), number in licences.items()
    )  # fmt: skip
    Grant.objects.bulk_create(
        Grant(licence_id=number, countries=countries, excluded_countries=excluded, channels=[EVERY])
        for number in licences.values()
        for countries, excluded in [_TERRITORIES[number % len(_TERRITORIES)]]
    )
    insert_rows(
        Product,
        ("id", "public_id", "slug", "merchant_id", "film_id", "category_id", "licence_id", "sku", "title_en", "title_zh",
         "description_en", "description_zh", "state", "listing", "reveals", "tax_class", "extra", "created_at",
         "updated_at"),
        _products(products, batch, licences),
    )  # fmt: skip
    insert_rows(
        Variant, ("id", "public_id", "product_id", "sku", "options", "gtin", "position"),
        (
            (pk, new_public_id("var"), product, f"G{product}-{place}", _options(place), "", place)
            for pk, product, place in _variants(products)
        ),
    )  # fmt: skip
    insert_rows(
        Price,
        ("variant_id", "market_id", "amount", "starts_at", "created_at"),
        (
            (pk, market + 1, _amount(product, place) * rate + 95, ALWAYS, MADE_AT)
            for pk, product, place in _variants(products)
            for market, rate in enumerate(RATES)
        ),
    )
    insert_rows(
        Stock,
        ("variant_id", "on_hand", "reserved", "sold", "pre_order_cap", "updated_at"),
        ((pk, 5 + product % 200, 0, 0, 0, MADE_AT) for pk, product, _place in _variants(products)),
    )
    insert_rows(
        Image,
        ("product_id", "state", "source", "upload", "refusal", "attempts", "digest", "file", "channel_file", "width", "height",
         "widths", "colour", "alt_en", "alt_zh", "position"),
        (
            (i, "ready", "", "", "", 0, "", f"goods/{i:08}.svg", f"goods/{i:08}.png", 1200, 1200, "[]", "",
             "Seen from the front", "正面", 0)
            for i in range(1, products + 1)
        ),
    )  # fmt: skip
    _back_date(Licence)
    _restart_sequences()


def _pair(i: int, batch: int) -> tuple[int, int]:
    """The film and the merchant of product i: batches follow each other film by film."""
    number = i // batch
    return number % FILMS + 1, (number // FILMS * 7 + number) % MERCHANTS + 1


def _products(products: int, batch: int, licences: dict[tuple[int, int], int]) -> Iterator[tuple]:
    titles = film_titles()
    for i in range(products):
        film, merchant = _pair(i, batch)
        category = _MAKES[merchant % len(_MAKES)][i % 2]
        adjective, motif = _ADJECTIVES[i // 7 % len(_ADJECTIVES)], MOTIFS[i // 11 % len(MOTIFS)]
        _code, _english, chinese, noun = CATEGORIES[category]
        title = f"{adjective} {motif} {noun} {i + 1}"
        about = (
            f"{title}, made for {titles[film - 1]}. Printed and finished in one workshop, and sent within two days. "
            * 2
        )
        yield (
            i + 1, new_public_id("prd"), f"{motif}-{CATEGORIES[category][0]}-{i + 1}", merchant, film, category + 1,
            licences[film, merchant], f"G{i + 1}", title, f"{chinese} {i + 1}", about, f"{chinese}，一间工坊里完成。",
            "active", "open", "title", "standard", "{}", MADE_AT, MADE_AT + timedelta(seconds=i),
        )  # fmt: skip


def _variants(products: int) -> Iterator[tuple[int, int, int]]:
    """Primary key, product and place of each variant: every fifth product has three, the others one."""
    pk = 0
    for product in range(1, products + 1):
        for place in range(3 if product % 5 == 0 else 1):
            pk += 1
            yield pk, product, place


def _options(place: int) -> str:
    return f'{{"size": "{"SML"[place]}"}}'


def _amount(product: int, place: int) -> int:
    """Whole dollars as cents."""
    return (9 + product * 31 % 90 + 2 * place) * 100


def _back_date(*models: type) -> None:
    for model in models:
        model.objects.update(created_at=MADE_AT, updated_at=MADE_AT)  # type: ignore[attr-defined]


def _restart_sequences() -> None:
    tables = [Market, Category, Film, Merchant, Licence, Product, Variant]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute(statement)
