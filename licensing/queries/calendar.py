"""A merchant's licences over time, and what of theirs runs out."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet

from films.models import Embargo
from licensing.models import Licence, LicenceDocument
from licensing.queries.licences import own_licences
from licensing.terms import sell_off_ends_on
from merchants.models import Merchant

#: Days before its end from which a licence or a paper is spoken of.
SOON = timedelta(days=90)
_LIVE = (Licence.State.EXECUTED, Licence.State.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Term:
    """A licence's days; `sell_off_ends_on` is empty without a sell-off."""

    licence: Licence
    starts_on: date
    ends_on: date
    sell_off_ends_on: date | None

    @property
    def last_on(self) -> date:
        return self.sell_off_ends_on or self.ends_on


def terms_over(merchant: Merchant, *, since: date, until: date) -> list[Term]:
    """Licences of which a day of term or sell-off lies between the two, the first to end first. One query."""
    licences = own_licences(merchant).filter(starts_on__lte=until).exclude(state=Licence.State.TERMINATED)
    found = [_term(licence) for licence in licences.select_related("film")]
    return sorted((one for one in found if one.last_on >= since), key=lambda one: (one.last_on, one.licence.number))


def embargoes_of(films: list[int], *, at: datetime, until: datetime) -> list[Embargo]:
    """Those of these films that lift between the two. One query."""
    rows = Embargo.objects.filter(film__in=films, lifts_at__gt=at, lifts_at__lte=until)
    return list(rows.order_by("lifts_at", "pk"))


def ending_soon(merchant: Merchant, *, today: date) -> tuple[int, date | None]:
    """Licences whose term ends within the next ninety days, and the first such day. One query."""
    return _count_and_first(
        own_licences(merchant).filter(state__in=_LIVE, ends_on__gte=today, ends_on__lte=today + SOON), "ends_on"
    )


def papers_ending(merchant: Merchant, *, today: date) -> tuple[int, date | None]:
    """Required papers of running licences that have run out or will within thirty days, and the first day. One query."""
    papers = LicenceDocument.objects.filter(
        Q(expires_on__lte=today + timedelta(days=30)),
        licence__merchant=merchant, licence__state__in=_LIVE, licence__ends_on__gte=today, is_required=True,
        retired_at=None,
    )  # fmt: skip
    return _count_and_first(papers, "expires_on")


def _count_and_first(rows: "QuerySet[Licence] | QuerySet[LicenceDocument]", column: str) -> tuple[int, date | None]:
    found = rows.order_by().aggregate(first=Min(column), number=Count("pk"))
    return found["number"], found["first"]


def _term(licence: Licence) -> Term:
    last = sell_off_ends_on(licence) if licence.sell_off_days else None
    return Term(licence, licence.starts_on, licence.ends_on, last)
