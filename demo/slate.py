"""Films, merchants, categories, markets and licences of the demo, from their files to rows."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import Permission

from accounts.models import User
from catalog.models import Market, TaxRate
from demo.files import Row, day, instant, read_table
from demo.rows import Tally, write
from films.models import Credit, Embargo, Film, Release
from licensing.models import Category, Grant, Licence
from merchants.models import Member, Merchant

_FILM_FIELDS = (
    "title_en", "title_zh", "title_original", "original_language", "lede_en", "lede_zh", "synopsis_en", "synopsis_zh",
    "year", "countries", "genres", "palette", "ground", "ink", "voice",
)  # fmt: skip
_MARKET_FIELDS = (
    "name_en", "name_zh", "currency", "countries", "default_language", "time_zone", "prices_include_tax", "position",
)  # fmt: skip
_LICENCE_FIELDS = ("time_zone", "is_exclusive", "grace_days", "legal_line_en", "legal_line_zh")


def load_films(now: datetime) -> Tally:
    tally = Tally()
    for position, row in enumerate(read_table("films"), start=1):
        values = {name: row[name] for name in _FILM_FIELDS}
        values |= {"runtime_minutes": row.get("runtime_minutes"), "position": position}
        film = write(Film, {"slug": row["slug"]}, values, tally=tally)
        for person in row["people"]:
            key = {"film": film, "role": person["role"], "name_en": person["name_en"]}
            write(Credit, key, {"name_zh": person["name_zh"], "position": person["position"]}, tally=tally)
        for release in row["releases"]:
            values = {"opens_on": day(release["on"], now.date()), "zone": release["zone"]}
            write(Release, {"film": film, "country": release["country"]}, values, tally=tally)
        for embargo in row["embargoes"]:
            key = {"film": film, "tier": embargo["tier"], "country": embargo["country"]}
            lifts_at = instant(embargo["lifts_at"], now)
            write(Embargo, key, {"zone": embargo["zone"]}, first={"lifts_at": lifts_at}, tally=tally)
    return tally


def load_shelves() -> Tally:
    """Categories, markets and their tax rates."""
    tally = Tally()
    for row in read_table("categories"):
        values = {name: row[name] for name in ("name_en", "name_zh", "position")}
        write(Category, {"code": row["code"]}, values, tally=tally)
    for row in read_table("markets"):
        write(Market, {"code": row["code"]}, {name: row[name] for name in _MARKET_FIELDS}, tally=tally)
    _load_tax_rates(tally)
    return tally


def _load_tax_rates(tally: Tally) -> None:
    table = read_table("tax_rates")
    markets = {market.code: market for market in Market.objects.all()}
    for row in table["rates"]:
        for tax_class in row.keys() & {"standard", "reduced"}:
            key = {"market": markets[row["market"]], "country": row["country"], "tax_class": tax_class}
            write(TaxRate, key | {"starts_on": table["starts_on"]}, {"rate": Decimal(row[tax_class])}, tally=tally)


def load_merchants(now: datetime, password: str) -> Tally:
    """Merchants with their people. `password` is a hash; somebody who has an account keeps the one they have."""
    tally = Tally()
    for row in read_table("merchants"):
        merchant = write(
            Merchant,
            {"slug": row["slug"]},
            {name: row[name] for name in ("name", "name_zh", "city", "country")},
            first={
                "state": row["state"],
                "documents_expire_on": day(row.get("documents_expire_on", ""), now.date()),
            },
            tally=tally,
        )
        for member in row["members"]:
            user = load_user(member["email"], member["name"], password, tally)
            write(Member, {"merchant": merchant, "user": user}, {}, first={"role": member["role"]}, tally=tally)
    return tally


def load_user(
    email: str,
    name: str,
    password: str,
    tally: Tally,
    *,
    username: str = "",
    is_staff: bool = False,
    permissions: Iterable[str] = (),
) -> User:
    """`permissions`: all that somebody of the staff may do, by their code names; without any they may do everything."""
    named = sorted(permissions)
    given, _, family = name.partition(" ")
    known = tally.created
    user = write(
        User,
        {"username": username or email},
        {"email": email, "first_name": given, "last_name": family},
        first={"password": password, "is_staff": is_staff, "is_superuser": is_staff and not named},
        tally=tally,
    )
    if named and tally.created > known:
        user.user_permissions.set(Permission.objects.filter(content_type__app_label="licensing", codename__in=named))
    return user


def load_licences(now: datetime) -> Tally:
    """Licences and their grants. Term and state are the first load's; later they belong to the people at the desk."""
    tally = Tally()
    films = {film.slug: film for film in Film.objects.all()}
    merchants = {merchant.slug: merchant for merchant in Merchant.objects.all()}
    categories = {category.code: category for category in Category.objects.all()}
    for row in read_table("licences"):
        first = {name: day(row[name], now.date()) for name in ("starts_on", "ends_on")} | {"state": row["state"]}
        first |= {name: row.get(name, False) for name in ("needs_approval", "needs_page_approval", "needs_labels")}
        first |= {name: row[name] for name in ("sell_off_days", "unit_cap", "silence_rule") if name in row}
        values = {name: row[name] for name in _LICENCE_FIELDS}
        values |= {"merchant": merchants[row["merchant"]], "film": films[row["film"]]}
        licence = write(Licence, {"number": row["number"]}, values, first=first, tally=tally)
        for grant in row["grants"]:
            _load_grant(licence, grant, categories, tally)
    return tally


def _load_grant(licence: Licence, row: Row, categories: dict[str, Category], tally: Tally) -> None:
    category = categories[row["category"]] if row["category"] else None
    values = {"countries": row["countries"], "excluded_countries": row["excluded"], "channels": row["channels"]}
    write(Grant, {"licence": licence, "category": category}, values, tally=tally)
