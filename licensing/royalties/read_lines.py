"""Lines of a case or of a file of lines: an object or a row in, a `Sale`, `Return`, `Deduction`, `Adjustment` or `Payment` out.

A million rows pass here, so what repeats (goods, numbers, days) is read once and kept.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from licensing.royalties import values
from licensing.royalties.lines import (
    ZERO,
    Adjustment,
    Deduction,
    Goods,
    Line,
    Payment,
    PaymentKind,
    Return,
    Sale,
)
from licensing.royalties.read_agreement import read_shares
from licensing.royalties.rounding import EXACT
from licensing.royalties.terms import WHOLE_SHARE, Agreement, Basis, LinesPer
from licensing.royalties.values import refuse

#: Goods that are kept; a case has hundreds, and one with more is read a little slower.
MOST_KEPT = 10_000
ALIASES = {
    "sku": "article",
    "qty": "quantity",
    "price": "unit_price",
    "country": "territory",
    "tax_rate": "vat",
    "line": "of",
    "line_id": "id",
    "sale": "of",
    "sale_id": "of",
    "price_without_tax": "unit_price_without_tax",
}
#: Where a line stands; read by whoever chooses its period.
PLACED = ("kind", "period", "date", "at")
GOODS = ("article", "property", "shares", "category", "territory", "channel", "basis", "currency", "sell_off")
_GOODS_FIELDS = {**{name: name for name in GOODS}, "property": "shares", "sell_off": "is_sell_off"}
PRICES = ("unit_price", "unit_price_without_tax", "unit_price_with_tax", "amount", "amount_with_tax")
SALE_FIELDS = frozenset({"id", *PLACED, *GOODS, *PRICES, "quantity", "includes_tax", "vat", "fx", "deductions"})
RETURN_FIELDS = frozenset(
    {"id", *PLACED, *GOODS, *PRICES, "quantity", "includes_tax", "vat", "fx", "of", "sold_in", "rate"}
)
DEDUCTION_FIELDS = frozenset({"id", *PLACED, *GOODS, "of", "type", "amount"})
_ADJUSTMENT = frozenset({
    "id", *PLACED, "amount", "currency", "reason", "property", "category", "territory", "channel", "basis",
})  # fmt: skip
_PAYMENT = frozenset({"id", *PLACED, "amount", "currency", "type"})

Raw = Mapping[str, Any]


class LineReader:
    """Reads lines under one agreement."""

    def __init__(self, agreement: Agreement) -> None:
        self.agreement = agreement
        self._zone = ZoneInfo(agreement.zone)
        self._goods: dict[tuple[Any, ...], Goods] = {}
        self._readers: dict[str, Callable[[Raw, date | None], Line]] = {
            "sale": self.sale, "return": self.taken_back, "deduction": self.deduction, "adjustment": self.adjustment,
            "payment": self.payment,
        }  # fmt: skip

    def read(self, kind: str, raw: Raw, day: date | None) -> Line:
        """`day` is what `day_of` found. Refusals say the field; the caller puts the line's path before it."""
        return self._readers[kind](raw, day)

    def kind_of(self, raw: Raw) -> str:
        kind = raw.get("kind")
        if kind is None or kind == "":  # an empty list is not nothing said, but nonsense
            return "sale"
        if kind.__class__ is str and kind in self._readers:
            return str(kind)
        kind = values.text(kind, "kind").lower()
        if kind not in self._readers:
            refuse("BAD_CHOICE", "kind", value=values.shown(kind), choices=", ".join(self._readers))
        return kind

    def day_of(self, raw: Raw) -> date | None:
        """Its "date", a day in the agreement's zone; or "at", an instant, as the day that it has there."""
        if raw.get("at") is not None:
            if raw.get("date") is not None:
                refuse("CONFLICT", "at", field="at", other="date")
            return values.day_of_instant(raw["at"], "at", self._zone)
        value = raw.get("date")
        return None if value is None else values.day(value, "date")

    def sale(self, raw: Raw, day: date | None) -> Sale:
        if not raw.keys() <= SALE_FIELDS:
            values.unknown(raw, SALE_FIELDS, "")
        quantity, amount, tax_rate = self._priced(raw)
        fx = raw.get("fx")
        deductions = raw.get("deductions")
        return Sale(
            id=_id(raw),
            goods=self.goods(raw),
            quantity=quantity,
            amount=amount,
            tax_rate=tax_rate,
            sold_on=day,
            fx=None if fx is None else values.exchange_rate(fx, "fx"),
            deductions=() if deductions is None else _deductions(deductions),
            article=_word(raw, "article"),
        )

    def _priced(self, raw: Raw) -> tuple[int, Decimal, Decimal]:
        """Quantity, the amount of the whole line, and the tax rate that is in it."""
        given = [name for name in PRICES if raw.get(name) is not None]
        if len(given) != 1:
            refuse("PRICE_UNCLEAR", given[1] if given else "unit_price", choices=", ".join(PRICES))
        name = given[0]
        number = values.decimal(raw[name], name)
        quantity = raw.get("quantity")
        if name.startswith("unit_price"):
            if quantity is None:
                refuse("MISSING_FIELD", "quantity", field="quantity")
            count = values.units(quantity, "quantity")
            number = EXACT.multiply(number, Decimal(count))
        else:
            count = 1 if quantity is None else values.units(quantity, "quantity")
        return count, number, _tax_in(raw, name)

    def goods(self, raw: Raw) -> Goods:
        key = tuple(map(raw.get, GOODS))
        if key[2] is not None and not isinstance(key[2], str):
            return self._read_goods(raw)
        try:
            goods = self._goods.get(key)
        except TypeError:  # a list where a word belongs; reading it says so
            return self._read_goods(raw)
        if goods is None:
            goods = self._read_goods(raw)
            if len(self._goods) < MOST_KEPT:
                self._goods[key] = goods
        return goods

    def _read_goods(self, raw: Raw) -> Goods:
        agreement = self.agreement
        sku = _word(raw, "article")
        article = agreement.articles.get(sku) if sku else None
        shares = read_shares(raw.get("property"), raw.get("shares"), "")
        if sku and article is None and agreement.articles and not shares:
            refuse("UNKNOWN_ARTICLE", "article", article=values.shown(sku))
        if not shares:
            shares = article.shares if article else ()
        basis = _word(raw, "basis").upper()
        if basis and basis not in set(Basis):
            refuse("BAD_CHOICE", "basis", value=values.shown(basis), choices=", ".join(Basis))
        currency = raw.get("currency")
        sell_off = raw.get("sell_off")
        return Goods(
            shares=shares or (("", WHOLE_SHARE),),
            category=_word(raw, "category") or (article.category if article else ""),
            territory=values.territory(_word(raw, "territory")),
            channel=_word(raw, "channel"),
            basis=basis,
            currency=agreement.currency if currency is None else values.currency(currency, "currency"),
            is_sell_off=False if sell_off is None else values.boolean(sell_off, "sell_off"),
            article=sku if agreement.lines_per is LinesPer.ARTICLE else "",
        )

    def taken_back(self, raw: Raw, day: date | None) -> Return:
        if not raw.keys() <= RETURN_FIELDS:
            values.unknown(raw, RETURN_FIELDS, "")
        of, rate = _word(raw, "of"), raw.get("rate")
        sold_in = _word(raw, "sold_in")
        is_pointing = bool(of) and rate is None
        if is_pointing and sold_in:
            refuse("CONFLICT", "sold_in", field="sold_in", other="of")
        quantity, amount, tax_rate = self._credited(raw, is_pointing)
        fx, currency = raw.get("fx"), raw.get("currency")
        if fx is not None and (is_pointing or sold_in):
            refuse("CONFLICT", "fx", field="fx", other="of" if of else "sold_in")
        return Return(
            id=_id(raw),
            quantity=quantity,
            amount=amount,
            tax_rate=tax_rate,
            of=of,
            sold_in=sold_in,
            goods=None if is_pointing else self.goods(raw),
            rate=None if rate is None else values.rate(rate, "rate"),
            fx=None if fx is None else values.exchange_rate(fx, "fx"),
            returned_on=day,
            currency="" if currency is None else values.currency(currency, "currency"),
        )

    def _credited(self, raw: Raw, is_pointing: bool) -> tuple[int, Decimal | None, Decimal]:
        """Quantity, amount and tax. A return that points at its sale takes the price from there; a bare amount is a credit for
        goods that stay where they are."""
        has_price = any(raw.get(name) is not None for name in PRICES)
        if is_pointing and not has_price:
            if raw.get("quantity") is None:
                refuse("MISSING_FIELD", "quantity", field="quantity")
            return values.units(raw["quantity"], "quantity"), None, ZERO
        quantity, amount, tax_rate = self._priced(raw)
        return (quantity if raw.get("quantity") is not None else 0), amount, tax_rate

    def deduction(self, raw: Raw, _day: date | None) -> Deduction:
        values.unknown(raw, DEDUCTION_FIELDS, "")
        if raw.get("amount") is None:
            refuse("MISSING_FIELD", "amount", field="amount")
        goods = self.goods(raw)
        wanted = {_GOODS_FIELDS[name] for name in GOODS if raw.get(name) is not None}
        if "article" in wanted:  # what it stands for is meant too
            wanted |= {"shares", "category"}
        return Deduction(
            id=_id(raw),
            type=_word(raw, "type").upper(),
            amount=values.decimal(raw["amount"], "amount"),
            of=_word(raw, "of"),
            wanted=tuple((name, getattr(goods, name)) for name in sorted(wanted) if getattr(goods, name) != ""),
        )

    def adjustment(self, raw: Raw, day: date | None) -> Adjustment:
        values.unknown(raw, _ADJUSTMENT, "")
        return Adjustment(
            id=_id(raw),
            amount=self._own_amount(raw, is_signed=True),
            reason=_word(raw, "reason"),
            of_property=_word(raw, "property"),
            category=_word(raw, "category"),
            territory=values.territory(_word(raw, "territory")),
            channel=_word(raw, "channel"),
            basis=_word(raw, "basis").upper(),
            on=day,
        )

    def payment(self, raw: Raw, day: date | None) -> Payment:
        values.unknown(raw, _PAYMENT, "")
        kind = values.choice(_word(raw, "type") or "STATEMENT", "type", PaymentKind)
        return Payment(_id(raw), self._own_amount(raw), kind, day)

    def _own_amount(self, raw: Raw, *, is_signed: bool = False) -> int:
        """An amount in the agreement's currency, and in no other."""
        own = self.agreement.currency
        if raw.get("amount") is None:
            refuse("MISSING_FIELD", "amount", field="amount")
        currency = raw.get("currency")
        if currency is not None and values.currency(currency, "currency") != own:
            refuse("WRONG_LINE_CURRENCY", "currency", currency=values.shown(currency), wanted=own)
        return values.minor(raw["amount"], "amount", own, is_signed=is_signed)


def renamed(raw: Any, path: str = "") -> Raw:
    """A line with its fields under their own names. Both the name and its other spelling are refused."""
    if not isinstance(raw, dict):
        refuse("NOT_AN_OBJECT", path, value=values.shown(raw))
    if raw.keys().isdisjoint(ALIASES):
        return raw
    return values.respelt(raw, ALIASES, path)[0]


def _id(raw: Raw) -> str:
    value = raw.get("id")
    if value is None or value == "":
        return ""
    found = values.text(value, "id")
    if len(found) > 200:
        refuse("ID_TOO_LONG", "id")
    return found


def _word(raw: Raw, name: str) -> str:
    value = raw.get(name)
    return "" if value is None else values.text(value, name)


def _tax_in(raw: Raw, price: str) -> Decimal:
    """The tax in a price. A rate beside a price that does not say whether it is inside is refused: a guess costs money."""
    vat, says = raw.get("vat"), raw.get("includes_tax")
    if (vat is None or isinstance(vat, str)) and (says is None or isinstance(says, str)):
        return _tax_told(vat, says, price)
    return _tax_of(vat, says, price)


def _tax_of(vat: Any, says: Any, price: str) -> Decimal:
    includes = None if says is None else values.boolean(says, "includes_tax")
    if price.endswith("_with_tax"):
        if includes is False:
            refuse("CONFLICT", "includes_tax", field="includes_tax", other=price)
        includes = True
    if price.endswith("_without_tax"):
        if includes:
            refuse("CONFLICT", "includes_tax", field="includes_tax", other=price)
        includes = False
    if vat is None:
        if includes:
            refuse("MISSING_FIELD", "vat", field="vat")
        return ZERO
    if includes is None:
        refuse("TAX_UNCLEAR", "vat", price=price)
    found = values.rate_decimal(vat, "vat")
    return found if includes else ZERO


_tax_told = lru_cache(maxsize=1_000)(_tax_of)


def _deductions(value: Any) -> tuple[tuple[str, Decimal], ...]:
    """An amount; a list of {type, amount}; {type: amount}; or in a cell of a table "FREIGHT:10.00;DISCOUNT:5"."""
    if isinstance(value, dict):
        return tuple((kind.strip().upper(), values.decimal(one, f"deductions.{kind}")) for kind, one in value.items())
    if isinstance(value, list):
        found = []
        for item, path in values.items(value, "deductions"):
            node = values.Node(item, path)
            found.append(
                (node.read("type", values.text, "").upper(), values.decimal(node.needed("amount"), node.at("amount")))
            )
            node.close()
        return tuple(found)
    if isinstance(value, str) and ":" in value:
        pairs = [piece.rpartition(":") for piece in value.split(";") if piece.strip()]
        return tuple((kind.strip().upper(), values.decimal(one, "deductions")) for kind, _colon, one in pairs)
    return (("", values.decimal(value, "deductions")),)
