"""Values of a case as people write them: amounts as text or number, rates as 0.12 or "12%", days, periods."""

import re
from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

from babel.core import get_global

from core.errors import Refused
from core.money import minor_digits
from core.territories import normalise_country
from licensing.royalties.lines import ZERO, Period
from licensing.royalties.rounding import EXACT
from licensing.royalties.terms import PeriodKind

DIGITS, DECIMALS = 15, 12
MOST_UNITS = 10**12
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
_PERIOD = re.compile(r"(?P<year>[0-9]{4})-?(Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2]))", re.ASCII)
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

Choice = TypeVar("Choice", bound=StrEnum)


def refuse(code: str, at: str, /, **facts: Any) -> NoReturn:
    """Refused at a field; whoever knows where that stands puts its path before it."""
    raise Refused(code, path=at, **facts)


def joined(path: str, field: str) -> str:
    return path + field if not path or not field or field.startswith("[") else f"{path}.{field}"


def decimal(value: Any, field: str, *, is_signed: bool = False) -> Decimal:
    """An exact number of at most 15 digits before and 12 behind the point; not negative unless `is_signed`."""
    if isinstance(value, str):
        number = _decimal_of(value)
    elif isinstance(value, bool) or not isinstance(value, int | Decimal):
        number = None  # a float that came in by another way than our parser is not exact
    else:
        number = _fitting(Decimal(value))
    if number is None:
        refuse("BAD_AMOUNT", field, value=shown(value))
    if number < 0 and not is_signed:
        refuse("NEGATIVE", field, value=shown(value))
    return number


@lru_cache(maxsize=10_000)
def _decimal_of(text: str) -> Decimal | None:
    text = text.strip()
    return _fitting(Decimal(text)) if _NUMBER.fullmatch(text) else None


def _fitting(number: Decimal) -> Decimal | None:
    if not number:
        return ZERO if number.is_finite() else None
    if not number.is_finite() or number.adjusted() >= DIGITS or len(number.as_tuple().digits) > 80:
        return None
    # Zeros at the end say nothing: 1.500000000000000 is 1.5.
    number = EXACT.normalize(number)
    return number if int(number.as_tuple().exponent) >= -DECIMALS else None


def fraction(value: Any, field: str) -> Fraction:
    return Fraction(decimal(value, field))


def minor(value: Any, field: str, currency: str, *, is_signed: bool = False) -> int:
    """An amount in whole minor units of `currency`."""
    scaled = decimal(value, field, is_signed=is_signed).scaleb(minor_digits(currency))
    if scaled != scaled.to_integral_value():
        refuse("AMOUNT_TOO_FINE", field, value=shown(value), currency=currency, digits=minor_digits(currency))
    return int(scaled)


def rate(value: Any, field: str) -> Fraction:
    """A share of something: 0.12, or "12%". A bare 12 could be either, so it is refused."""
    if isinstance(value, str) and value.strip().endswith("%"):
        found = fraction(value.strip()[:-1], field) / 100
    else:
        found = fraction(value, field)
    if found > 1:
        refuse("BAD_RATE", field, value=shown(value))
    return found


def rate_decimal(value: Any, field: str) -> Decimal:
    """The same as a decimal, for tax."""
    found = rate(value, field)
    return Decimal(found.numerator) / Decimal(found.denominator)


def exchange_rate(value: Any, field: str) -> Decimal:
    number = decimal(value, field)
    if not number:
        refuse("BAD_FX_RATE", field, value=shown(value))
    return number


def units(value: Any, field: str) -> int:
    """A whole number of pieces, not negative."""
    if isinstance(value, str):
        number = _units_of(value)
    elif isinstance(value, bool) or not isinstance(value, int | Decimal):
        number = None
    else:
        number = _whole(Decimal(value))
    if number is None:
        if _is_beyond(value):
            refuse("BAD_WHOLE_NUMBER", field, value=shown(value), most=MOST_UNITS)
        refuse("BAD_QUANTITY", field, value=shown(value))
    return number


def _is_beyond(value: Any) -> bool:
    """Whether it is a number, and too large for a quantity only."""
    if isinstance(value, str):
        value = Decimal(value.strip()) if _NUMBER.fullmatch(value.strip()) else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    return Decimal(value).is_finite() and value > MOST_UNITS


@lru_cache(maxsize=10_000)
def _units_of(text: str) -> int | None:
    number = _decimal_of(text)
    return None if number is None else _whole(number)


def _whole(number: Decimal) -> int | None:
    return (
        int(number)
        if number.is_finite() and 0 <= number <= MOST_UNITS and number == number.to_integral_value()
        else None
    )


def whole(value: Any, field: str, *, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        refuse("BAD_WHOLE_NUMBER", field, value=shown(value), most=most)
    return value


def boolean(value: Any, field: str) -> bool:
    found = value if isinstance(value, bool) else _BOOLEANS.get(str(value).strip().lower())
    if found is None:
        refuse("NOT_A_BOOLEAN", field, value=shown(value))
    return found


def text(value: Any, field: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # ids are often numbers
    if not isinstance(value, str):
        refuse("NOT_TEXT", field, value=shown(value))
    return value.strip()


def choice(value: Any, field: str, choices: type[Choice]) -> Choice:
    wanted = text(value, field).upper()
    if wanted not in set(choices):
        refuse("BAD_CHOICE", field, value=shown(value), choices=", ".join(choices))
    return choices(wanted)


def currency(value: Any, field: str) -> str:
    code = text(value, field).upper()
    if code not in get_global("all_currencies"):
        refuse("BAD_CURRENCY", field, value=shown(value))
    return code


@lru_cache(maxsize=10_000)
def territory(code: str) -> str:
    """A country as licences count it (US-PR is PR); a region of the agreement's own naming stays as it is."""
    try:
        return normalise_country(code)
    except Refused:
        return code


@lru_cache(maxsize=10_000)
def _day_of(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if len(value) == 10 else None
    except ValueError:
        return None


def day(value: Any, field: str) -> date:
    found = _day_of(value.strip()) if isinstance(value, str) else None
    if found is None or not 1900 <= found.year <= 2999:
        refuse("BAD_DATE", field, value=shown(value))
    return found


def day_of_instant(value: Any, field: str, zone: ZoneInfo) -> date:
    """The day that an instant has in the agreement's zone. Without an offset it is no instant."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
        if instant is None or instant.tzinfo is None:
            refuse("BAD_INSTANT", field, value=shown(value))
        found = instant.astimezone(zone).date()
    except (ValueError, OverflowError):
        refuse("BAD_INSTANT", field, value=shown(value))
    return day(found.isoformat(), field)


def zone(value: Any, field: str) -> str:
    name = text(value, field)
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # no such name, a folder, a path that leads outside
        refuse("BAD_ZONE", field, value=shown(value))
    return name


def period_named(name: str) -> tuple[PeriodKind, date, date] | None:
    """Names like "2026-Q1" and "2026-03" say their days; None for any other name."""
    found = _PERIOD.fullmatch(name.strip())
    if found is None or not 1900 <= int(found["year"]) <= 2999:
        return None
    year = int(found["year"])
    if found["quarter"]:
        last = 3 * int(found["quarter"])
        return PeriodKind.QUARTER, date(year, last - 2, 1), date(year, last, monthrange(year, last)[1])
    month = int(found["month"])
    return PeriodKind.MONTH, date(year, month, 1), date(year, month, monthrange(year, month)[1])


def calendar_period(kind: PeriodKind, of: date) -> Period:
    part = f"{of.month:02}" if kind is PeriodKind.MONTH else f"Q{(of.month + 2) // 3}"
    name = f"{of.year:04}-{part}"
    found = period_named(name)
    assert found is not None, "its own name"
    return Period(name, found[1], found[2])


def shown(value: Any) -> str:
    """A value in a sentence, not longer than one."""
    told = str(value)
    return told if len(told) <= 40 else f"{told[:40]}…"


class Node:
    """An object of the case with its path. What nobody asked for is refused by `close`."""

    def __init__(
        self, value: Any, path: str, *, fields: Collection[str] | None = None, aliases: Mapping[str, str] | None = None
    ) -> None:
        """`fields` are all that there may be: others are refused at once, before anything that is missing. `aliases` are other
        spellings of some of them; two spellings of one field are refused."""
        if not isinstance(value, dict):
            refuse("NOT_AN_OBJECT", path, value=shown(value))
        self.path = path
        self._paths: dict[str, str] = {}
        self._asked: set[str] = set()
        self.values: dict[str, Any] = self._respelt(value, aliases) if aliases else value
        if fields is not None:
            unknown(self.values, fields, path)

    def _respelt(self, value: dict[str, Any], aliases: Mapping[str, str]) -> dict[str, Any]:
        """Its fields under their own names; a place is told as it was written."""
        found, written = respelt(value, aliases, self.path)
        self._paths = {own: joined(self.path, name) for own, name in written.items() if own != name}
        return found

    def at(self, field: str) -> str:
        return self._paths.get(field) or joined(self.path, field)

    def put(self, field: str, value: Any, path: str) -> None:
        """A value that was written elsewhere, as a shorthand. Refused where the field has one of its own."""
        if self.values.get(field) is not None:
            refuse("CONFLICT", path, field=path.rpartition(".")[2], other=self.at(field))
        self.values = self.values | {field: value}
        self._paths[field] = path

    def part(self, found: dict[str, Any]) -> "Node":
        """Some of its fields as an object of their own, at the same places."""
        node = Node(found, self.path)
        node._paths = self._paths
        return node

    def get(self, field: str, default: Any = None) -> Any:
        """The value; null and what is missing are the default."""
        self._asked.add(field)
        value = self.values.get(field)
        return default if value is None else value

    def needed(self, field: str) -> Any:
        value = self.get(field)
        if value is None:
            refuse("MISSING_FIELD", self.at(field), field=field)
        return value

    def read(self, field: str, reader: Any, default: Any = None, **more: Any) -> Any:
        """The value as `reader(value, path)` reads it."""
        value = self.get(field)
        return default if value is None else reader(value, self.at(field), **more)

    def listed(self, field: str) -> list[tuple[Any, str]]:
        """The items with their paths."""
        return items(self.get(field, []), self.at(field))

    def close(self, also: Collection[str] = ()) -> None:
        unknown(self.values, self._asked.union(also), self.path)


def respelt(value: Mapping[str, Any], aliases: Mapping[str, str], path: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The fields under their own names, and how each was written. What is null counts as missing, so it is in nobody's way."""
    found: dict[str, Any] = {}
    written: dict[str, str] = {}
    for name, item in value.items():
        own = aliases.get(name, name)
        if item is None and own in found:
            continue
        if found.get(own) is not None:
            refuse("CONFLICT", joined(path, name), field=name, other=written[own])
        found[own], written[own] = item, name
    return found, written


def items(value: Any, path: str) -> list[tuple[Any, str]]:
    if not isinstance(value, list):
        refuse("NOT_A_LIST", path, value=shown(value))
    return [(item, f"{path}[{number}]") for number, item in enumerate(value)]


def unknown(values: Iterable[str], known: Collection[str], path: str) -> None:
    for field in values:
        if field not in known:
            refuse("UNKNOWN_FIELD", joined(path, field), field=shown(field), known=", ".join(sorted(known)))


def names(value: Any, field: str) -> frozenset[str]:
    """One name or a list of them; an empty one is none."""
    found = [value] if not isinstance(value, list) else value
    return frozenset(name for one in found if (name := text(one, field)))
