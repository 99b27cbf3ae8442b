"""The gate's set-based twin: which of many products may be listed, sold or shipped, decided by the database.

`products_allowed` says of every product what `licensing.gate.decide` says of it from the facts; a property test holds the
two equal (tests/catalog/test_allowed.py). Days are compared as days: the instant becomes a date in each zone that a
licence, a merchant or the country counts in. What few articles have (approvals, declared stock, an approved page, further
properties) is looked up only under licences that ask for it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When

from catalog.models import Image, Product
from catalog.queries.allowed_words import DigestOfText, Granted, IsBlank, OneOf, OnOrAfter
from core.bulk import read_rows
from core.territories import normalise_country, zone_of
from films.models import Embargo, Tier
from licensing.gate import Action
from licensing.models import (
    ApprovedAsset,
    ArticleProperty,
    Certificate,
    Grant,
    InventoryLine,
    InventoryStatement,
    Licence,
    LicensedArticle,
    ScheduleLine,
    Takedown,
)
from licensing.overdue import overdue_since
from merchants.models import Merchant

#: Zones, and the day that it is in them.
Days = list[tuple[list[str], date]]
#: A column of the table that is asked, or of the one round it.
Value = F | OuterRef


def products_allowed(
    products: QuerySet[Product], action: Action, *, country: str, channel: str, at: datetime
) -> QuerySet[Product]:
    """Those of `products` to which `action` may happen for a buyer in `country` at `at`: one unit, nothing paid before, no
    label bound to it. Refuses `unknown_country`. A handful of small queries now, so that what nothing needs is left out of
    the large one that comes back.
    """
    return products.filter(_is_allowed(_Asked(action, normalise_country(country), channel, at)))


def products_allowed_in(
    products: QuerySet[Product], action: Action, *, countries: Sequence[str], channel: str, at: datetime
) -> dict[str, list[int]]:
    """For each of `countries` the primary keys, in order, of those of `products` to which `action` may happen there: the same
    as asking `products_allowed` for each, while every product is read once. Refuses `unknown_country`."""
    asked = [_Asked(action, normalise_country(country), channel, at) for country in countries]
    # One number for each product, a bit for each country: what comes back is half of all that this costs.
    bits = [Case(When(_is_allowed(one), then=1 << i), default=0) for i, one in enumerate(asked)]
    rows = products.annotate(bits=sum(bits[1:], bits[0]))
    by_bits: dict[int, list[int]] = defaultdict(list)
    for pk, found in read_rows(rows.order_by("pk").values_list("pk", "bits")):
        by_bits[found].append(pk)
    return {
        country: sorted(chain.from_iterable(pks for found, pks in by_bits.items() if found >> i & 1))
        for i, country in enumerate(countries)
    }


def _is_allowed(asked: "_Asked") -> Q:
    """All rows of the gate, as a condition on products."""
    at = asked.at
    zones = Licence.objects.order_by().values_list("time_zone", flat=True).distinct()
    terms = _Terms(asked, _days({zone: zone for zone in zones}, at))
    allowed = terms.pass_for(_OF_PRODUCT) & ~_stopped(at)
    if asked.action is not Action.LIST:
        allowed &= Q(on_sale_at=None) | Q(on_sale_at__lte=at)
    if asked.action is Action.SHIP:
        allowed &= Q(street_on=None) | Q(street_on__lte=_day(at, zone_of(asked.country)))
    else:
        allowed &= ~_under_embargo(asked)
    if ArticleProperty.objects.exists():
        allowed &= ~Q(Exists(_failing_properties(terms)))
    return allowed


@dataclass(frozen=True, slots=True)
class _Asked:
    action: Action
    country: str
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Side:
    """A product and one of its licences, in the words of the table that is asked: its own `licence` and `film`, and where
    the rest is found. `article` is how rows that belong to an article are matched."""

    merchant: str
    sku: Value
    category: Value
    product: Value
    article: Mapping[str, Value]
    texts: Mapping[str, Value]


_TEXTS = ("title_en", "title_zh", "description_en", "description_zh")
_OF_PRODUCT = _Side(
    merchant="merchant",
    sku=F("sku"),
    category=F("category"),
    product=F("pk"),
    article={"article__merchant": F("merchant"), "article__sku": F("sku")},
    texts={name: F(name) for name in _TEXTS},
)
#: Of a further property: its table is asked from within a question about products.
_OF_PROPERTY = _Side(
    merchant="article__merchant",
    sku=F("article__sku"),
    category=OuterRef("category"),
    product=OuterRef("pk"),
    article={"article": F("article")},
    texts={name: OuterRef(name) for name in _TEXTS},
)


class _Terms:
    """What licences say at one instant (rows 1 to 19, 23 and 24 of the gate, as far as a licence says them)."""

    def __init__(self, asked: _Asked, days: Days) -> None:
        self.asked = asked
        self.in_term, ended, outdated = _never(), _never(), _never()
        for zones, day in days:
            there = Q(time_zone__in=zones)
            self.in_term |= there & Q(starts_on__lte=day, ends_on__gte=day)
            ended |= there & Q(sell_off_days__gt=0, ends_on__lt=day) & Q(OnOrAfter("ends_on", "sell_off_days", day=day))
            outdated |= there & Q(documents__is_required=True, documents__expires_on__lt=day)
        self.sold_off = _without_debts(Licence.objects.filter(ended), asked.at)
        self.outdated = Licence.objects.filter(outdated).values("pk")
        asking = Licence.objects.filter(Q(is_scheduled=True) | Q(needs_approval=True) | Q(needs_page_approval=True))
        rows = asking.order_by().values_list("is_scheduled", "needs_approval", "needs_page_approval").distinct()
        self.names_categories = Grant.objects.filter(category__isnull=False).exists()
        #: What any licence asks of the single article at all.
        self.asks = [any(column) for column in zip(*rows, strict=True)] or [False] * 3

    def pass_for(self, side: _Side) -> Q:
        """The licence is one of this film and merchant, in force, and covers the article for the country and channel."""
        licences = self._in_force()
        plain = Q(is_scheduled=False, needs_approval=False)
        if self.asked.action is Action.LIST:
            plain &= Q(needs_page_approval=False)
        # Most licences ask nothing of the single article, and under those no more is looked at.
        passes = self._grants_to(licences.filter(self.in_term, plain), side)
        if any(self.asks) or self.sold_off:
            asking = licences.filter(self.in_term | Q(pk__in=self.sold_off))
            passes |= self._grants_to(asking, side) & self._of_article(side)
        return passes

    def _grants_to(self, licences: QuerySet[Licence], side: _Side) -> Q:
        """One of these licences grants it: whatever its category, or this one."""
        passes = _one_of(licences.filter(Granted(F("pk"), asked=self.asked)), side)
        if self.names_categories:
            passes |= _one_of(licences, side) & Q(Granted(F("licence"), side.category, asked=self.asked))
        return passes

    def _in_force(self) -> QuerySet[Licence]:
        """Executed, its papers valid, its merchant authorised, and not frozen, nor its film or merchant. That it is EXPIRED
        changes no answer: days decide. A product's film and merchant are its licence's, or it is not licensed."""
        licences = Licence.objects.filter(state__in=[Licence.State.EXECUTED, Licence.State.EXPIRED])
        if self.asked.action is Action.SHIP:
            licences = licences.filter(needs_labels=False)
        at = self.asked.at
        for name, held in (("pk", "licence"), ("film", "film"), ("merchant", "merchant")):
            licences = licences.exclude(**{f"{name}__in": _held(held, at)})
        return licences.filter(merchant__in=_authorised(at)).exclude(pk__in=self.outdated)

    def _of_article(self, side: _Side) -> Q:
        """What a licence may ask of the single article. Licences are named by their keys, so that no product is joined with
        its licence: that would be done for all of them, and this is asked of few."""
        scheduled = ScheduleLine.objects.filter(licence=OuterRef("licence"), sku=_inner(side.sku))
        is_scheduled, needs_approval, needs_page = self.asks
        asks = Q()
        if is_scheduled:
            asks &= _free_of("is_scheduled") | Q(Exists(scheduled))
        if needs_approval:
            asks &= _free_of("needs_approval") | Q(Exists(_valid_certificates(self.asked.at, side)))
        if self.sold_off:
            asks &= ~Q(licence__in=self.sold_off) | Q(Exists(_declared_stock(side)))
        if needs_page and self.asked.action is Action.LIST:
            asks &= _free_of("needs_page_approval") | _approved_page(self.asked.at, side)
        return asks


def _free_of(demand: str) -> Q:
    return Q(licence__in=Licence.objects.filter(**{demand: False}).order_by().values("pk"))


def _never() -> Q:
    return Q(pk__in=[])


def _one_of(licences: QuerySet[Licence], side: _Side) -> Q:
    return Q(OneOf("licence", "film", side.merchant, rows=licences.order_by().values("pk", "film", "merchant")))


def _without_debts(ended: QuerySet[Licence], at: datetime) -> list[int]:
    """The licences in their sell-off of which no payment is overdue. Named, since they are few at any time."""
    ids = list(ended.order_by("pk").values_list("pk", flat=True))
    since = overdue_since(ids) if ids else {}
    return [pk for pk in ids if pk not in since or since[pk] > at]


def _valid_certificates(at: datetime, side: _Side) -> QuerySet[Certificate]:
    """The certificate issued last by `at`, unless it is revoked by then."""
    issued = Certificate.objects.filter(issued_at__lte=at)
    later = issued.filter(
        Q(issued_at__gt=OuterRef("issued_at")) | Q(issued_at=OuterRef("issued_at"), version__gt=OuterRef("version")),
        article=OuterRef("article"), licence=OuterRef("licence"),
    )  # fmt: skip
    of_article = {path: _inner(value) for path, value in side.article.items()}
    unrevoked = Q(revoked_at=None) | Q(revoked_at__gt=at)
    return issued.filter(unrevoked, ~Exists(later), licence=OuterRef("licence"), **of_article)


def _declared_stock(side: _Side) -> QuerySet[InventoryLine]:
    """What the licence's last inventory statement leaves to sell."""
    newest = InventoryStatement.objects.filter(licence=OuterRef("statement__licence")).order_by("-created_at", "-pk")
    return InventoryLine.objects.filter(
        statement__licence=OuterRef("licence"), sku=_inner(side.sku), declared__gt=F("sold"),
        statement=Subquery(newest.values("pk")[:1]),
    )  # fmt: skip


def _approved_page(at: datetime, side: _Side) -> Q:
    """Every text and picture of the page is an asset that the licensor has approved. An empty text is none, and neither
    is the studio's own art, which has no digest."""
    assets = ApprovedAsset.objects.filter(Q(revoked_at=None) | Q(revoked_at__gt=at), approved_at__lte=at)
    here = assets.filter(licence=OuterRef("licence"), **{path: _inner(value) for path, value in side.article.items()})
    approved = Q()
    for text in side.texts.values():
        approved &= Q(IsBlank(text)) | Q(Exists(here.filter(sha256=DigestOfText(_inner(text)))))
    of_picture = assets.filter(
        sha256=OuterRef("digest"), licence=OuterRef(OuterRef("licence")),
        **{path: OuterRef(_inner(value)) for path, value in side.article.items()},
    )  # fmt: skip
    pictures = Image.objects.ready().filter(product=_inner(side.product)).exclude(digest="")
    return approved & ~Q(Exists(pictures.filter(~Exists(of_picture))))


def _failing_properties(terms: _Terms) -> QuerySet[ArticleProperty]:
    """Further properties of the product whose licence does not pass."""
    properties = ArticleProperty.objects.filter(article__merchant=OuterRef("merchant"), article__sku=OuterRef("sku"))
    return properties.filter(~terms.pass_for(_OF_PROPERTY))


def _under_embargo(asked: _Asked) -> Q:
    """What the product reveals, of its own film or a further one, is a secret in the country. A tier reveals those before
    it too."""
    found = _never()
    running = Embargo.objects.filter(country__in=["", asked.country], lifts_at__gt=asked.at).order_by()
    for tier in running.values_list("tier", flat=True).distinct():
        revealing = [revealed for revealed in Tier.values if tier in Tier.up_to(revealed)]
        films = running.filter(tier=tier).values("film")
        further = ArticleProperty.objects.filter(
            article__merchant=OuterRef("merchant"), article__sku=OuterRef("sku"), film__in=films
        )
        found |= Q(reveals__in=revealing) & (Q(film__in=films) | Q(Exists(further)))
    return found


def _stopped(at: datetime) -> Q:
    """The article is recalled, or in dispute itself (rows 0 and 2)."""
    stopped = LicensedArticle.objects.filter(Q(recalled_at__lte=at) | Q(pk__in=_held("article", at)))
    return Q(OneOf("merchant", "sku", rows=stopped.order_by().values("merchant", "sku")))


def _held(kind: str, at: datetime) -> QuerySet[Takedown, Any]:
    """The films, merchants, licences or articles that a takedown freezes at `at`."""
    running = Takedown.objects.filter(Q(released_at=None) | Q(released_at__gt=at), starts_at__lte=at)
    return running.filter(**{f"{kind}__isnull": False}).order_by().values(kind)


def _authorised(at: datetime) -> QuerySet[Merchant, Any]:
    """Approved, and their documents valid on the day that it is in their country (row 24)."""
    countries = Merchant.objects.order_by().values_list("country", flat=True).distinct()
    outdated = _never()
    for codes, day in _days({country: zone_of(country) for country in countries}, at):
        outdated |= Q(country__in=codes, documents_expire_on__lt=day)
    return Merchant.objects.filter(state=Merchant.State.APPROVED).exclude(outdated).order_by().values("pk")


def _days(zones: Mapping[str, str], at: datetime) -> Days:
    """The day that it is at `at` for each of these names, by its zone; those that share a day together."""
    names: dict[date, list[str]] = {}
    for name, zone in zones.items():
        names.setdefault(_day(at, zone), []).append(name)
    return [(sorted(found), day) for day, found in names.items()]


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _inner(value: Value) -> OuterRef:
    """The same value from within a subquery."""
    return OuterRef(value if isinstance(value, OuterRef) else str(value.name))  # type: ignore[attr-defined]
