"""Exclusivity: the same right is not promised to one licensee and given to another.

A licence is exclusive for its term. Others may sell in their sell-off, too; that is a right to sell, and not an exclusive
one. So two licences of different merchants collide where one is exclusive, the other may sell within that one's term, and
both hold a cell (category × channel × country) in common. Cells are read as the gate reads them: in one licence, an
exclusion beats every inclusion.
"""

from collections.abc import Iterable, Sequence

from core.errors import Refused
from core.territories import every_country
from licensing.models import EVERY, DistributionChannel, Grant, Licence
from licensing.terms import Span, sold_until, term_of

State = Licence.State

#: In these a licence has been given and not taken back. One that has expired still had what it had in its days.
_GIVEN = (State.EXECUTED, State.SUSPENDED, State.EXPIRED)


def refuse_overlap(licence: Licence) -> None:
    """Refuses `grant_overlaps`, naming the other, when `licence` and another merchant's collide. A merchant's own licences
    may overlap: nobody is shut out. The caller holds the film's lock."""
    others = (
        Licence.objects.filter(film=licence.film_id, state__in=_GIVEN)
        .exclude(merchant=licence.merchant_id)
        .order_by("number")
        .prefetch_related("grants")
    )
    if not licence.is_exclusive:
        others = others.filter(is_exclusive=True)
    grants = list(licence.grants.all())
    for other in others:
        if _collide_in_time(licence, other) and share_a_cell(grants, list(other.grants.all())):
            raise Refused("grant_overlaps", licence=other.number)


def _collide_in_time(one: Licence, other: Licence) -> bool:
    return (one.is_exclusive and _meet(term_of(one), _may_sell(other))) or (
        other.is_exclusive and _meet(term_of(other), _may_sell(one))
    )


def _may_sell(licence: Licence) -> Span:
    return Span(term_of(licence).starts_at, sold_until(licence))


def _meet(one: Span, other: Span) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def share_a_cell(some: Sequence[Grant], others: Sequence[Grant]) -> bool:
    """Whether both hold the same category in the same channel in one country."""
    # None stands for a category that neither names: grants of every category hold that, too.
    categories = {grant.category_id for grant in (*some, *others)} | {None}
    return any(
        bool(_territory(some, category, channel) & _territory(others, category, channel))
        for category in categories
        for channel in DistributionChannel.values
    )


def _territory(grants: Iterable[Grant], category: int | None, channel: str) -> set[str]:
    """The countries in which these grants hold a category in a channel."""
    holding = [
        grant
        for grant in grants
        if grant.category_id in (None, category) and (EVERY in grant.channels or channel in grant.channels)
    ]
    included = {country for grant in holding for country in _spelt_out(grant.countries)}
    return included - {country for grant in holding for country in _spelt_out(grant.excluded_countries)}


def _spelt_out(countries: Sequence[str]) -> Iterable[str]:
    return every_country() if EVERY in countries else countries
