"""A case: one agreement with its periods and lines, as JSON, with files of lines beside it. See docs/royalties.md."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from core.errors import Refused
from licensing.royalties import values
from licensing.royalties.books import Books
from licensing.royalties.carrying import read_carried
from licensing.royalties.line_index import LineIndex
from licensing.royalties.lines import Line, Period
from licensing.royalties.read_agreement import read_agreement, read_period_fx
from licensing.royalties.read_lines import LineReader, Raw, renamed
from licensing.royalties.results import Carried
from licensing.royalties.terms import DAY, Agreement, PeriodKind
from licensing.royalties.values import Node, joined, refuse

LISTS = {
    "sales": "sale",
    "returns": "return",
    "deductions": "deduction",
    "adjustments": "adjustment",
    "payments": "payment",
}

CASE_FIELDS = frozenset({"agreement", "opening", "periods", "period", "lines", *LISTS})
PERIOD_FIELDS = frozenset({"name", "period", "from", "to", "fx"})

#: A line of a file with its kind and fields, and where it stands.
Row = tuple[Raw, str]


class Placed(NamedTuple):
    period: str
    line: Line
    where: str


def parse_json(text: str) -> Any:
    """JSON with exact numbers. Refuses what JSON does not know (NaN), and a field that is there twice."""
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_object)
        if "\\u" in text:  # half a character ("\\ud800") is text that cannot be written again
            json.dumps(value, ensure_ascii=False, default=str).encode()
        return value
    except Refused:
        raise
    except (ValueError, ArithmeticError) as problem:
        raise Refused("BAD_JSON", path="", problem=str(problem)) from None
    except RecursionError:
        raise Refused("BAD_JSON", path="", problem="too deep") from None


def _no_constant(name: str) -> None:
    raise Refused("BAD_JSON", path="", problem=name)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        often = Counter(name for name, _value in pairs)
        raise Refused("DUPLICATE_FIELD", path="", field=next(name for name in often if often[name] > 1))
    return found


class Case:
    """What the JSON said. Its lines are read anew each time they are asked for; `files` are rows of line files to come after."""

    def __init__(self, document: Any, files: Callable[[], Iterable[Row]] | None = None) -> None:
        node = Node(document, "", fields=CASE_FIELDS)
        self.agreement: Agreement = read_agreement(node.needed("agreement"))
        self.opening: Carried | None = node.read("opening", read_carried, currency=self.agreement.currency)
        self._reader = LineReader(self.agreement)
        self._files = files
        self._lists: list[tuple[str | None, str, Any, str]] = []
        self.periods: dict[str, Period] = {}
        self._is_open_ended = False
        if node.get("periods") is not None:
            self._read_periods(node)
        else:
            self._read_single(node)
        self._flat = node.listed("lines")
        node.close()

    def fill(self, books: Books) -> Books:
        """Count every line; periods that only lines named are opened as they come."""
        for period in self.periods.values():
            books.open(period)
        for placed in self.lines():
            if placed.period not in books.pages:
                books.open(self.periods[placed.period])
            books.add(placed.period, placed.line, placed.where)
        for period in self._missing_between():
            books.open(period)
        if not books.pages:
            raise Refused("NO_PERIOD", path="periods")
        return books

    def lines(self) -> Iterator[Placed]:
        """Every line with the period that it belongs to."""
        for period, kind, value, path in self._lists:
            for item, where in _items(value, path, kind):
                yield self._placed(renamed(item, where), where, kind, period)
        for item, where in self._flat:
            yield self._placed(renamed(item, where), where, None, None)
        for row, where in self._files() if self._files else ():
            yield self._placed(row, where, None, None)

    def _placed(self, raw: Raw, where: str, kind: str | None, period: str | None) -> Placed:
        try:
            kind = self._kind(raw, kind)
            day = self._reader.day_of(raw)
            name = self._period_of(raw, day) if period is None else self._own_period(raw, period)
            return Placed(name, self._reader.read(kind, raw, day), where)
        except Refused as refusal:
            refusal.facts["path"] = joined(where, refusal.facts.get("path", ""))
            raise

    def _kind(self, raw: Raw, kind: str | None) -> str:
        if kind is None:
            return self._reader.kind_of(raw)
        if "kind" in raw and self._reader.kind_of(raw) != kind:
            refuse("CONFLICT", "kind", field="kind", other=kind)
        return kind

    def _own_period(self, raw: Raw, period: str) -> str:
        if raw.get("period") not in (None, period):
            refuse("UNKNOWN_PERIOD", "period", period=values.shown(raw["period"]))
        return period

    def _period_of(self, raw: Raw, day: date | None) -> str:
        """The period that a line names, the one that its day is in, or the only one there is."""
        named = raw.get("period")
        if named is not None:
            return self._named(values.text(named, "period"))
        if day is not None:
            return self._around(day)
        if len(self.periods) == 1 and not self._is_open_ended:
            return next(iter(self.periods))
        return refuse("MISSING_FIELD", "date", field="date")

    def _named(self, name: str) -> str:
        if name not in self.periods:
            found = values.period_named(name) if self._is_open_ended else None
            if found is None:
                refuse("UNKNOWN_PERIOD", "period", period=values.shown(name))
            self._check_kind(name, "period")
            self.periods[name] = Period(name, found[1], found[2])
        return name

    def _around(self, day: date) -> str:
        for period in self.periods.values():
            if period.first_day <= day <= period.last_day:
                return period.name
        if not self._is_open_ended:
            refuse("UNKNOWN_PERIOD", "date", period=day.isoformat())
        if self.agreement.period is None:
            refuse("MISSING_FIELD", "date", field="agreement.period")
        found = values.calendar_period(self.agreement.period, day)
        self.periods[found.name] = found
        return found.name

    def _missing_between(self) -> list[Period]:
        """Months or quarters without a line between those that have some: no sales is a statement too."""
        kind = self.agreement.period
        if not self._is_open_ended or kind is None or not self.periods:
            return []
        days = sorted(period.first_day for period in self.periods.values())
        found, at = [], days[0]
        while at < days[-1]:
            period = values.calendar_period(kind, at)
            if period.name not in self.periods:
                self.periods[period.name] = period
                found.append(period)
            at = period.last_day + DAY
        return found

    # -- periods of the JSON -------------------------------------------------------------------------

    def _read_periods(self, node: Node) -> None:
        for field in ("period", *LISTS):
            if node.get(field) is not None:
                refuse("CONFLICT", field, field=field, other="periods")
        for item, path in node.listed("periods"):
            named = {"name": item} if isinstance(item, str) else item
            self._read_period(Node(named, path, fields=PERIOD_FIELDS | LISTS.keys()))

    def _read_single(self, node: Node) -> None:
        """The shorthand: one period, its lists beside the agreement. Without a period, days of the lines say which."""
        value = node.get("period")
        if value is None:
            self._is_open_ended = True
            self._take_lists(node, None)
            return
        inner = Node({"name": value} if isinstance(value, str) else value, "period", fields=PERIOD_FIELDS)
        period = self._head(inner)
        inner.close()
        self.periods[period.name] = period
        self._take_lists(node, period.name)

    def _read_period(self, node: Node) -> None:
        period = self._head(node)
        if period.name in self.periods:
            refuse("PERIODS_OVERLAP", node.path, period=period.name, other=period.name)
        self.periods[period.name] = period
        self._take_lists(node, period.name)
        node.close()

    def _take_lists(self, node: Node, period: str | None) -> None:
        for field, kind in LISTS.items():
            if node.get(field) is not None:
                self._lists.append((period, kind, node.get(field), node.at(field)))

    def _head(self, node: Node) -> Period:
        """A period by its name ("2026-Q1", "2026-03") or by its first and last day, with the rates that were chosen for it."""
        name = node.read("name", values.text, "") or node.read("period", values.text, "")
        first, last = node.read("from", values.day), node.read("to", values.day)
        found = values.period_named(name)
        if found is not None:
            self._check_kind(name, node.at("name"))
            first, last = first or found[1], last or found[2]
        if first is None or last is None:
            refuse("BAD_PERIOD", node.path or "period", period=values.shown(name))
        if last < first:
            refuse("ENDS_BEFORE_IT_STARTS", node.at("to"))
        fx = node.read("fx", read_period_fx, {})
        return Period(name or _days_name(first, last), first, last, fx)

    def _check_kind(self, name: str, path: str) -> None:
        found, kind = values.period_named(name), self.agreement.period
        if found is not None and kind is not None and found[0] is not kind:
            refuse("WRONG_PERIOD_KIND", path, period=name, kind=kind.value)


def _items(value: Any, path: str, kind: str) -> list[tuple[Any, str]]:
    """The lines of a list. A bare amount under `deductions` is one deduction of no type."""
    if kind == "deduction" and isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        return [({"amount": value}, path)]
    return values.items(value, path)


def _days_name(first: date, last: date) -> str:
    for kind in PeriodKind:
        period = values.calendar_period(kind, first)
        if (period.first_day, period.last_day) == (first, last):
            return period.name
    return f"{first} – {last}"


def books_of(case: Case, *, index: LineIndex | None = None, keeps_ids: bool = True) -> Books:
    return case.fill(Books(case.agreement, index=index, keeps_ids=keeps_ids))
