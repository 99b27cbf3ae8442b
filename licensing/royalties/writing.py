"""Statements as JSON: amounts as decimal text, every figure of the formula under its own name, and the lines behind it."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from licensing.royalties.carrying import carried_as_plain
from licensing.royalties.lines import Payment
from licensing.royalties.results import AdjustmentLine, Group, Part, PoolState, Statement
from licensing.royalties.rounding import exact_text, money_text, to_minor

#: Sums of the sales side, each in the currency of the sale.
SALES_FIGURES = ("gross", "returns", "deductions", "net")


def as_plain(statement: Statement, *, has_lines: bool = True) -> dict[str, Any]:
    """One statement; `has_lines` off leaves out the ids behind the figures, which a stream does not hold."""
    currency = statement.currency
    after = statement.carried
    by_currency = sales_by_currency(statement.groups)
    told = {
        "agreement": statement.agreement,
        "number": statement.number,
        "period": statement.period.name,
        "from": statement.period.first_day.isoformat(),
        "to": statement.period.last_day.isoformat(),
        "due_on": statement.due_on.isoformat(),
        "currency": currency,
        "no_sales": not statement.groups,
        **_one_currency(by_currency, currency),
        "sales": by_currency,
    }
    money = {
        "base": statement.base,
        "royalty": statement.royalty,
        "adjustments": statement.adjustments,
        "earned": statement.earned,
        "cum_earned": after.earned,
        "cum_advance": statement.advances,
        "advance_unrecouped": statement.unrecouped,
        "due": statement.due,
        "cum_due": after.royalties_due,
        "shortfall": statement.shortfall,
        "shortfall_due": statement.shortfall_due,
        "cmf": statement.cmf,
        "cmf_due": statement.cmf_due,
        "payable": statement.payable,
        "paid": statement.paid,
        "balance": statement.balance,
        "paid_in_all": statement.paid_in_all,
    }
    groups = [_group(group, currency) for group in statement.groups]
    lines = [_adjustment(line, currency) for line in statement.adjustment_lines]
    if not has_lines:
        for one in (*groups, *lines):
            for field in ("lines", "return_lines"):
                one.pop(field, None)
    return {
        **told,
        **{name: money_text(amount, currency) for name, amount in money.items()},
        "groups": groups,
        "adjustment_lines": lines,
        "guarantees": [_pool(pool, currency) for pool in statement.guarantees],
        "payments": [_payment(payment, currency) for payment in statement.payments],
        "carried": carried_as_plain(after, currency),
        "digest": f"sha256:{statement.digest}",
    }


def sales_by_currency(groups: Iterable[Group]) -> dict[str, dict[str, str]]:
    sums: dict[str, dict[str, Fraction]] = {}
    for group in groups:
        of = sums.setdefault(group.goods.currency, dict.fromkeys(SALES_FIGURES, Fraction(0)))
        for name in SALES_FIGURES:
            of[name] += getattr(group, name)
    return {
        currency: {name: minor_text(value, currency) for name, value in of.items()}
        for currency, of in sorted(sums.items())
    }


def _one_currency(by_currency: dict[str, dict[str, str]], currency: str) -> dict[str, str | None]:
    """The sums of the sales side beside the others, when they are all in one currency. Several cannot be added up."""
    if not by_currency:
        return dict.fromkeys(SALES_FIGURES, money_text(0, currency))
    if len(by_currency) > 1:
        return dict.fromkeys(SALES_FIGURES)
    (figures,) = by_currency.values()
    return {**figures}


def minor_text(value: Fraction, currency: str) -> str:
    """An exact amount as it is printed: rounded to the minor unit, for the eye only."""
    return money_text(to_minor(value, currency), currency)


def _group(group: Group, currency: str) -> dict[str, Any]:
    goods = group.goods
    return {
        "group": group.id,
        "from": group.since.isoformat(),
        "property": goods.properties,
        "category": goods.category,
        "territory": goods.territory,
        "channel": goods.channel,
        "basis": goods.basis,
        "currency": goods.currency,
        **({"article": goods.article} if goods.article else {}),
        "sell_off": goods.is_sell_off,
        "units": group.units,
        "units_returned": group.returned_units,
        "gross": minor_text(group.gross, goods.currency),
        "returns": minor_text(group.returns, goods.currency),
        "returns_claimed": minor_text(group.returns_claimed, goods.currency),
        "deductions": minor_text(group.deductions, goods.currency),
        "deductions_claimed": minor_text(group.deductions_claimed, goods.currency),
        "deductions_not_allowed": [
            {"type": kind, "amount": minor_text(amount, goods.currency)} for kind, amount in group.not_allowed
        ],
        "net": minor_text(group.net, goods.currency),
        "fx": exact_text(group.fx),
        "own_fx": None if group.own_fx is None else f"{group.own_fx:f}",
        "base": money_text(group.base, currency),
        "royalty": money_text(group.royalty, currency),
        "parts": [_part(part, currency) for part in group.parts],
        "lines": list(group.sale_ids),
        "return_lines": list(group.return_ids),
    }


def _part(part: Part, currency: str) -> dict[str, Any]:
    return {
        "property": part.of_property,
        "share": part.points,
        "base": money_text(part.base, currency),
        "rate_rule": part.rule,
        "slices": [
            {
                "above": money_text(one.above, currency),
                "up_to": None if one.up_to is None else money_text(one.up_to, currency),
                "base": money_text(one.base, currency),
                "rate": exact_text(one.rate),
                "royalty": money_text(one.royalty, currency),
            }
            for one in part.slices
        ],
        "floor": None
        if part.floor is None or part.floor_royalty is None
        else {
            "per_unit": exact_text(part.floor),
            "royalty": money_text(part.floor_royalty, currency),
            "applies": part.is_floored,
        },
        "royalty": money_text(part.royalty, currency),
        "pool": part.pool,
    }


def _adjustment(line: AdjustmentLine, currency: str) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": line.kind, "id": line.id, "amount": money_text(line.royalty, currency)}
    if line.kind == "MANUAL":
        return {**told, "reason": line.reason, "pool": line.parts[0].pool, "lines": list(line.ids)}
    return {
        **told,
        "of": line.of or None,
        "sold_in": line.sold_in or None,
        "group": line.group or None,
        "units": line.units,
        "currency": line.currency,
        "returns": minor_text(line.net, line.currency),
        "returns_claimed": minor_text(line.claimed, line.currency),
        "fx": exact_text(line.fx),
        "base": money_text(line.base, currency),
        "parts": [
            {
                "property": part.of_property,
                "base": money_text(part.base, currency),
                "rate": exact_text(part.rate),
                "per_unit": None if part.per_unit is None else exact_text(part.per_unit),
                "royalty": money_text(part.royalty, currency),
                "pool": part.pool,
            }
            for part in line.parts
        ],
        "lines": list(line.ids),
    }


def _pool(pool: PoolState, currency: str) -> dict[str, Any]:
    return {
        "pool": pool.pool,
        "amount": money_text(pool.amount, currency),
        "to": pool.last_day.isoformat(),
        "credited": money_text(pool.credited, currency),
        "ended": pool.is_ended,
        "shortfall": money_text(pool.shortfall, currency),
        "advance_set_off": money_text(pool.advance_set_off, currency),
        "shortfall_due": money_text(pool.shortfall_due, currency),
    }


def _payment(payment: Payment, currency: str) -> dict[str, Any]:
    return {
        "id": payment.id,
        "kind": payment.kind.value,
        "date": payment.paid_on.isoformat() if payment.paid_on else None,
        "amount": money_text(payment.amount, currency),
    }
