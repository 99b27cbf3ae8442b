"""What holds for every case: parts add up, order means nothing, what is closed stays, money paid is never asked back."""

import copy
import json
import random
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.money import rounded
from licensing.royalties import groups, rates, statements
from licensing.royalties.cases import Case, books_of, parse_json
from licensing.royalties.line_files import rows_of
from licensing.royalties.line_index import FileIndex
from licensing.royalties.rounding import minor_digits
from licensing.royalties.statements import make_statements
from licensing.royalties.writing import as_plain

quick = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)

AGREEMENT: dict[str, Any] = {
    "currency": "USD",
    "fx": {
        "method": "LAST_DAY",
        "source": "made up",
        "gaps": "PREVIOUS",
        "rates": {"EUR": {"2025-12-31": "1.0845", "2026-05-15": "1.1"}},
    },
    "rates": [
        {
            "id": "hero",
            "property": "hero",
            "tiers": [{"up_to": "40", "rate": "7.5%"}, {"up_to": "90", "rate": "10%"}, {"rate": "12.25%"}],
        },
        {"id": "villain", "property": "villain", "rate": "9.9%", "floor": "0.11"},
    ],
    "deductions": {"allowed": ["FREIGHT"], "cap": "7%"},
    "advance": "3.21",
    "cmf": "1.75%",
    "guarantees": [
        {"pool": "de", "territory": "DE", "amount": "20", "to": "2026-Q2"},
        {"pool": "us", "territory": "US", "amount": "9", "to": "2026-Q3"},
    ],
}
GOODS = [{"property": "hero"}, {"property": "villain"}, {"shares": {"hero": 3333, "villain": 6667}}]
cents = st.integers(1, 9_999).map(lambda amount: f"{amount // 100}.{amount % 100:02}")
sales = st.fixed_dictionaries(
    {
        "goods": st.sampled_from(GOODS),
        "territory": st.sampled_from(["DE", "US"]),
        "currency": st.sampled_from(["EUR", "USD"]),
        "quantity": st.integers(1, 9),
        "unit_price": cents,
        "deductions": st.dictionaries(st.sampled_from(["FREIGHT", "GIFT"]), cents, max_size=2),
    },
    optional={"vat": st.sampled_from(["7%", "0.19"])},
)


def sale_of(drawn: dict[str, Any], name: str) -> dict[str, Any]:
    drawn = {**drawn, "id": name}
    drawn.update(drawn.pop("goods"))
    return {**drawn, "includes_tax": True} if "vat" in drawn else drawn


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Three quarters of sales, with returns of sales of the same or an earlier quarter and adjustments."""
    periods: list[dict[str, Any]] = []
    sold: list[tuple[str, int]] = []
    for quarter in (1, 2, 3):
        here = [sale_of(one, f"s{quarter}.{n}") for n, one in enumerate(draw(st.lists(sales, max_size=4)))]
        sold += [(one["id"], one["quantity"]) for one in here]
        back = draw(st.lists(st.sampled_from(sold), max_size=2, unique=True)) if sold else []
        returns = [{"of": name, "quantity": draw(st.integers(1, quantity))} for name, quantity in back]
        sold = [one for one in sold if one not in back]
        adjustments = draw(st.lists(st.sampled_from([{"amount": "-7.77"}, {"amount": "1.01"}]), max_size=1))
        periods.append({"name": f"2026-Q{quarter}", "sales": here, "returns": returns, "adjustments": adjustments})
    return {"agreement": AGREEMENT, "periods": periods}


def calculate(document: dict[str, Any]) -> list[dict[str, Any]]:
    case = Case(parse_json(json.dumps(document)))
    return [as_plain(statement) for statement in make_statements(books_of(case), opening=case.opening)]


def total(rows: list[dict[str, Any]], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), Decimal(0))


@quick
@given(cases())
def test_parts_always_add_up(document: dict[str, Any]) -> None:
    for told in calculate(document):
        assert total(told["groups"], "base") == Decimal(told["base"])
        assert total(told["groups"], "royalty") == Decimal(told["royalty"])
        assert total(told["adjustment_lines"], "amount") == Decimal(told["adjustments"])
        assert Decimal(told["royalty"]) + Decimal(told["adjustments"]) == Decimal(told["earned"])
        for group in told["groups"]:
            assert total(group["parts"], "base") == Decimal(group["base"])
            assert total(group["parts"], "royalty") == Decimal(group["royalty"])
            for part in group["parts"]:
                assert total(part["slices"], "base") == Decimal(part["base"])


@quick
@given(cases())
def test_a_replay_gives_the_same_digest_and_another_cent_another(document: dict[str, Any]) -> None:
    other = copy.deepcopy(document)
    other["periods"][2]["adjustments"] = [*other["periods"][2]["adjustments"], {"amount": "0.01"}]

    first, again, changed = calculate(document), calculate(document), calculate(other)

    assert first == again
    assert [one["digest"] for one in first[:2]] == [one["digest"] for one in changed[:2]]
    assert first[2]["digest"] != changed[2]["digest"]


def test_other_terms_are_another_digest_wherever_a_run_begins() -> None:
    opening = {"cum_earned": "5"}
    cases_of = [
        {"agreement": {"currency": "USD", "rate": rate}, "period": "2026-Q2", "opening": start}
        for rate in ("10%", "11%")
        for start in (None, opening, {**opening, "digest": "sha256:" + "0" * 64}, {"cum_earned": "6"})
    ]

    assert len({calculate(case)[0]["digest"] for case in cases_of}) == 8


@quick
@given(cases(), st.randoms(use_true_random=False))
def test_a_permutation_of_the_lines_gives_the_same_statements(document: dict[str, Any], chance: random.Random) -> None:
    mixed = copy.deepcopy(document)
    for period in mixed["periods"]:
        for lines in (period["sales"], period["returns"], period["adjustments"]):
            chance.shuffle(lines)

    assert calculate(mixed) == calculate(document)


def test_lines_without_ids_may_be_mixed_too() -> None:
    lines = [{"amount": amount} for amount in ("1.05", "2.05", "1.05", "3")]
    agreement = {"currency": "USD", "rate": "10%"}

    told = [calculate({"agreement": agreement, "period": "2026-Q1", "sales": order}) for order in (lines, lines[::-1])]

    assert told[0] == told[1]
    assert len(set(told[0][0]["groups"][0]["lines"])) == 4


@quick
@given(cases(), cases())
def test_what_comes_later_never_changes_a_closed_statement(document: dict[str, Any], later: dict[str, Any]) -> None:
    closed = {**document, "periods": document["periods"][:2]}
    fresh = [{**sale, "id": f"later {sale['id']}"} for sale in later["periods"][0]["sales"]]
    other = {**document, "periods": [*document["periods"][:2], {"name": "2026-Q3", "sales": fresh}]}

    assert calculate(document)[:2] == calculate(closed)
    assert calculate(other)[:2] == calculate(closed)


@quick
@given(cases())
def test_money_paid_is_never_asked_back(document: dict[str, Any]) -> None:
    due, earned, before = Decimal(0), Decimal(0), Decimal("3.21")
    for told in calculate(document):
        due += Decimal(told["due"])
        earned += Decimal(told["earned"])
        assert Decimal(told["due"]) >= 0
        assert Decimal(told["cmf_due"]) >= 0
        assert due == Decimal(told["cum_due"])
        assert due >= earned - before


@quick
@given(cases())
def test_a_run_may_begin_where_a_closed_statement_ended(document: dict[str, Any]) -> None:
    document["periods"][2]["returns"] = []
    whole = calculate(document)

    rest = calculate({**document, "opening": whole[1]["carried"], "periods": document["periods"][2:]})

    assert rest == whole[2:]


@quick
@given(st.lists(cents, min_size=1, max_size=4))
def test_one_tier_is_the_same_in_both_modes(amounts: list[str]) -> None:
    periods = [{"name": f"2026-Q{n}", "sales": [{"amount": amount}]} for n, amount in enumerate(amounts, 1)]
    told = [
        calculate({"agreement": {"currency": "USD", "tiers": [{"rate": "11.5%"}], "mode": mode}, "periods": periods})
        for mode in ("INCREMENTAL", "WHOLE")
    ]

    assert [one["royalty"] for one in told[0]] == [one["royalty"] for one in told[1]]


@quick
@given(
    st.lists(st.integers(0, 20_000_000), min_size=1, max_size=4),
    st.lists(st.integers(1, 200_000), min_size=1, max_size=3, unique=True).map(sorted),
    st.lists(st.integers(0, 10_000), min_size=4, max_size=4),
)
def test_tiers_are_what_a_plain_reading_of_the_formula_gives(
    bases: list[int], ends: list[int], points: list[int]
) -> None:
    """Amounts in cents, ends in dollars, rates in basis points; the other rounding is the one of the decimal module."""
    rates = [f"{Decimal(point) / 10_000:f}" for point in points]
    tiers = [{"up_to": end, "rate": rate} for end, rate in zip(ends, rates, strict=False)] + [{"rate": rates[-1]}]
    periods = [
        {"name": f"2026-Q{n}", "sales": [{"amount": f"{Decimal(base) / 100:f}"}]} for n, base in enumerate(bases, 1)
    ]

    told = calculate({"agreement": {"currency": "USD", "tiers": tiers}, "periods": periods})

    before, expected = Decimal(0), []
    for base in bases:
        after, royalty, low = before + Decimal(base) / 100, Decimal(0), Decimal(0)
        for tier in tiers:
            high = Decimal(tier.get("up_to", 10**12))
            slice_of = max(Decimal(0), min(after, high) - max(before, low))
            royalty += (slice_of * Decimal(tier["rate"])).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
            low = high
        expected.append(royalty)
        before = after
    assert [Decimal(one["royalty"]) for one in told] == expected


# -- streams ----------------------------------------------------------------------------------------


def flat(document: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = {"sales": "sale", "returns": "return", "adjustments": "adjustment"}
    return [
        {**line, "kind": kind, "period": period["name"]}
        for period in document["periods"]
        for field, kind in kinds.items()
        for line in period[field]
    ]


def streamed(document: dict[str, Any], folder: Path, parts: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    paths = [folder / f"{number}.jsonl" for number in range(len(parts))]
    for path, lines in zip(paths, parts, strict=True):
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    bare = {"agreement": document["agreement"], "periods": [period["name"] for period in document["periods"]]}
    case = Case(bare, lambda: rows_of(paths))
    database = folder / "index.sqlite3"
    database.unlink(missing_ok=True)
    index = FileIndex(database)
    try:
        return [as_plain(one, has_lines=False) for one in make_statements(books_of(case, index=index, keeps_ids=False))]
    finally:
        index.close()


@settings(quick, max_examples=10)
@given(cases(), st.integers(0, 30))
def test_splitting_the_lines_into_two_files_changes_nothing(tmp_path: Path, document: dict[str, Any], at: int) -> None:
    lines = flat(document)

    one = streamed(document, tmp_path, [lines])
    two = streamed(document, tmp_path, [lines[at:], lines[:at]])

    assert one == two


@settings(quick, max_examples=10)
@given(cases())
def test_a_stream_says_what_the_case_says(tmp_path: Path, document: dict[str, Any]) -> None:
    """Late returns are one line a group in a stream, because it keeps no lines; every sum and the digest are the same."""
    for told, held in zip(streamed(document, tmp_path, [flat(document)]), calculate(document), strict=True):
        lists = ("groups", "adjustment_lines", "payments")
        assert {name: value for name, value in told.items() if name not in lists} == {
            name: value for name, value in held.items() if name not in lists
        }
        assert [group["royalty"] for group in told["groups"]] == [group["royalty"] for group in held["groups"]]
        assert total(told["adjustment_lines"], "amount") == total(held["adjustment_lines"], "amount")


# -- each point of rounding can be seen to be wrong --------------------------------------------------


def half_up(value: Fraction, currency: str) -> int:
    """The rounding of shopkeepers: what a careless change would bring in."""
    scaled = value * 10 ** minor_digits(currency)
    return rounded(scaled.numerator * 1_000_000 + 1, scaled.denominator * 1_000_000)


FIXED = {"method": "FIXED", "rates": {"EUR": "0.5"}}
TIE = {"amount": "64321.25"}
TIES = {
    "base": (
        groups, "round_base", {"currency": "USD", "rate": "100%", "fx": FIXED},
        {"amount": "0.25", "currency": "EUR"}, "0.12", "0.13",
    ),
    "royalty": (rates, "round_royalty", {"currency": "USD", "rate": "10%"}, TIE, "6432.12", "6432.13"),
    "floor": (groups, "round_royalty", {"currency": "USD", "rate": "0%", "floor": "0.005"}, TIE, "0.00", "0.01"),
    "cmf": (statements, "round_fund", {"currency": "USD", "rate": "10%", "cmf": "2%"}, TIE, "1286.42", "1286.43"),
    "deductions": (
        groups, "round_cap", {"currency": "USD", "rate": "10%", "deductions": {"cap": "5%"}},
        {"amount": "0.10", "deductions": "1"}, "0.00", "0.01",
    ),
}  # fmt: skip


@pytest.mark.parametrize("point", TIES)
def test_a_tie_goes_to_even_and_another_rounding_would_be_seen(point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, agreement, sale, right, wrong = TIES[point]
    document = {"agreement": agreement, "period": "2026-Q1", "sales": [sale]}
    figure = {"floor": "royalty"}.get(point, point)

    kept = calculate(document)[0][figure]
    monkeypatch.setattr(module, name, (lambda *of: Fraction(half_up(*of), 100)) if name == "round_cap" else half_up)
    broken = calculate(document)[0][figure]

    assert (kept, broken) == (right, wrong)


def test_rounding_each_line_instead_of_the_group_would_be_seen() -> None:
    lines = [{"amount": "0.125"}] * 3

    told = calculate({"agreement": {"currency": "USD", "rate": "100%"}, "period": "2026-Q1", "sales": lines})

    assert told[0]["base"] == "0.38"  # three times 0.12 would be 0.36


def test_the_last_cent_of_a_tie_goes_to_the_first_property_by_name_whatever_the_order() -> None:
    agreement = {"currency": "USD", "rate": "100%"}
    orders = ({"b": 5000, "a": 5000}, {"a": 5000, "b": 5000})

    told = [
        calculate({"agreement": agreement, "period": "2026-Q1", "sales": [{"amount": "0.01", "shares": shares}]})
        for shares in orders
    ]

    assert told[0] == told[1]
    assert [part["base"] for part in told[0][0]["groups"][0]["parts"]] == ["0.01", "0.00"]


def test_very_many_and_very_small_amounts_are_exact() -> None:
    lines = [{"quantity": 10**12, "unit_price": "999.999999999999"}, {"amount": "0.000000000001"}]
    lines += [{"amount": "1.50000000000000000000000"}, {"amount": "0.0000000000000000000"}]

    told = calculate({"agreement": {"currency": "USD", "rate": "100%"}, "period": "2026-Q1", "sales": lines})

    assert told[0]["base"] == "1000000000000000.50"  # 10^15 less 1, and 1.500000000001
