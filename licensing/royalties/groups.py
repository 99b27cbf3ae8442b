"""Steps 1 to 6 of the formula: a cell's sums become gross, returns, deductions, net, base, parts and royalty."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from core.errors import Refused
from core.money import Money
from licensing.royalties.books import Books, Cell, Page
from licensing.royalties.lines import Deduction, Goods
from licensing.royalties.rates import fx_rate, rule_for, slices, tier_year
from licensing.royalties.results import Group, Part
from licensing.royalties.rounding import major, round_base, round_cap, round_royalty
from licensing.royalties.terms import WHOLE_SHARE, Agreement, RateRule, Shares

#: How far the tiers of a rule have counted, by (rule, tier year).
TierCounts = dict[tuple[str, str], int]


@dataclass(slots=True)
class Draft:
    """A group before its royalty: tiers need the bases of the whole period first."""

    cell: Cell
    group: Group
    bases: list[int]
    rules: list[RateRule]


def groups_of(books: Books, page: Page, counts: TierCounts) -> list[Group]:
    """The groups of a period in the order of their dimensions, in which they also fill the tiers; `counts` moves on."""
    agreement = books.agreement
    place_deductions(books, page)
    cells = sorted(page.cells.values(), key=_order)
    drafts = [_draft(agreement, page, cell) for cell in cells]
    reached = dict(counts)
    for draft in drafts:
        for rule, base in zip(draft.rules, draft.bases, strict=True):
            key = (rule.id, tier_year(agreement, page.period.name, draft.cell.since))
            reached[key] = reached.get(key, 0) + base
    return [_finished(agreement, page, draft, counts, reached) for draft in drafts]


def _order(cell: Cell) -> tuple[date, Goods, Decimal]:
    return cell.since, cell.goods, cell.fx or Decimal(0)


def group_id(page: Page, cell: Cell) -> str:
    """Like "2026-Q1/hero/toys/DE/own_shop/DTC/EUR", then what else tells it from others: sell-off, an own rate, a later part."""
    goods = cell.goods
    names = [goods.properties, goods.category, goods.territory, goods.channel, goods.basis, goods.currency]
    more = [f"article {goods.article}"] if goods.article else []
    more += ["sell-off"] if goods.is_sell_off else []
    more += [f"at {cell.fx:f}"] if cell.fx is not None else []
    more += [f"from {cell.since}"] if cell.since != page.period.first_day else []
    return "/".join([page.period.name, *(name or "-" for name in names), *more])


def _draft(agreement: Agreement, page: Page, cell: Cell) -> Draft:
    goods = cell.goods
    gross, claimed = cell.sold.without_tax(), cell.returned.without_tax()
    returns = capped(claimed, gross, agreement.returns_cap, goods.currency)
    allowed, not_allowed = _sorted_deductions(agreement, cell.deductions)
    deductions = capped(allowed, gross, agreement.deductions.cap, goods.currency)
    net = gross - returns - deductions
    fx = Fraction(cell.fx) if cell.fx is not None else fx_rate(agreement, page.period, goods.currency, where=cell.where)
    base = round_base(net * fx, agreement.currency)
    group = Group(
        id=group_id(page, cell), cell=cell.number, since=cell.since, goods=goods, units=cell.sold.units,
        returned_units=cell.returned.units, gross=gross, returns_claimed=claimed, returns=returns,
        deductions_claimed=allowed + sum((amount for _kind, amount in not_allowed), Fraction(0)), deductions=deductions,
        not_allowed=not_allowed, net=net, fx=fx, own_fx=cell.fx, base=base, parts=(),
        sale_ids=tuple(sorted(cell.sale_ids)), return_ids=tuple(sorted(cell.return_ids)),
    )  # fmt: skip
    rules = [rule_for(agreement, name, goods, cell.since, where=cell.where) for name, _points in goods.shares]
    return Draft(cell, group, shared_out(base, goods.shares, agreement.currency), rules)


def capped(claimed: Fraction, gross: Fraction, cap: Fraction | None, currency: str) -> Fraction:
    """`claimed`, but no more than the cap allows: round(gross × cap)."""
    return claimed if cap is None else min(claimed, round_cap(gross * cap, currency))


def shared_out(base: int, shares: Shares, currency: str) -> list[int]:
    """Parts that add up (largest remainder; of equal remainders the first by name). What is negative mirrors what is positive."""
    sign = -1 if base < 0 else 1
    return [sign * part.amount for part in Money(abs(base), currency).share_out([points for _name, points in shares])]


def _sorted_deductions(
    agreement: Agreement, found: Mapping[str, Decimal]
) -> tuple[Fraction, tuple[tuple[str, Fraction], ...]]:
    """The sum of what the policy allows, and what it does not, type by type."""
    allowed = agreement.deductions.allowed
    kept = [kind for kind in found if allowed is None or kind in allowed]
    total = sum((Fraction(found[kind]) for kind in kept), Fraction(0))
    return total, tuple(sorted((kind, Fraction(amount)) for kind, amount in found.items() if kind not in kept))


def _finished(agreement: Agreement, page: Page, draft: Draft, counts: TierCounts, reached: TierCounts) -> Group:
    parts = []
    for (name, points), base, rule in zip(draft.cell.goods.shares, draft.bases, draft.rules, strict=True):
        key = (rule.id, tier_year(agreement, page.period.name, draft.cell.since))
        before = counts.get(key, 0)
        found = tuple(slices(rule, base, before=before, after_all=reached[key], currency=agreement.currency))
        counts[key] = before + base
        parts.append(_part(agreement, draft.group, name, points, base, rule, found))
    group = draft.group
    values = {field: getattr(group, field) for field in group.__slots__ if field != "parts"}
    return Group(**values, parts=tuple(parts))


def _part(agreement: Agreement, group: Group, name: str, points: int, base: int, rule: RateRule, found: tuple) -> Part:
    """Step 6. Units are shared like the base is: a floor of 0.50 is 0.30 for the property that has 60 %."""
    royalty = sum(one.royalty for one in found)
    floor = rule.floor * Fraction(points, WHOLE_SHARE) if rule.floor is not None else None
    least = round_royalty(_net_units(group) * floor, agreement.currency) if floor is not None else None
    rate = sum((one.base * one.rate for one in found), Fraction(0)) / base if base else rule.tiers[0].rate
    return Part(
        of_property=name, points=points, base=base, rule=rule.id, slices=found, rate=rate, floor=floor, floor_royalty=least,
        royalty=max(royalty, least) if least is not None else royalty, pool=pool_for(agreement, group.goods, name, group.since),
    )  # fmt: skip


def _net_units(group: Group) -> Fraction:
    """Units sold less units credited: where a cap credits half of the money, half of the units count as back."""
    if not group.returns_claimed:
        return Fraction(group.units - group.returned_units)
    return group.units - group.returned_units * group.returns / group.returns_claimed


def pool_for(agreement: Agreement, goods: Goods, of_property: str, day: date) -> str | None:
    """The guarantee that a royalty works off. Sell-off sales do so only if the agreement says so."""
    if goods.is_sell_off and not agreement.sell_off_credits:
        return None
    dimensions = (of_property, goods.category, goods.territory, goods.channel, goods.basis)
    return the_pool(agreement, dimensions, day)


def the_pool(agreement: Agreement, dimensions: Iterable[str], day: date) -> str | None:
    """Refuses `GUARANTEES_OVERLAP`: one royalty cannot work off two guarantees."""
    named = tuple(dimensions)
    found = [one.pool for one in agreement.guarantees if one.covers(day) and one.scope.holds(*named)]
    if len(found) > 1:
        raise Refused("GUARANTEES_OVERLAP", path="agreement.guarantees", pools=", ".join(found))
    return found[0] if found else None


def place_deductions(books: Books, page: Page) -> None:
    """Give each deduction that stands by itself to the one group that it means."""
    for deduction, where in page.deductions:
        cell = _cell_meant(books, page, deduction, where)
        cell.deduct(deduction.type, deduction.amount)


def _cell_meant(books: Books, page: Page, deduction: Deduction, where: str) -> Cell:
    if deduction.of:
        sold = books.index.find(deduction.of)
        if sold is None or books.cells[sold.cell].period != page.period.name:
            raise Refused("UNKNOWN_LINE", path=where, id=deduction.of)
        return books.cells[sold.cell]
    found = [cell for cell in page.cells.values() if has_dimensions(cell.goods, deduction.wanted)]
    return the_one(found, where=where, told=page.period.name)


def the_one(found: list[Cell], *, where: str, told: str) -> Cell:
    if not found:
        raise Refused("NO_GROUP", path=where, period=told)
    if len(found) > 1:
        raise Refused("AMBIGUOUS_GROUP", path=where, period=told, number=len(found))
    return found[0]


def has_dimensions(goods: Goods, wanted: Iterable[tuple[str, str]]) -> bool:
    return all(getattr(goods, name) == value for name, value in wanted)


def cells_like(page: Page, goods: Goods) -> list[Cell]:
    """The cells that have every dimension that `goods` says."""
    wanted = [(name, value) for name, value in goods._asdict().items() if value and name != "is_sell_off"]
    return [cell for cell in page.cells.values() if has_dimensions(cell.goods, wanted)]


def royalty_back(part: Part, base: int, units: Fraction, currency: str) -> int:
    """What a return takes back of a part, at its original rate; where the floor decided, so much per unit."""
    if part.is_floored and part.floor is not None:
        return round_royalty(units * part.floor, currency)
    return round_royalty(major(base, currency) * part.rate, currency)
