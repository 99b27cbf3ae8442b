"""What a merchant's file may refer to: films, categories, markets, the merchant's licences. Plain values, which another
process can be handed; read from the database by load.py."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_noop as _

from catalog.importing.layout import Lookup, PriceColumn, bad_mapping
from core.errors import said
from core.importing.report import Problem, RowRefused
from core.importing.text import plain_title
from core.money import Money


@dataclass(frozen=True, slots=True)
class LicenceTerm:
    licence_id: int
    number: str
    starts_on: date
    ends_on: date
    time_zone: str
    #: None: every category.
    categories: frozenset[int] | None


@dataclass(frozen=True, slots=True)
class KnownMarket:
    pk: int
    code: str
    currency: str


@dataclass
class Known:
    merchant_id: int
    at: datetime
    films: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    film_slugs: dict[int, str] = field(default_factory=dict)
    categories: dict[str, int] = field(default_factory=dict)
    category_codes: list[str] = field(default_factory=list)
    terms: dict[int, list[LicenceTerm]] = field(default_factory=lambda: defaultdict(list))
    markets: list[KnownMarket] = field(default_factory=list)
    #: The least in minor units, by licence and currency.
    floors: dict[tuple[int, str], int] = field(default_factory=dict)

    def film(self, names: Sequence[str], lookup: Lookup, *, line: int, column: str) -> int:
        """The film that the first of `names` means: through the table, by address, by public id, by title.

        Of several films with one title it is the one that the merchant has a licence for; if that leaves several, none.
        """
        name = next((name for name in names if name), lookup.fixed)
        if not name:
            raise RowRefused(Problem("film_missing", line, column))
        wanted = _table_value(lookup, name)
        found = self.films.get(f"={wanted}") or self.films.get(folded(wanted)) or set()
        if len(found) > 1 and len(licensed := found & self.terms.keys()) == 1:
            found = licensed
        if len(found) > 1:
            choices = ", ".join(sorted(self.film_slugs[pk] for pk in found)[:10])
            raise RowRefused(Problem("ambiguous_film", line, column, {"value": name[:80], "choices": choices}))
        if not found:
            raise RowRefused(Problem("unknown_film", line, column, {"value": name[:80]}))
        return next(iter(found))

    def category(self, names: Sequence[str], lookup: Lookup, *, line: int, column: str) -> int:
        """The category that one of `names` means; of "Clothing > Tops > T-shirts" the last part that is known."""
        told = [name for name in names if name] or ([lookup.fixed] if lookup.fixed else [])
        if not told:
            raise RowRefused(Problem("missing_value", line, column))
        for name in told:
            for part in [_table_value(lookup, name), *reversed(name.replace("->", ">").split(">"))]:
                if (found := self.categories.get(folded(part))) is not None:
                    return found
        facts = {"value": told[0][:80], "choices": ", ".join(self.category_codes)}
        raise RowRefused(Problem("unknown_category", line, column, facts))

    def licence(self, film_id: int, category_id: int) -> int | None:
        """The merchant's executed licence for this film that grants this category: of several one in its term,
        then the one that ends last, then the first number."""

        def rank(term: LicenceTerm) -> tuple[bool, int, str]:
            today = self.at.astimezone(ZoneInfo(term.time_zone)).date()
            return not term.starts_on <= today <= term.ends_on, -term.ends_on.toordinal(), term.number

        covering = [
            term for term in self.terms.get(film_id, []) if term.categories is None or category_id in term.categories
        ]
        return min(covering, key=rank).licence_id if covering else None

    def check_floor(self, amount: int, licence_id: int | None, currency: str, *, line: int, column: str) -> None:
        """A price below what the licence allows is refused with its row."""
        floor = self.floors.get((licence_id, currency)) if self.floors and licence_id else None
        if floor is not None and amount < floor:
            facts = {"price": str(Money(amount, currency)), "floor": str(Money(floor, currency)), "currency": currency}
            raise RowRefused(Problem("price_below_floor", line, column, facts))

    def market_of(self, price: PriceColumn) -> KnownMarket | None:
        """The market whose prices a column holds, or None when no market sells in its currency."""
        fitting = [market for market in self.markets if market.currency == price.currency]
        if price.market:
            fitting = [market for market in fitting if market.code == price.market]
            if not fitting:
                facts = {"market": price.market, "currency": price.currency}
                raise bad_mapping(said(_("there is no market %(market)s that sells in %(currency)s"), **facts))
        if len(fitting) > 1:
            facts = {
                "column": price.column,
                "currency": price.currency,
                "markets": ", ".join(market.code for market in fitting),
            }
            raise bad_mapping(
                said(_("“%(column)s” fits several markets in %(currency)s; name one of %(markets)s"), **facts)
            )
        return fitting[0] if fitting else None


def _table_value(lookup: Lookup, name: str) -> str:
    return lookup.table.get(name) or lookup.table.get(plain_title(name)) or name


def folded(name: str) -> str:
    return plain_title(name).casefold()
