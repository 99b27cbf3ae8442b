"""One row in, one line out: what was told, as the calculation reads it, with the day it happened."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from core.bulk import as_json
from core.money import minor_digits, rounded
from licensing.models import LineGoods, SaleLine
from licensing.royalties import values
from licensing.royalties.canonical import line_digest
from licensing.royalties.lines import Deduction, Goods, Period, Return, Sale
from licensing.royalties.rates import turning_days
from licensing.royalties.read_lines import LineReader, Raw, renamed
from licensing.royalties.terms import Agreement
from licensing.royalties.values import refuse

Kind = SaleLine.Kind
Source = SaleLine.Source
#: More than that is no sale but a slip of the pen; it also keeps sums within what a column can hold.
MOST_MINOR = 10**15


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A row that can be counted. `said` is what was told, without floats and empty fields."""

    kind: Kind
    line: Sale | Return | Deduction
    day: date
    said: dict[str, Any]
    digest: str

    @property
    def of(self) -> str:
        return "" if isinstance(self.line, Sale) else self.line.of

    @property
    def sale_pointed_at(self) -> str:
        """The sale without which this line cannot be counted. A return that brings its own rate needs none."""
        return "" if isinstance(self.line, Return) and self.line.rate is not None else self.of


class RowReader:
    """Reads rows under one agreement. Refusals carry the field as `path`."""

    def __init__(self, agreement: Agreement, *, source: str, latest: date) -> None:
        self.agreement = agreement
        self.source = source
        self.latest = latest
        self.lines = LineReader(agreement)

    def read(self, row: Any) -> ReadLine:
        raw = renamed(row)
        kind = self._kind(raw)
        said = plain(raw)
        check_text(said)
        if raw.get("id") is None or not values.text(raw["id"], "id"):
            refuse("MISSING_FIELD", "id", field="id")
        for field in ("rate", "fx"):
            if self.source == Source.API and raw.get(field) is not None:
                refuse("RATE_OF_THE_AGREEMENT", field, field=field)
        day = self._day(raw)
        line = self.lines.read(kind, raw, day)
        assert isinstance(line, Sale | Return | Deduction), "the kinds of a row"
        self._check_sizes(raw, line)
        return ReadLine(kind, line, day, said, line_digest(line).hex())

    def _kind(self, raw: Raw) -> Kind:
        kind = self.lines.kind_of(raw)
        if kind not in Kind.values:
            refuse("BAD_CHOICE", "kind", value=kind, choices=", ".join(Kind.values))
        return Kind(kind)

    def _day(self, raw: Raw) -> date:
        """Its day; of a line that only names its period the first one, unless something changes within."""
        day = self.lines.day_of(raw)
        name = raw.get("period")
        if name is not None:
            day = self._day_within(values.text(name, "period"), day)
        if day is None:
            refuse("MISSING_FIELD", "date", field="date")
        if day > self.latest:
            refuse("DATE_TO_COME", "at" if raw.get("at") is not None else "date", date=day.isoformat())
        return day

    def _day_within(self, name: str, day: date | None) -> date:
        found = values.period_named(name)
        if found is None or (self.agreement.period is not None and found[0] is not self.agreement.period):
            refuse("UNKNOWN_PERIOD", "period", period=values.shown(name))
        _kind, first, last = found
        if day is not None and not first <= day <= last:
            refuse("DATE_OUTSIDE_PERIOD", "date", date=day.isoformat(), period=name)
        if day is None and (turns := turning_days(self.agreement, Period(name, first, last))):
            refuse("DATE_NEEDED", "date", period=name, day=turns[0].isoformat())
        return day or first

    def _check_sizes(self, raw: Raw, line: Sale | Return | Deduction) -> None:
        if len(str(raw.get("article") or "")) > 200:
            refuse("ID_TOO_LONG", "article")
        if isinstance(line, Return | Deduction) and len(line.of) > 200:
            refuse("ID_TOO_LONG", "of")
        amount = line.amount
        if amount is not None and abs(in_minor(amount, self.currency_of(line))) >= MOST_MINOR:
            refuse("BAD_AMOUNT", "amount", value=values.shown(amount))

    def currency_of(self, line: Sale | Return | Deduction) -> str:
        """The currency that the amount of a line is in. Of one that points at its sale: as it says, or nothing."""
        if isinstance(line, Deduction):
            return dict(line.wanted).get("currency", "")
        if line.goods is not None:
            return line.goods.currency
        assert isinstance(line, Return), "a sale has goods"
        return line.currency


def in_minor(amount: Decimal, currency: str) -> int:
    """Minor units, rounded for the eye; the exact amount is kept beside them where it is another."""
    scaled = amount.scaleb(minor_digits(currency or "USD"))
    return rounded(*scaled.as_integer_ratio())


def plain(value: Any) -> Any:
    """What was told as JSON can hold it exactly: numbers with a point become text, what is empty goes."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items() if one is not None and one != ""}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return f"{value:f}" if isinstance(value, Decimal) and value.is_finite() else value


def check_text(said: dict[str, Any]) -> None:
    """Refuses what a database cannot hold: a zero byte, half a character."""
    for name, value in said.items():
        text = as_json([name, value])
        if "\\u0000" in text or not _is_whole(text):
            refuse("NOT_TEXT", name.replace("\0", ""), value=values.shown(ascii(value)))


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def goods_row(licence_id: int, goods: Goods, digest: str) -> LineGoods:
    return LineGoods(
        licence_id=licence_id, digest=digest, shares=[list(share) for share in goods.shares], properties=goods.properties,
        category=goods.category, territory=goods.territory, channel=goods.channel, basis=goods.basis,
        currency=goods.currency, is_sell_off=goods.is_sell_off, article=goods.article,
    )  # fmt: skip


def goods_of(row: LineGoods) -> Goods:
    shares = tuple((name, points) for name, points in row.shares)
    return Goods(
        shares, row.category, row.territory, row.channel, row.basis, row.currency, row.is_sell_off, row.article
    )
