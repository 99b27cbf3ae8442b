"""The agreement of a case: its JSON object in, `Agreement` out, or a refusal that says where."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from licensing.royalties import values
from licensing.royalties.rounding import money_text
from licensing.royalties.terms import (
    WHOLE_SHARE,
    Advance,
    Agreement,
    Article,
    DeductionPolicy,
    FxGaps,
    FxMethod,
    FxTable,
    Guarantee,
    LinesPer,
    PeriodKind,
    RateRule,
    Scope,
    Shares,
    Tier,
    TierMode,
    TierPeriod,
    Window,
)
from licensing.royalties.values import Node, refuse

#: Other spellings that are understood.
ALIASES = {
    "mg": "guarantee",
    "minimum_guarantee": "guarantee",
    "cmf_rate": "cmf",
    "rate_rules": "rates",
    "royalty_rate": "rate",
    "frequency": "period",
}
#: Shorthands for one field of an object: {shorthand: object and field}.
WITHIN = {"fx_method": ("fx", "method"), "deduction_cap": ("deductions", "cap")}
RATE_ALIASES = {"royalty_rate": "rate"}
TIER_ALIASES = {"to": "up_to"}
PERIOD_WORDS = {"MONTHLY": "MONTH", "QUARTERLY": "QUARTER"}
FIELDS = frozenset({field.name for field in fields(Agreement)} - {"rules"}) | {
    "rates", "rate", "tiers", "mode", "floor", "guarantee", "advance", *WITHIN,
}  # fmt: skip
SCOPE_FIELDS = frozenset({
    "property", "properties", "category", "categories", "territory", "territories", "channel", "channels", "basis", "bases",
})  # fmt: skip
RULE_FIELDS = SCOPE_FIELDS | {"id", "rate", "tiers", "mode", "floor", "from", "to"}
GUARANTEE_FIELDS = SCOPE_FIELDS | {"pool", "amount", "from", "to"}


def read_agreement(value: Any, path: str = "agreement") -> Agreement:
    node = Node(value, path, fields=FIELDS, aliases=ALIASES)
    currency = values.currency(node.needed("currency"), node.at("currency"))
    term = _term(node)
    agreement = Agreement(
        currency=currency,
        rules=_rules(node, currency),
        id=node.read("id", values.text, ""),
        period=node.read("period", _period_kind),
        due_days=node.read("due_days", values.whole, 30, most=3650),
        zone=node.read("zone", values.zone, "UTC"),
        term=term,
        fx=_fx(node),
        returns_cap=node.read("returns_cap", values.rate),
        tier_period=_tier_period(node, term),
        deductions=_deductions(node),
        guarantees=_guarantees(node, currency, term),
        advances=_advances(node, currency),
        cmf=node.read("cmf", values.rate, Fraction(0)),
        sell_off_credits=node.read("sell_off_credits", values.boolean, False),
        lines_per=node.read("lines_per", values.choice, LinesPer.GROUP, choices=LinesPer),
        articles=_articles(node),
    )
    node.close()
    _check_pools(agreement, node)
    return agreement


def _period_kind(value: Any, field: str) -> PeriodKind:
    word = values.text(value, field).upper()
    return values.choice(PERIOD_WORDS.get(word, value), field, PeriodKind)


def _within(node: Node, name: str, known: Collection[str]) -> Node | None:
    """The object under `name`, with what a shorthand beside it says; None when there is neither."""
    (short,) = [short for short, (outer, _field) in WITHIN.items() if outer == name]
    value, told = node.get(name), node.get(short)
    if value is None and told is None:
        return None
    inner = Node({} if value is None else value, node.at(name), fields=known)
    if told is not None:
        inner.put(WITHIN[short][1], told, node.at(short))
    return inner


def _term(node: Node) -> Window:
    value = node.get("term")
    if value is None:
        return Window()
    inner = Node(value, node.at("term"), fields={"from", "to"})
    window = _window(inner)
    inner.close()
    return window


def _window(node: Node) -> Window:
    """Its "from" and "to": days, or periods by their name, of which the first and the last day are taken."""
    first, last = node.read("from", _first_day), node.read("to", _last_day)
    if first and last and last < first:
        refuse("ENDS_BEFORE_IT_STARTS", node.at("to"))
    return Window(first, last)


def _first_day(value: Any, field: str) -> date:
    found = values.period_named(value) if isinstance(value, str) else None
    return found[1] if found else values.day(value, field)


def _last_day(value: Any, field: str) -> date:
    found = values.period_named(value) if isinstance(value, str) else None
    return found[2] if found else values.day(value, field)


def _rules(node: Node, currency: str) -> tuple[RateRule, ...]:
    """`rates`, or the shorthand `rate` (or `tiers`): one rule for everything."""
    if node.get("rates") is not None:
        for field in ("rate", "tiers"):
            if node.get(field) is not None:
                refuse("CONFLICT", node.at(field), field=field, other="rates")
        listed = enumerate(node.listed("rates"), 1)
        found = [_rule(_rule_node(item, path), number, currency) for number, (item, path) in listed]
        _check_ids([(rule.id, f"{node.at('rates')}[{number}].id") for number, rule in enumerate(found)])
        return tuple(found)
    if node.get("rate") is None and node.get("tiers") is None:
        refuse("MISSING_FIELD", node.at("rates"), field="rates")
    shorthand = {field: node.get(field) for field in ("rate", "tiers", "mode", "floor")}
    return (_rule(node.part(shorthand), 1, currency),)


def _rule_node(item: Any, path: str) -> Node:
    return Node(item, path, fields=RULE_FIELDS, aliases=RATE_ALIASES)


def _rule(node: Node, number: int, currency: str) -> RateRule:
    rule = RateRule(
        id=node.read("id", values.text, f"rule {number}"),
        scope=_scope(node),
        tiers=_tiers(node, currency),
        mode=node.read("mode", values.choice, TierMode.INCREMENTAL, choices=TierMode),
        floor=node.read("floor", values.fraction),
        window=_window(node),
    )
    node.close()
    return rule


def _scope(node: Node) -> Scope:
    return Scope(
        properties=_names(node, "property", "properties"),
        categories=_names(node, "category", "categories"),
        territories=frozenset(map(values.territory, _names(node, "territory", "territories"))),
        channels=_names(node, "channel", "channels"),
        bases=frozenset(name.upper() for name in _names(node, "basis", "bases")),
    )


def _names(node: Node, one: str, many: str) -> frozenset[str]:
    """A dimension under its singular or plural name; blank, missing or "*" is any."""
    if node.get(one) is not None and node.get(many) is not None:
        refuse("CONFLICT", node.at(many), field=many, other=one)
    found = frozenset(node.read(one, values.names, frozenset()) | node.read(many, values.names, frozenset()))
    return frozenset() if "*" in found else found


def _tiers(node: Node, currency: str) -> tuple[Tier, ...]:
    if node.get("tiers") is None:
        return (Tier(None, values.rate(node.needed("rate"), node.at("rate"))),)
    if node.get("rate") is not None:
        refuse("CONFLICT", node.at("rate"), field="rate", other="tiers")
    tiers: list[Tier] = []
    for item, path in node.listed("tiers"):
        inner = Node(item, path, fields={"from", "up_to", "rate"}, aliases=TIER_ALIASES | RATE_ALIASES)
        _check_start(inner, tiers, currency)
        up_to = inner.read("up_to", values.minor, None, currency=currency)
        tiers.append(Tier(up_to, values.rate(inner.needed("rate"), inner.at("rate"))))
        inner.close()
    ends = [tier.up_to for tier in tiers[:-1]]
    rises = all(end is not None and end > 0 for end in ends) and ends == sorted(set(ends), key=lambda end: end or 0)
    if not tiers or tiers[-1].up_to is not None or not rises:
        refuse("BAD_TIERS", node.at("tiers"))
    return tuple(tiers)


def _check_start(node: Node, before: list[Tier], currency: str) -> None:
    """A tier begins where the one before it ends, and the first at nothing; `from` may say so and no more."""
    start = node.read("from", values.minor, None, currency=currency)
    end = before[-1].up_to if before else 0
    if start is not None and start != end:
        wanted = "-" if end is None else money_text(end, currency)
        refuse("BAD_CHOICE", node.at("from"), value=values.shown(node.get("from")), choices=wanted)


def _tier_period(node: Node, term: Window) -> TierPeriod:
    found: TierPeriod = node.read("tier_period", values.choice, TierPeriod.TERM, choices=TierPeriod)
    if found is TierPeriod.CONTRACT_YEAR and term.first_day is None:
        refuse("MISSING_FIELD", node.at("term.from"), field="term.from")
    return found


def _fx(node: Node) -> FxTable:
    inner = _within(node, "fx", {"method", "source", "rates", "gaps"})
    if inner is None:
        return FxTable()
    method = values.choice(inner.needed("method"), inner.at("method"), FxMethod)
    fixed, daily = _rates(inner, method)
    table = FxTable(
        method=method,
        source=inner.read("source", values.text, ""),
        fixed=fixed,
        daily=daily,
        gaps=inner.read("gaps", values.choice, FxGaps.REFUSE, choices=FxGaps),
    )
    inner.close()
    return table


def _rates(node: Node, method: FxMethod) -> tuple[dict[str, Fraction], dict[str, dict[date, Fraction]]]:
    """The table as {currency: {day: rate}}, {currency: rate} when it is FIXED, or a list of {currency, date, rate}."""
    value, path = node.get("rates", {}), node.at("rates")
    fixed: dict[str, Fraction] = {}
    daily: dict[str, dict[date, Fraction]] = {}
    for code, day, rate, at in _rate_rows(value, path):
        currency, found = values.currency(code, at), Fraction(values.exchange_rate(rate, at))
        if (day is None) is not (method is FxMethod.FIXED):
            refuse("FX_TABLE_SHAPE", at, method=method.value)
        known: dict[Any, Fraction] = fixed if day is None else daily.setdefault(currency, {})
        key = currency if day is None else values.day(day, at)
        if key in known:
            refuse("DUPLICATE_ID", at, id=str(key))
        known[key] = found
    return fixed, daily


def _rate_rows(value: Any, path: str) -> list[tuple[Any, Any, Any, str]]:
    if isinstance(value, list):
        rows = []
        for item, at in values.items(value, path):
            node = Node(item, at, fields={"currency", "date", "rate"})
            rows.append((node.needed("currency"), node.get("date"), node.needed("rate"), at))
            node.close()
        return rows
    table = Node(value, path).values
    found: list[tuple[Any, Any, Any, str]] = []
    for code, rates in table.items():
        at = f"{path}.{code}"
        if isinstance(rates, dict):
            found += [(code, day, rate, f"{at}.{day}") for day, rate in rates.items()]
        else:
            found.append((code, None, rates, at))
    return found


def read_period_fx(value: Any, path: str) -> dict[str, Fraction]:
    """Rates that were chosen for a period: {currency: rate}."""
    table = Node(value, path).values
    return {
        values.currency(code, f"{path}.{code}"): Fraction(values.exchange_rate(rate, f"{path}.{code}"))
        for code, rate in table.items()
    }


def _deductions(node: Node) -> DeductionPolicy:
    inner = _within(node, "deductions", {"allowed", "cap"})
    if inner is None:
        return DeductionPolicy()
    allowed = inner.read("allowed", values.names)
    policy = DeductionPolicy(
        None if allowed is None or "*" in allowed else frozenset(map(str.upper, allowed)),
        inner.read("cap", values.rate),
    )
    inner.close()
    return policy


def _guarantees(node: Node, currency: str, term: Window) -> tuple[Guarantee, ...]:
    """`guarantees`, or the shorthand `guarantee`: an amount for the whole term."""
    if node.get("guarantee") is not None:
        if node.get("guarantees") is not None:
            refuse("CONFLICT", node.at("guarantee"), field="guarantee", other="guarantees")
        value = node.get("guarantee")
        plain = value if isinstance(value, dict) else {"amount": value}
        found = [_guarantee(_guarantee_node(plain, node.at("guarantee")), 1, currency, term)]
    else:
        listed = enumerate(node.listed("guarantees"), 1)
        found = [_guarantee(_guarantee_node(item, path), number, currency, term) for number, (item, path) in listed]
    _check_ids([(one.pool, f"{node.at('guarantees')}[{number}].pool") for number, one in enumerate(found)])
    return tuple(found)


def _guarantee_node(item: Any, path: str) -> Node:
    return Node(item, path, fields=GUARANTEE_FIELDS)


def _guarantee(node: Node, number: int, currency: str, term: Window) -> Guarantee:
    window = _window(node)
    last_day = window.last_day or term.last_day
    if last_day is None:
        refuse("MISSING_FIELD", node.at("to"), field="to")
    found = Guarantee(
        pool=node.read("pool", values.text, f"pool {number}"),
        amount=values.minor(node.needed("amount"), node.at("amount"), currency),
        scope=_scope(node),
        first_day=window.first_day or term.first_day,
        last_day=last_day,
    )
    node.close()
    return found


def _advances(node: Node, currency: str) -> tuple[Advance, ...]:
    """`advances`, or the shorthand `advance`: one amount, paid on signing."""
    if node.get("advance") is not None:
        if node.get("advances") is not None:
            refuse("CONFLICT", node.at("advance"), field="advance", other="advances")
        value = node.get("advance")
        rows = [(value if isinstance(value, dict) else {"amount": value}, node.at("advance"))]
    else:
        rows = node.listed("advances")
    found = []
    for item, path in rows:
        inner = Node(item, path, fields={"amount", "date", "pool"})
        amount = values.minor(inner.needed("amount"), inner.at("amount"), currency)
        found.append(Advance(amount, inner.read("date", values.day), inner.read("pool", values.text, "")))
        inner.close()
    return tuple(found)


def _check_pools(agreement: Agreement, node: Node) -> None:
    pools = {one.pool for one in agreement.guarantees}
    for number, advance in enumerate(agreement.advances):
        if advance.pool and advance.pool not in pools:
            refuse("UNKNOWN_POOL", f"{node.at('advances')}[{number}].pool", pool=advance.pool)


def _check_ids(found: list[tuple[str, str]]) -> None:
    seen: set[str] = set()
    for name, path in found:
        if name in seen:
            refuse("DUPLICATE_ID", path, id=name)
        seen.add(name)


def _articles(node: Node) -> Mapping[str, Article]:
    """`articles`: {sku: {category, property or shares}}."""
    value = node.get("articles")
    if value is None:
        return {}
    found = {}
    for sku, item in Node(value, node.at("articles")).values.items():
        inner = Node(item, f"{node.at('articles')}.{sku}")
        category = inner.read("category", values.text, "")
        found[sku] = Article(category, read_shares(inner.get("property"), inner.get("shares"), inner.path))
        inner.close()
    return found


def read_shares(of_property: Any, shares: Any, path: str) -> Shares:
    """One property, or several with basis points that add up to 10,000; () when neither is said. In the order of the names."""
    if shares is None:
        return (
            ((values.text(of_property, values.joined(path, "property")), WHOLE_SHARE),)
            if of_property is not None
            else ()
        )
    at = values.joined(path, "shares")
    if of_property is not None:
        refuse("CONFLICT", at, field="shares", other="property")
    found = [(name, _points(points, f"{at}.{name}")) for name, points in _share_rows(shares, at)]
    _check_ids([(name, at) for name, _points_of in found])
    if sum(points for _name, points in found) != WHOLE_SHARE:
        refuse("SHARES_DO_NOT_ADD_UP", at, sum=sum(points for _name, points in found))
    return tuple(sorted((name, points) for name, points in found if points))


def _share_rows(shares: Any, at: str) -> list[tuple[str, Any]]:
    """{"hero": 6000, …}, [{"property": "hero", "share": 6000}, …], or in a cell of a table "hero:6000;villain:4000"."""
    if isinstance(shares, str):
        pairs = [piece.rpartition(":") for piece in shares.split(";")]
        return [(name.strip(), points.strip()) for name, _colon, points in pairs]
    if isinstance(shares, list):
        rows = []
        for item, path in values.items(shares, at):
            node = Node(item, path, fields={"property", "share"})
            rows.append((values.text(node.needed("property"), node.at("property")), node.needed("share")))
            node.close()
        return rows
    return [(name.strip(), points) for name, points in Node(shares, at).values.items()]


def _points(value: Any, field: str) -> int:
    """Basis points: 6000, or "60%"."""
    if isinstance(value, str) and value.strip().endswith("%"):
        value = values.rate(value, field) * WHOLE_SHARE
        value = int(value) if value.denominator == 1 else Decimal("0.1")
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value.strip())
    return values.whole(value, field, most=WHOLE_SHARE)
