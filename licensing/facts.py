"""The facts the gate reads, loaded for many articles in a constant number of queries.

Most articles are like others of their licence: what only few have (a recall, an approval of its own, declared stock, a
further property) is read for the articles that are asked for, and costs the rest a look at their merchant's row.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.db.models import Exists, F, Min, OuterRef, Q

from core.bulk import Among, AmongTexts, read_rows
from core.clock import ALWAYS, end_of_day, start_of_day
from core.prepared import Prepared, columns_of, instances
from core.territories import zone_of
from films.models import Embargo
from licensing.gate import NO_LICENCE, Approval, Article, EmbargoTerms, Gap, GrantTerms, Hold, LicenceTerms, Window
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

#: A merchant and its own code: what licensing knows an article by.
ArticleKey = tuple[int, str]


@dataclass(frozen=True, slots=True)
class MerchantTerms:
    state: str
    papers_end_at: datetime | None
    #: Whether any of its articles has facts of its own.
    has_articles: bool
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True)
class ArticleTerms:
    """What is known of one article besides its licence."""

    recalled_at: datetime | None = None
    holds: tuple[Hold, ...] = ()
    #: (film, licence) of each further property.
    properties: tuple[tuple[int, int], ...] = ()
    #: By licence.
    approvals: Mapping[int, tuple[Approval, ...]] = field(default_factory=dict)
    #: By licence, then by SHA-256: from when until when a picture or text may stand on the page.
    assets: Mapping[int, Mapping[str, Window]] = field(default_factory=dict)


_PLAIN = ArticleTerms()


@dataclass(slots=True)
class RightsFacts:
    """Licences, merchants, films and articles, as of the moment they were read."""

    licences: dict[int, LicenceTerms] = field(default_factory=dict)
    schedules: dict[int, frozenset[str]] = field(default_factory=dict)
    merchants: dict[int, MerchantTerms] = field(default_factory=dict)
    embargoes: dict[int, tuple[EmbargoTerms, ...]] = field(default_factory=dict)
    film_holds: dict[int, tuple[Hold, ...]] = field(default_factory=dict)
    articles: dict[ArticleKey, ArticleTerms] = field(default_factory=dict)
    #: By licence that has an inventory statement, then by code: units left to sell.
    inventories: dict[int, dict[str, int]] = field(default_factory=dict)

    def learn(
        self,
        *,
        film_ids: Iterable[int] = (),
        merchant_ids: Iterable[int] = (),
        licence_ids: Iterable[int] = (),
        articles: Iterable[ArticleKey] = (),
    ) -> None:
        """Read what is not known yet. Six queries at most for films, merchants and licences that are new, and as many for
        articles, but none for those of merchants without facts of their own about any article."""
        merchants = set(merchant_ids) - self.merchants.keys()
        if merchants:
            self._learn_merchants(merchants)
        wanted = {key for key in articles if self.merchants[key[0]].has_articles} - self.articles.keys()
        found = _articles_among(wanted) if wanted else {}
        self.articles.update(found)
        films, licences = set(film_ids), set(licence_ids)
        for terms in found.values():
            films.update(film_id for film_id, _licence_id in terms.properties)
            licences.update(licence_id for _film_id, licence_id in terms.properties)
        films -= self.embargoes.keys()
        licences -= self.licences.keys()
        holds = _holds(films, merchants, licences) if films or merchants or licences else _Holds()
        if films:
            self._learn_films(films, holds)
        for pk, of_merchant in holds.merchants.items():
            self.merchants[pk] = replace(self.merchants[pk], holds=tuple(of_merchant))
        if licences:
            self._learn_licences(licences, holds)

    def article(
        self,
        *,
        film_id: int,
        merchant_id: int,
        category_id: int,
        licence_id: int | None,
        sku: str,
        reveals: str,
        on_sale_at: datetime | None,
        street_on: date | None,
        page: Collection[str] | None = None,
    ) -> Article:
        """The article that these facts make of a product. `page`: the SHA-256 of each picture and text on its page, asked
        for where `needs_page` says so."""
        merchant = self.merchants[merchant_id]
        own = self.articles.get((merchant_id, sku), _PLAIN)
        properties = [(film_id, licence_id), *own.properties]
        licences = [self._licence(film, merchant_id, sku, licence, own, page) for film, licence in properties]
        films = list(dict.fromkeys(film for film, _licence in properties))
        return Article(
            film_id=film_id,
            merchant_id=merchant_id,
            category_id=category_id,
            reveals=reveals,
            on_sale_at=on_sale_at,
            street_on=street_on,
            licences=tuple(licences),
            merchant_state=merchant.state,
            papers_end_at=merchant.papers_end_at,
            embargoes=tuple(embargo for film in films for embargo in self.embargoes.get(film, ())),
            recalled_at=own.recalled_at,
            holds=(*(hold for film in films for hold in self.film_holds.get(film, ())), *merchant.holds, *own.holds),
        )

    def particulars(self, merchant_id: int, licence_id: int | None, sku: str) -> Hashable:
        """What sets the article apart from others of its merchant and licence; None for most. Articles with equal
        particulars (and an equal page) have the same rights."""
        own = self.articles.get((merchant_id, sku))
        schedule = self.schedules.get(licence_id or 0)
        inventory = self.inventories.get(licence_id or 0)
        if own is None and schedule is None and inventory is None:
            return None
        own = own or _PLAIN
        further = tuple(
            [
                (licence, sku in self.schedules.get(licence, (sku,)), self._left(licence, sku))
                for _film, licence in own.properties
            ]
        )
        return (
            own.recalled_at, own.holds, own.properties, tuple(own.approvals.items()),
            schedule is None or sku in schedule, self._left(licence_id or 0, sku), further,
        )  # fmt: skip

    def needs_page(self, merchant_id: int, licence_id: int | None, sku: str) -> bool:
        """Whether a licence of the article wants the pictures and texts of its page approved."""
        own = self.articles.get((merchant_id, sku), _PLAIN)
        licences = [licence_id, *(licence for _film, licence in own.properties)]
        return any(pk in self.licences and self.licences[pk].needs_page_approval for pk in licences if pk)

    def _left(self, licence_id: int, sku: str) -> int | None:
        inventory = self.inventories.get(licence_id)
        return None if inventory is None else inventory.get(sku, 0)

    def _licence(
        self,
        film_id: int,
        merchant_id: int,
        sku: str,
        licence_id: int | None,
        own: ArticleTerms,
        page: Collection[str] | None,
    ) -> LicenceTerms:
        terms = self.licences.get(licence_id) if licence_id else None
        if terms is None:
            return NO_LICENCE
        gap = Gap.NONE
        schedule = self.schedules.get(terms.licence_id)
        if terms.film_id != film_id:
            gap = Gap.OTHER_FILM
        elif terms.merchant_id != merchant_id:
            gap = Gap.OTHER_MERCHANT
        elif schedule is not None and sku not in schedule:
            gap = Gap.NOT_ON_SCHEDULE
        inventory = self._left(terms.licence_id, sku) if terms.has_sell_off else None
        approvals = own.approvals.get(terms.licence_id, ()) if terms.needs_approval else ()
        approved = _page_window(page, own.assets.get(terms.licence_id, {})) if terms.needs_page_approval else None
        if gap or approvals or inventory is not None or approved is not None:
            return replace(terms, gap=gap, inventory=inventory, approvals=approvals, page=approved)
        return terms

    def _learn_merchants(self, merchant_ids: set[int]) -> None:
        has_articles = Exists(LicensedArticle.objects.filter(merchant=OuterRef("pk")))
        for merchant in Merchant.objects.filter(pk__in=merchant_ids).annotate(has_articles=has_articles):
            self.merchants[merchant.pk] = _merchant_terms(merchant, has_articles=merchant.has_articles)

    def _learn_films(self, film_ids: set[int], holds: "_Holds") -> None:
        embargoes: defaultdict[int, list[EmbargoTerms]] = defaultdict(list)
        for embargo in Embargo.objects.filter(film__in=film_ids):
            embargoes[embargo.film_id].append(EmbargoTerms(embargo.tier, embargo.country, embargo.lifts_at))
        for film_id in film_ids:
            self.embargoes[film_id] = tuple(embargoes[film_id])
            if film_id in holds.films:
                self.film_holds[film_id] = tuple(holds.films[film_id])

    def _learn_licences(self, licence_ids: set[int], holds: "_Holds") -> None:
        papers = Min("documents__expires_on", filter=Q(documents__is_required=True))
        licences = list(Licence.objects.filter(pk__in=licence_ids).annotate(papers_end_on=papers))
        grants: defaultdict[int, list[GrantTerms]] = defaultdict(list)
        for grant in Grant.objects.filter(licence__in=licence_ids):
            grants[grant.licence_id].append(_grant_terms(grant))
        scheduled = {licence.pk: set[str]() for licence in licences if licence.is_scheduled}
        for licence_id, sku in ScheduleLine.objects.filter(licence__in=scheduled).values_list("licence_id", "sku"):
            scheduled[licence_id].add(sku)
        self.schedules.update((pk, frozenset(skus)) for pk, skus in scheduled.items())
        sold_off = [licence.pk for licence in licences if licence.sell_off_days]
        overdue = overdue_since(sold_off) if sold_off else {}
        self.inventories.update(_inventories(sold_off) if sold_off else {})
        for licence in licences:
            self.licences[licence.pk] = _licence_terms(
                licence,
                grants[licence.pk],
                papers_end_on=licence.papers_end_on,
                overdue=overdue.get(licence.pk),
                holds=tuple(holds.licences.get(licence.pk, ())),
            )


def load_rights_facts(
    *,
    film_ids: Iterable[int],
    merchant_ids: Iterable[int],
    licence_ids: Iterable[int],
    articles: Iterable[ArticleKey] = (),
) -> RightsFacts:
    """Read what the gate needs for these films, merchants, licences and articles. A constant number of queries."""
    facts = RightsFacts()
    facts.learn(film_ids=film_ids, merchant_ids=merchant_ids, licence_ids=licence_ids, articles=articles)
    return facts


def rights_of(
    *,
    film_id: int,
    merchant: Merchant,
    licence: Licence | None,
    sku: str,
    at: datetime,
    papers_end_on: date | None,
    has_facts: bool,
    is_disputed: bool,
) -> RightsFacts:
    """The facts of one article whose merchant and licence are at hand, for SELL and SHIP at `at`. Two queries; three for a
    licence with a schedule, or an article with facts of its own.

    `papers_end_on`: when the first required document of the licence runs out. `has_facts`: there is a row of the article.
    `is_disputed`: there is a takedown of its film, merchant or licence. Then, as in a sell-off or for an article of
    several properties, everything is read as for many.
    """
    terms = _licence_terms(licence, [], papers_end_on=papers_end_on) if licence else None
    own = _one_article(merchant.pk, sku) if has_facts and not is_disputed else None
    is_rare = terms is not None and terms.has_sell_off and at >= terms.ends_at
    if is_disputed or is_rare or (has_facts and own is None):
        licence_ids = [licence.pk] if licence else []
        return load_rights_facts(
            film_ids=[film_id], merchant_ids=[merchant.pk], licence_ids=licence_ids, articles=[(merchant.pk, sku)]
        )
    facts = RightsFacts(merchants={merchant.pk: _merchant_terms(merchant, has_articles=has_facts)})
    if own is not None:
        facts.articles[merchant.pk, sku] = own
    if licence is not None and terms is not None:
        grants = [_grant_terms(grant) for grant in instances(Grant, _GRANT_COLUMNS, _GRANTS_OF_ONE(licence=licence.pk))]
        facts.licences[licence.pk] = replace(terms, grants=tuple(grants))
        if licence.is_scheduled:
            facts.schedules[licence.pk] = frozenset(licence.schedule.values_list("sku", flat=True))
    facts.embargoes[film_id] = tuple(EmbargoTerms(*row) for row in _EMBARGOES_OF_ONE(film=film_id))
    return facts


_GRANT_COLUMNS = columns_of(Grant)
_GRANTS_OF_ONE = Prepared(lambda *, licence: Grant.objects.filter(licence=licence).values_list(*_GRANT_COLUMNS))
_EMBARGOES_OF_ONE = Prepared(
    lambda *, film: Embargo.objects.filter(film=film).values_list("tier", "country", "lifts_at")
)
_ARTICLE_OF_ONE = Prepared(
    lambda *, merchant, sku: (
        LicensedArticle.objects.filter(merchant=merchant, sku=sku)
        .annotate(
            is_rare=Exists(ArticleProperty.objects.filter(article=OuterRef("pk")))
            | Exists(Takedown.objects.filter(article=OuterRef("pk")))
        )
        .order_by("certificates__issued_at", "certificates__version")
        .values_list(
            "is_rare", "recalled_at", "certificates__licence", "certificates__issued_at", "certificates__version",
            "certificates__revoked_at",
        )
    )
)  # fmt: skip


def _one_article(merchant_id: int, sku: str) -> ArticleTerms | None:
    """What is known of the article, or None when that is more than a recall and approvals. One query."""
    approvals: defaultdict[int, list[Approval]] = defaultdict(list)
    rows = _ARTICLE_OF_ONE(merchant=merchant_id, sku=sku)
    for is_rare, _recalled_at, licence_id, *approval in rows:
        if is_rare:
            return None
        if licence_id is not None:
            approvals[licence_id].append(Approval(*approval))
    recalled_at = rows[0][1] if rows else None
    return ArticleTerms(recalled_at, approvals={pk: tuple(given) for pk, given in approvals.items()})


def _articles_among(keys: set[ArticleKey]) -> dict[ArticleKey, ArticleTerms]:
    """What is known of those of the articles of which anything is. Five queries, one when there are none."""
    rows = LicensedArticle.objects.filter(
        AmongTexts("sku", {sku for _merchant, sku in keys}), merchant__in={merchant for merchant, _sku in keys}
    )
    found = {
        pk: ((merchant_id, sku), recalled_at)
        for pk, merchant_id, sku, recalled_at in read_rows(rows.values_list("pk", "merchant_id", "sku", "recalled_at"))
        if (merchant_id, sku) in keys
    }
    if not found:
        return {}
    of_articles = Among("article_id", found)
    holds: defaultdict[int, list[Hold]] = defaultdict(list)
    for pk, *hold in Takedown.objects.filter(of_articles).order_by("pk").values_list("article_id", *_HOLD):
        holds[pk].append(Hold(*hold))
    properties: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    further = ArticleProperty.objects.filter(of_articles).order_by("pk")
    for pk, film_id, licence_id in further.values_list("article_id", "film_id", "licence_id"):
        properties[pk].append((film_id, licence_id))
    approvals: defaultdict[int, dict[int, tuple[Approval, ...]]] = defaultdict(dict)
    certificates = Certificate.objects.filter(of_articles).order_by("licence_id", "issued_at", "version")
    for pk, licence_id, *approval in read_rows(
        certificates.values_list("article_id", "licence_id", "issued_at", "version", "revoked_at")
    ):
        approvals[pk][licence_id] = (*approvals[pk].get(licence_id, ()), Approval(*approval))
    assets: defaultdict[int, dict[int, dict[str, Window]]] = defaultdict(dict)
    needed = ApprovedAsset.objects.filter(of_articles, licence__needs_page_approval=True)
    for pk, licence_id, sha256, *window in read_rows(
        needed.values_list("article_id", "licence_id", "sha256", "approved_at", "revoked_at")
    ):
        assets[pk].setdefault(licence_id, {})[sha256] = Window(*window)
    return {
        key: ArticleTerms(recalled_at, tuple(holds[pk]), tuple(properties[pk]), approvals[pk], assets[pk])
        for pk, (key, recalled_at) in found.items()
    }


@dataclass(frozen=True, slots=True)
class _Holds:
    films: dict[int, list[Hold]] = field(default_factory=dict)
    merchants: dict[int, list[Hold]] = field(default_factory=dict)
    licences: dict[int, list[Hold]] = field(default_factory=dict)


_HOLD = ("public_id", "starts_at", "released_at")


def _holds(film_ids: set[int], merchant_ids: set[int], licence_ids: set[int]) -> _Holds:
    """The takedowns of these films, merchants and licences, released ones too: what was frozen then stays true."""
    found = _Holds()
    touching = Q(film__in=film_ids) | Q(merchant__in=merchant_ids) | Q(licence__in=licence_ids)
    rows = Takedown.objects.filter(touching).order_by("pk")
    for film_id, merchant_id, licence_id, *hold in rows.values_list("film_id", "merchant_id", "licence_id", *_HOLD):
        if film_id:
            found.films.setdefault(film_id, []).append(Hold(*hold))
        elif merchant_id:
            found.merchants.setdefault(merchant_id, []).append(Hold(*hold))
        else:
            found.licences.setdefault(licence_id, []).append(Hold(*hold))
    return found


def _inventories(licence_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """What the last inventory statement of each licence leaves to sell; licences without a statement are absent."""
    statements = dict(
        InventoryStatement.objects.filter(licence__in=licence_ids)
        .order_by("created_at", "pk")
        .values_list("licence_id", "pk")
    )
    found: dict[int, dict[str, int]] = {licence_id: {} for licence_id in statements}
    lines = InventoryLine.objects.filter(statement__in=statements.values())
    for licence_id, sku, left in lines.values_list("statement__licence_id", "sku", F("declared") - F("sold")):
        found[licence_id][sku] = left
    return found


def _page_window(page: Collection[str] | None, assets: Mapping[str, Window]) -> Window | None:
    """When everything on the page is approved. A page that nobody has looked at is not."""
    if page is None or not assets.keys() >= set(page):
        return None
    starts_at = max((assets[sha256].starts_at for sha256 in page), default=ALWAYS)
    ends = [end for sha256 in page if (end := assets[sha256].ends_at) is not None]
    return Window(starts_at, min(ends, default=None))


def _grant_terms(grant: Grant) -> GrantTerms:
    return GrantTerms(
        category_id=grant.category_id,
        countries=frozenset(grant.countries),
        excluded_countries=frozenset(grant.excluded_countries),
        channels=frozenset(grant.channels),
    )


def _licence_terms(
    licence: Licence,
    grants: list[GrantTerms],
    *,
    papers_end_on: date | None,
    overdue: datetime | None = None,
    holds: tuple[Hold, ...] = (),
) -> LicenceTerms:
    """Days are counted on the calendar of the licence's zone: a change of the clock shifts none of the ends."""
    zone, last = licence.time_zone, licence.ends_on
    last_of_sell_off = last + timedelta(days=licence.sell_off_days)
    grace = timedelta(days=licence.grace_days)
    return LicenceTerms(
        licence_id=licence.pk,
        number=licence.number,
        film_id=licence.film_id,
        merchant_id=licence.merchant_id,
        state=licence.state,
        zone=zone,
        starts_at=start_of_day(licence.starts_on, zone),
        ends_at=end_of_day(last, zone),
        grace_ends_at=end_of_day(last + grace, zone),
        sell_off_ends_at=end_of_day(last_of_sell_off, zone),
        sell_off_grace_ends_at=end_of_day(last_of_sell_off + grace, zone),
        grants=tuple(grants),
        is_exclusive=licence.is_exclusive,
        needs_approval=licence.needs_approval,
        needs_page_approval=licence.needs_page_approval,
        needs_labels=licence.needs_labels,
        papers_end_at=end_of_day(papers_end_on, zone) if papers_end_on else None,
        payments_overdue_since=overdue,
        holds=holds,
    )


def _merchant_terms(merchant: Merchant, *, has_articles: bool) -> MerchantTerms:
    papers_end_on = merchant.documents_expire_on
    papers_end_at = end_of_day(papers_end_on, zone_of(merchant.country)) if papers_end_on else None
    return MerchantTerms(merchant.state, papers_end_at, has_articles)
