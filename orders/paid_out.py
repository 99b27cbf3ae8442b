"""What a merchant was paid out, page by page."""

from typing import NamedTuple

from merchants.models import Merchant
from orders.models import Payout, PayoutLine

#: Payouts, and lines of one, on a page.
PAGE, LINES = 50, 200


class Payouts(NamedTuple):
    rows: list[Payout]
    #: Where it goes on; blank at the end.
    after: str


class Lines(NamedTuple):
    rows: list[PayoutLine]
    after: str


def payouts_of(merchant: Merchant, *, after: str = "") -> Payouts:
    """The newest first, behind the one called `after`. Two queries at most."""
    payouts = merchant.payouts.order_by("-pk")
    if last := merchant.payouts.filter(public_id=after).values_list("pk", flat=True).first() if after else None:
        payouts = payouts.filter(pk__lt=last)
    found = list(payouts[: PAGE + 1])
    return Payouts(found[:PAGE], found[PAGE - 1].public_id if len(found) > PAGE else "")


def payout_lines(payout: Payout, *, after: str = "") -> Lines:
    """What it is made of, in the order in which it was put together. One query."""
    lines = payout.lines.select_related("fact__line__order").order_by("pk")
    if after.isascii() and after.isdecimal() and len(after) < 18:
        lines = lines.filter(pk__gt=int(after))
    found = list(lines[: LINES + 1])
    return Lines(found[:LINES], str(found[LINES - 1].pk) if len(found) > LINES else "")
