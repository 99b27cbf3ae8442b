"""The lowest price of the thirty days before a reduction, for one variant (EU Directive 98/6/EC, article 6a).

The shelf knows it of a product's cheapest variant. For any other it follows from three facts: when the product was on the
shelf and under which rule (spans), what the variant cost regularly (prices), and what promotions that were taken away had
asked (past offers).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from catalog.shelf import LOW_PRICE_WINDOW, PastOffer, PriceSteps, asked_in_the_past, offered_amount


class Stretch(NamedTuple):
    """A time on the shelf, and the kind and value of the offer that made the prices; None: they were the regular ones."""

    starts_at: datetime
    ends_at: datetime
    rule: tuple[str, int] | None


class Asked(NamedTuple):
    """One price of one variant, from when to when it was asked."""

    starts_at: datetime
    ends_at: datetime
    amount: int
    is_reduced: bool


def lowest_before(
    steps: PriceSteps, stretches: Sequence[Stretch], past: Sequence[PastOffer], *, at: datetime
) -> int | None:
    """The lowest price asked in the window before the reduction that is on at `at`; None where nothing was asked then, or
    nothing is reduced."""
    asked = asked_prices(steps, stretches)
    since = _reduced_since(asked, at)
    if since is None:
        return None
    opens = since - LOW_PRICE_WINDOW
    amounts = [price.amount for price in asked if price.ends_at > opens and price.starts_at < since]
    return min([*amounts, *asked_in_the_past(steps, past, opens, since)], default=None)


def asked_prices(steps: PriceSteps, stretches: Sequence[Stretch]) -> list[Asked]:
    """Everything asked for the variant, in order of time."""
    found = []
    for starts_at, ends_at, rule in stretches:
        for (from_at, regular), until in zip(steps, [*[at for at, _amount in steps[1:]], ends_at], strict=True):
            begins, ends = max(starts_at, from_at), min(ends_at, until)
            if regular is not None and begins < ends:
                amount = offered_amount(regular, *rule) if rule else regular
                found.append(Asked(begins, ends, amount, amount < regular))
    return found


def _reduced_since(asked: Sequence[Asked], at: datetime) -> datetime | None:
    """When the reduction that is on at `at` began: it goes on through changes of the price, and not through a gap."""
    since = None
    for price in reversed([price for price in asked if price.starts_at <= at]):
        joins = price.ends_at > at if since is None else price.ends_at == since
        if not price.is_reduced or not joins:
            break
        since = price.starts_at
    return since
