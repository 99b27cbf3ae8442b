"""The same inputs have the same digest: canonical JSON of an agreement and of each line, whatever the order of the lines."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring as quoted
from typing import Any

from licensing.royalties.lines import Goods, Line, Period, Sale
from licensing.royalties.results import Carried
from licensing.royalties.rounding import EXACT
from licensing.royalties.terms import Agreement


def line_digest(line: Line) -> bytes:
    """SHA-256 of a line's canonical JSON. Two ways to write the same line ("19.90", 19.9) are one line."""
    if isinstance(line, Sale):
        return sha256(_sale_text(line).encode()).digest()
    return sha256(_text([type(line).__name__, _plain(line)]).encode()).digest()


def agreement_digest(agreement: Agreement) -> bytes:
    """Everything but the days of the FX table: what of it a period uses is part of that period's digest, so that a table that
    grows changes no statement that stands."""
    plain = _plain(agreement)
    del plain["fx"]["daily"], plain["fx"]["fixed"]
    return sha256(_text(plain).encode()).digest()


def opening_digest(opening: Carried | None) -> bytes:
    """Where a run begins: at the digest of a statement, at sums that somebody gave, or at nothing."""
    if opening is None:
        return b""
    return opening.digest or sha256(_text(_plain(replace(opening, digest=b""))).encode()).digest()


def statement_digest(
    before: bytes, terms: bytes, period: Period, rates: Iterable[tuple[str, Fraction]], line_digests: Iterable[bytes]
) -> bytes:
    """The digest of a statement follows that of the statement before it, under the terms (`agreement_digest`) that it was made by;
    `line_digests` come sorted."""
    head = [period.name, period.first_day, period.last_day, list(rates)]
    found = sha256(before + terms + _text(_plain(head)).encode())
    for digest in line_digests:
        found.update(digest)
    return found.digest()


def _sale_text(sale: Sale) -> str:
    """A million of these are made, so what repeats is kept as text."""
    return (
        f"[{_goods_text(sale.goods)},{quoted(sale.id)},{quoted(sale.article)},{sale.quantity},"
        f'"{EXACT.normalize(sale.amount)}","{EXACT.normalize(sale.tax_rate)}","{sale.sold_on or ""}",'
        f'"{EXACT.normalize(sale.fx) if sale.fx else ""}",{_text(_plain(sorted(sale.deductions))) if sale.deductions else "[]"}]'
    )


@lru_cache(maxsize=10_000)
def _goods_text(goods: Goods) -> str:
    return _text(["Sale", *_plain(goods)])


def _text(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(map(_plain, value))
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return _plain_atom(value)


def _plain_atom(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(EXACT.normalize(value))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, Fraction | date) else value
