"""Single cells of a merchant's table: a price, a stock, a barcode, a state."""

import re

from catalog.importing.choices import ACTIVE, ARCHIVED, DRAFT
from core.importing.report import Problem, RowRefused
from core.money import Money, minor_digits

_PRICE = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")
_COUNT = re.compile(r"-?[0-9]{1,9}(\.0+)?")
_YES = frozenset(["true", "1", "yes", "y"])
# WooCommerce writes -1 for a draft.
_NO = frozenset(["false", "0", "no", "n", "-1"])
_STATES = {
    "active": ACTIVE,
    "draft": DRAFT,
    # Shopify: reachable by its address alone. There is no such shelf here.
    "unlisted": DRAFT,
    "archived": ARCHIVED,
}


def read_price(text: str, currency: str, *, line: int, column: str) -> int:
    """Minor units of a price above zero, written with a point and nothing else ("1,299.00" could mean two things)."""

    def refused(code: str) -> RowRefused:
        return RowRefused(Problem(code, line, column, {"value": text[:80], "currency": currency}))

    if not _PRICE.fullmatch(text):
        raise refused("bad_price")
    if len(text.partition(".")[2].rstrip("0")) > minor_digits(currency):
        raise refused("price_decimals")
    amount = Money.parse(text, currency).amount
    if amount <= 0:
        raise refused("price_negative" if amount < 0 else "price_zero")
    return amount


def read_stock(text: str, *, line: int, column: str) -> tuple[int | None, list[Problem]]:
    """The pieces on hand; None when the file does not say. Below zero (oversold) counts as none, with a warning."""
    if not text:
        return None, []
    if not _COUNT.fullmatch(text):
        raise RowRefused(Problem("bad_stock", line, column, {"value": text[:80]}))
    count = int(text.partition(".")[0])
    return max(count, 0), [Problem("stock_negative", line, column)] if count < 0 else []


def read_gtin(text: str, *, line: int, column: str) -> tuple[str, list[Problem]]:
    """A barcode whose check digit is right, else none and a warning. Shopify puts an apostrophe before it."""
    digits = text.lstrip("'").replace(" ", "").replace("-", "")
    if not digits or is_gtin(digits):
        return digits, []
    return "", [Problem("bad_barcode", line, column, {"value": text[:80]})]


def is_gtin(digits: str) -> bool:
    """Whether this is a GTIN-8, -12, -13 or -14 by its length and check digit."""
    if len(digits) not in (8, 12, 13, 14) or not (digits.isascii() and digits.isdigit()):
        return False
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return total % 10 == 0


def read_state(state: str, published: str, *, line: int, columns: tuple[str, str]) -> str | None:
    """Active unless one of the two says draft, archived or unpublished; None when neither says anything."""
    if state and state.lower() not in _STATES:
        raise RowRefused(Problem("bad_status", line, columns[0], {"value": state[:80]}))
    if published and published.lower() not in _YES | _NO:
        raise RowRefused(Problem("bad_status", line, columns[1], {"value": published[:80]}))
    told = _STATES[state.lower()] if state else None
    if published.lower() in _NO and told in (None, ACTIVE):
        return DRAFT
    return told or (ACTIVE if published else None)
