"""The worked examples through the tables: recorded as lines, computed and closed, they give what they give as a case."""

import json
from copy import deepcopy
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from licensing.ledger.invariants import accounts_that_differ, drifted_statements, unbalanced_journals
from licensing.ledger.payments import adjust, record_payment
from licensing.ledger.sales import record_sales
from licensing.ledger.statements import close_statement, compute_statement
from licensing.ledger.terms import set_terms
from licensing.models import Licence, Statement
from licensing.royalties.cases import Case, books_of, parse_json
from licensing.royalties.statements import make_statements
from licensing.royalties.values import minor, period_named
from licensing.royalties.writing import as_plain
from tests.factories import make_film, make_licence, make_merchant
from tests.licensing.test_royalties import CASES, like

LINES = {"sales": "sale", "returns": "return", "deductions": "deduction"}
#: What a ledger has no place for: periods that are no months or quarters, rates of one period, a state to begin with.
ONLY_CASES = {"x03", "x06", "x22"}
#: What names rows, and so differs from one run to the next.
NAMES = {"agreement", "digest", "id", "of", "group", "number", "date"}


def periods_of(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The periods of a case with their lists of lines, whichever way it is written."""
    if "periods" in case:
        return [{"name": one} if isinstance(one, str) else one for one in case["periods"]]
    return [{"name": case["period"], **{name: case[name] for name in case if name not in ("agreement", "period")}}]


def plays(path: Path) -> bool:
    case = json.loads(path.read_text("utf-8"))["case"]
    if path.stem[:3] in ONLY_CASES or ("periods" not in case and not isinstance(case.get("period"), str)):
        return False
    return all(period_named(one["name"]) and "fx" not in one and "from" not in one for one in periods_of(case))


PLAYED = [path for path in CASES if plays(path)]


def licence_for(case: dict[str, Any]) -> Licence:
    """A licence whose terms are the case's agreement."""
    kind, first, _last = period_named(periods_of(case)[0]["name"])
    licence = make_licence(make_film(), make_merchant(), starts_on=first)
    terms = {"id": "", "zone": "UTC", "period": kind.value, **parse_json(json.dumps(case["agreement"]))}
    set_terms(licence, terms, by=None)
    return licence


def day_after(statement: Statement) -> datetime:
    return datetime.combine(statement.last_day + timedelta(days=1), time(), UTC)


def rows_of(period: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of a period as a file has them: with a kind, an id and their period."""
    found = []
    for field, kind in LINES.items():
        for number, line in enumerate(period.get(field, ())):
            placed = {} if "date" in line or "at" in line else {"period": period["name"]}
            found.append({"kind": kind, "id": f"{period['name']}-{kind}-{number}", **placed, **line})
    return parse_json(json.dumps(found))


def play(licence: Licence, case: dict[str, Any]) -> list[Statement]:
    """Record, compute and close one period after the other."""
    currency, closed = case["agreement"]["currency"], []
    for period in periods_of(case):
        _kind, first, last = period_named(period["name"])
        at = datetime.combine(last, time(12), UTC)
        results = list(record_sales(licence, rows_of(period), source="csv", by=None, at=at))
        assert [result.as_plain() for result in results if result.outcome != "created"] == []
        for line in period.get("adjustments", ()):
            amount = minor(parse_json(json.dumps(line["amount"])), "amount", currency, is_signed=True)
            dimensions = {name: line[name] for name in line if name not in ("id", "amount", "reason")}
            adjust(licence, amount=amount, reason=line.get("reason", "-"), dimensions=dimensions, by=None, at=at)
        for number, line in enumerate(period.get("payments", ())):
            record_payment(
                licence, amount=minor(parse_json(json.dumps(line["amount"])), "amount", currency), paid_on=first,
                kind=line.get("type", "STATEMENT"), reference=f"{period['name']}-{number}", by=None, at=at,
            )  # fmt: skip
        computed = compute_statement(licence, period["name"])
        closed.append(close_statement(computed, by=None, at=day_after(computed)))
    return closed


def figures(told: Any) -> Any:
    """A statement without the names of its rows."""
    if isinstance(told, dict):
        return {name: figures(value) for name, value in told.items() if name not in NAMES}
    return [figures(one) for one in told] if isinstance(told, list) else told


def with_ids(case: dict[str, Any]) -> dict[str, Any]:
    """The case with the ids that its rows get."""
    named = deepcopy(case)
    for period in named.get("periods", [named]):
        if isinstance(period, dict):
            name = period.get("name") or period["period"]
            for field, kind in LINES.items():
                for number, line in enumerate(period.get(field, ())):
                    line.setdefault("id", f"{name}-{kind}-{number}")
    return named


@pytest.mark.django_db
@pytest.mark.parametrize("path", PLAYED, ids=[path.stem for path in PLAYED])
def test_a_case_gives_the_same_through_the_tables(path: Path) -> None:
    told = json.loads(path.read_text("utf-8"))
    case = Case(parse_json(json.dumps(with_ids(told["case"]))))
    wanted = [as_plain(one, has_lines=False) for one in make_statements(books_of(case, keeps_ids=False))]

    closed = play(licence_for(told["case"]), told["case"])

    found = [statement.figures for statement in closed]
    assert figures(like(told["expected"], found)) == figures(told["expected"])
    assert figures(found) == figures(wanted)
    assert drifted_statements(10) == []
    assert unbalanced_journals() == 0
    assert accounts_that_differ(10) == []


def test_every_worked_example_is_played() -> None:
    assert {path.stem.split("_")[0] for path in PLAYED} >= {f"e{n:02}" for n in range(1, 12)} | {"e05b"}
    assert len(CASES) - len(PLAYED) <= 8
