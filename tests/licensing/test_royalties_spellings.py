"""Other spellings of a case mean the same, to the digest; two spellings of one field are refused by name."""

import copy
from typing import Any

import pytest

from core.errors import Refused
from tests.licensing.test_royalties import calculate
from tests.licensing.test_royalties_refused import put, refusal, settle

PLAIN: dict[str, Any] = {
    "agreement": {"currency": "USD", "rate": "12%", "term": {"from": "2026-Q1", "to": "2026-Q1"}},
    "period": "2026-Q1",
    "sales": [{"id": "s1", "quantity": 120, "unit_price": "19.99"}],
    "returns": [{"id": "r1", "of": "s1", "quantity": 3}],
}
A, SALE, RETURN = "agreement", "sales[0]", "returns[0]"
TIERS = [{"up_to": 500, "rate": "8%"}, {"up_to": 900, "rate": "10%"}, {"rate": "12%"}]
TOLD = [{"from": 0, "to": 500, "rate": "8%"}, {"from": 500, "to": 900, "rate": "10%"}, {"from": 900, "rate": "12%"}]
SPELLINGS = [
    # where, its own field, the value, the other spelling, its value when it is another
    (A, "guarantee", "500", "mg", None),
    (A, "guarantee", "500", "minimum_guarantee", None),
    (A, "cmf", "2%", "cmf_rate", None),
    (A, "rate", "12%", "royalty_rate", None),
    (A, "rates", [{"rate": "9%"}], "rate_rules", [{"royalty_rate": "9%"}]),
    (A, "period", "QUARTER", "frequency", "QUARTERLY"),
    (A, "fx", {"method": "LAST_DAY"}, "fx_method", "LAST_DAY"),
    (A, "deductions", {"cap": "10%"}, "deduction_cap", "10%"),
    (SALE, "unit_price", "19.99", "unit_price_without_tax", None),
    (SALE, "unit_price", "19.99", "price_without_tax", None),
    (SALE, "id", "s1", "line_id", None),
    (RETURN, "of", "s1", "sale", None),
    (RETURN, "of", "s1", "sale_id", None),
]


def with_field(path: str, field: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(PLAIN)
    if field in ("rates", "rate_rules"):
        del document["agreement"]["rate"]
    put(document, f"{path}.{field}", value)
    return document


@pytest.mark.parametrize(("path", "own", "value", "other", "told"), SPELLINGS, ids=[one[3] for one in SPELLINGS])
def test_another_spelling_means_the_same_and_both_are_refused(path, own, value, other, told) -> None:
    document = with_field(path, own, value)
    respelt = copy.deepcopy(document)
    put(respelt, f"{path}.{own}", ...)
    put(respelt, f"{path}.{other}", value if told is None else told)

    assert calculate(respelt) == calculate(document)

    put(document, f"{path}.{other}", value if told is None else told)
    with pytest.raises(Refused) as caught:
        settle(document)
    assert caught.value.code in ("CONFLICT", "PRICE_UNCLEAR")
    assert caught.value.facts["path"].rpartition(".")[2] in (other, "unit_price_without_tax")


def test_tiers_may_say_where_they_begin() -> None:
    plain, told = copy.deepcopy(PLAIN), copy.deepcopy(PLAIN)
    for document, tiers in ((plain, TIERS), (told, TOLD)):
        del document["agreement"]["rate"]
        document["agreement"]["tiers"] = copy.deepcopy(tiers)

    assert calculate(told) == calculate(plain)

    told["agreement"]["tiers"][1]["from"] = 501
    assert refusal(told) == ("BAD_CHOICE", "agreement.tiers[1].from")


@pytest.mark.parametrize("amount", [100, "100.00"])
def test_a_bare_amount_is_one_deduction(amount) -> None:
    listed = with_field(A, "deductions", {"cap": "10%"})
    bare = copy.deepcopy(listed)
    listed["deductions"], bare["deductions"] = [{"amount": amount}], amount

    (found,) = calculate(bare)

    assert [found] == calculate(listed)
    assert (found["deductions"], found["net"], found["royalty"]) == ("100.00", "2238.83", "268.66")


@pytest.mark.parametrize(
    ("where", "value", "code"),
    [
        ("agreement.rats", [], "UNKNOWN_FIELD"),
        ("agreement.cmf_rate", "x", "BAD_AMOUNT"),
        ("agreement.fx_method", "x", "BAD_CHOICE"),
        ("sales[0].quantity", 10**12 + 1, "BAD_WHOLE_NUMBER"),
        ("sales[0].quantity", "9" * 30, "BAD_WHOLE_NUMBER"),
    ],
)
def test_a_fault_is_told_as_it_was_written(where, value, code) -> None:
    document = copy.deepcopy(PLAIN)
    if where.endswith("rats"):
        del document["agreement"]["rate"]
    put(document, where, value)

    assert refusal(document) == (code, where)
