"""The facts the gate reads, loaded for many articles in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.clock import end_of_day, start_of_day
from core.prepared import Prepared, columns_of, instances
from core.territories import zone_of
from films.models import Embargo
from licensing.gate import Article, EmbargoTerms, GrantTerms, LicenceTerms
from licensing.models import Grant, Licence, ScheduleLine
from merchants.models import Merchant


@dataclass(frozen=True, slots=True)
class RightsFacts:
    """Licences, merchants and embargoes by id, as of the moment they were read."""

    licences: dict[int, LicenceTerms]
    schedules: dict[int, frozenset[str]]
    merchants: dict[int, tuple[str, datetime | None]]
    embargoes: dict[int, tuple[EmbargoTerms, ...]]

    def add(self, more: "RightsFacts") -> None:
        """Take in what was read later."""
        self.licences.update(more.licences)
        self.schedules.update(more.schedules)
        self.merchants.update(more.merchants)
        self.embargoes.update(more.embargoes)

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
    ) -> Article:
        """The article that these facts make of a product."""
        state, papers_end_at = self.merchants[merchant_id]
        schedule = self.schedules.get(licence_id) if licence_id else None
        return Article(
            film_id=film_id,
            merchant_id=merchant_id,
            category_id=category_id,
            reveals=reveals,
            on_sale_at=on_sale_at,
            street_on=street_on,
            is_on_schedule=schedule is None or sku in schedule,
            licence=self.licences.get(licence_id) if licence_id else None,
            merchant_state=state,
            papers_end_at=papers_end_at,
            embargoes=self.embargoes.get(film_id, ()),
        )


def load_rights_facts(
    *, film_ids: Iterable[int], merchant_ids: Iterable[int], licence_ids: Iterable[int]
) -> RightsFacts:
    """Read what the gate needs for these films, merchants and licences. Five queries, however many."""
    licence_ids = list(licence_ids)
    licences = list(Licence.objects.filter(pk__in=licence_ids))
    grants: defaultdict[int, list[GrantTerms]] = defaultdict(list)
    for grant in Grant.objects.filter(licence__in=licence_ids):
        grants[grant.licence_id].append(_grant_terms(grant))
    schedules: dict[int, set[str]] = {licence.pk: set() for licence in licences if licence.is_scheduled}
    for licence_id, sku in ScheduleLine.objects.filter(licence__in=schedules).values_list("licence_id", "sku"):
        schedules[licence_id].add(sku)
    embargoes: defaultdict[int, list[EmbargoTerms]] = defaultdict(list)
    for embargo in Embargo.objects.filter(film__in=list(film_ids)):
        embargoes[embargo.film_id].append(EmbargoTerms(embargo.tier, embargo.country, embargo.lifts_at))
    return RightsFacts(
        licences={licence.pk: _licence_terms(licence, grants[licence.pk]) for licence in licences},
        schedules={pk: frozenset(skus) for pk, skus in schedules.items()},
        merchants={m.pk: (m.state, _papers_end_at(m)) for m in Merchant.objects.filter(pk__in=list(merchant_ids))},
        embargoes={pk: tuple(terms) for pk, terms in embargoes.items()},
    )


def rights_of(*, film_id: int, merchant: Merchant, licence: Licence | None) -> RightsFacts:
    """The facts of one article whose merchant and licence are at hand. Two queries, three for a licence with a schedule."""
    licences, schedules = {}, {}
    if licence is not None:
        grants = [_grant_terms(grant) for grant in instances(Grant, _GRANT_COLUMNS, _GRANTS_OF_ONE(licence=licence.pk))]
        licences[licence.pk] = _licence_terms(licence, grants)
        if licence.is_scheduled:
            schedules[licence.pk] = frozenset(licence.schedule.values_list("sku", flat=True))
    embargoes = tuple(EmbargoTerms(*row) for row in _EMBARGOES_OF_ONE(film=film_id))
    return RightsFacts(
        licences=licences,
        schedules=schedules,
        merchants={merchant.pk: (merchant.state, _papers_end_at(merchant))},
        embargoes={film_id: embargoes},
    )


_GRANT_COLUMNS = columns_of(Grant)
_GRANTS_OF_ONE = Prepared(lambda *, licence: Grant.objects.filter(licence=licence).values_list(*_GRANT_COLUMNS))
_EMBARGOES_OF_ONE = Prepared(
    lambda *, film: Embargo.objects.filter(film=film).values_list("tier", "country", "lifts_at")
)


def _grant_terms(grant: Grant) -> GrantTerms:
    return GrantTerms(
        category_id=grant.category_id,
        countries=frozenset(grant.countries),
        excluded_countries=frozenset(grant.excluded_countries),
        channels=frozenset(grant.channels),
    )


def _licence_terms(licence: Licence, grants: list[GrantTerms]) -> LicenceTerms:
    return LicenceTerms(
        number=licence.number,
        film_id=licence.film_id,
        merchant_id=licence.merchant_id,
        state=licence.state,
        starts_at=start_of_day(licence.starts_on, licence.time_zone),
        ends_at=end_of_day(licence.ends_on, licence.time_zone),
        grace_ends_at=end_of_day(licence.ends_on + timedelta(days=licence.grace_days), licence.time_zone),
        grants=tuple(grants),
    )


def _papers_end_at(merchant: Merchant) -> datetime | None:
    if merchant.documents_expire_on is None:
        return None
    return end_of_day(merchant.documents_expire_on, zone_of(merchant.country))
