"""Rows of a body to the royalty ledger: each to its licence, and what became of each back in the body's order."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import override

from core.errors import Refused
from licensing.ledger.sales import Row as LedgerRow
from licensing.ledger.sales import RowResult, record_sales
from licensing.models import Licence, SaleLine
from licensing.queries.licences import own_licences
from merchants.models import Merchant
from merchstore.api.row_bodies import Row

_LONGEST_NUMBER = 40


def record_rows(merchant: Merchant, rows: Sequence[Row], *, licence: Licence | None) -> dict[str, Any]:
    """Record the rows, each under the licence that it names, or else under `licence`. What is refused is told row by row."""
    with override("en"):
        results = _results(merchant, rows, licence)
        told = [_told(place, result) for place, result in enumerate(results)]
    counts = Counter(result.outcome for result in results)
    return {**{name: counts[name] for name in ("created", "unchanged", "refused")}, "data": told}


def _results(merchant: Merchant, rows: Sequence[Row], default: Licence | None) -> list[RowResult]:
    names = {name for row in rows if isinstance(row, dict) and isinstance(name := row.get("licence"), str)}
    licences = _licences(merchant, names)
    results: dict[int, RowResult] = {}
    waiting: dict[Licence, list[LedgerRow]] = defaultdict(list)
    for place, row in enumerate(rows):
        try:
            licence, fields = _placed(row, licences, default)
        except Refused as refusal:
            results[place] = RowResult(str(place), "refused", _id_of(row), refusal=refusal)
        else:
            waiting[licence].append(LedgerRow(str(place), fields))
    for licence, of_licence in waiting.items():
        for result in _recorded(licence, of_licence):
            results[int(result.where)] = result
    return [results[place] for place in range(len(rows))]


def _recorded(licence: Licence, rows: list[LedgerRow]) -> list[RowResult]:
    try:
        return list(record_sales(licence, rows, source=SaleLine.Source.API, by=None))
    except Refused as refusal:  # nothing can be recorded under this licence; the others go on
        refusal.facts["path"] = "licence"
        return [RowResult(row.where, "refused", _id_of(row.raw), refusal=refusal) for row in rows]


def _placed(row: Row, licences: dict[str, Licence], default: Licence | None) -> tuple[Licence, dict[str, Any]]:
    if isinstance(row, Refused):
        raise row
    name = row.get("licence")
    fields = {field: value for field, value in row.items() if field != "licence"}
    if name is None:
        if default is None:
            raise Refused("MISSING_FIELD", path="licence", field="licence")
        return default, fields
    if not isinstance(name, str) or name not in licences:
        raise Refused("unknown_licence", path="licence", licence=str(name)[:_LONGEST_NUMBER])
    return licences[name], fields


def _licences(merchant: Merchant, names: set[str]) -> dict[str, Licence]:
    """The merchant's licences of these public ids and numbers."""
    sane = {name for name in names if len(name) <= _LONGEST_NUMBER and name.isprintable()}
    if not sane:
        return {}
    found = own_licences(merchant).filter(Q(public_id__in=sane) | Q(number__in=sane))
    return {name: licence for licence in found for name in (licence.number, licence.public_id)}


def _told(place: int, result: RowResult) -> dict[str, Any]:
    told: dict[str, Any] = {"id": result.id or None, "status": result.outcome}
    if result.refusal is None:
        return {**told, "period": result.period, "is_late": result.is_late, "is_waiting": result.is_waiting}
    path = str(result.refusal.facts.get("path", ""))
    return {
        **told,
        "code": result.refusal.code,
        "pointer": f"/{place}{_as_pointer(path)}",
        "detail": result.refusal.sentence,
    }


def _as_pointer(path: str) -> str:
    """`deductions[0].amount` as a JSON pointer: `/deductions/0/amount`."""
    parts = [part.replace("~", "~0").replace("/", "~1")[:80] for part in re.split(r"[.\[\]]+", path) if part]
    return "".join(f"/{part}" for part in parts)


def _id_of(row: Any) -> str:
    name = row.get("id") if isinstance(row, dict) else None
    return name[:200] if isinstance(name, str) else ""
