"""Bad input is refused with a code, the path of the fault and a sentence; the command ends with 2 and never with a traceback."""

import copy
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from core.errors import SENTENCES, Refused
from licensing.royalties.cases import Case, books_of, parse_json
from licensing.royalties.statements import make_statements

GOOD: dict[str, Any] = {
    "agreement": {
        "currency": "USD",
        "rates": [{"id": "de", "territory": "DE", "rate": "10%"}, {"id": "fr", "territory": "FR", "rate": "12%"}],
        "fx": {"method": "LAST_DAY", "source": "ECB", "rates": {"EUR": {"2026-03-31": "1.1"}}},
        "guarantees": [{"pool": "all", "amount": "10", "to": "2026-Q2"}],
        "articles": {"MUG": {"category": "home", "shares": {"hero": 6000, "villain": 4000}}},
        "zone": "Europe/Berlin",
    },
    "periods": [
        {
            "name": "2026-Q1",
            "sales": [
                {"id": "s1", "territory": "DE", "currency": "EUR", "quantity": 2, "unit_price": "9.99", "date": "2026-02-01"}
            ],
            "returns": [{"id": "r1", "of": "s1", "quantity": 1}],
            "deductions": [{"id": "d1", "type": "FREIGHT", "amount": "1", "territory": "DE"}],
            "adjustments": [{"id": "a1", "amount": "-1.00"}],
            "payments": [{"id": "p1", "amount": "1.00"}],
        }
    ],
}  # fmt: skip
SALE, RETURN = "periods[0].sales[0]", "periods[0].returns[0]"


def put(document: dict[str, Any], path: str, value: Any) -> None:
    """Set what stands at `path`, like "periods[0].sales[0].quantity"; an Ellipsis takes it away."""
    *way, last = path.replace("[", ".[").split(".")
    at: Any = document
    for name in way:
        at = at[int(name[1:-1])] if name.startswith("[") else at[name]
    if value is ...:
        del at[last]
    else:
        at[int(last[1:-1]) if last.startswith("[") else last] = value


def settle(document: Any) -> None:
    case = Case(document if isinstance(document, dict) else parse_json(document))
    list(make_statements(books_of(case), opening=case.opening))


def refusal(document: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        settle(document)
    assert "%(" not in caught.value.sentence
    return caught.value.code, caught.value.facts["path"]


TIERS = [{"up_to": "5", "rate": "1%"}, {"up_to": "4", "rate": "1%"}, {"rate": "2%"}]
POOLS = [{"pool": "a", "amount": 1, "to": "2026-Q1"}, {"pool": "b", "amount": 1, "to": "2026-Q1"}]
TWICE = [{"property": "hero", "share": 5000}, {"property": "hero", "share": 5000}]
BEFORE = {"territory": "DE", "quantity": 1, "unit_price": "1", "sold_in": "2025-Q4"}
FAULTS = [
    # where, what is put there, code, path when it is another
    ("agreement.colour", "red", "UNKNOWN_FIELD", None),
    ("agreement.rates[0].teritory", "DE", "UNKNOWN_FIELD", None),
    ("periods[0].sale", [], "UNKNOWN_FIELD", None),
    (f"{SALE}.colour", "red", "UNKNOWN_FIELD", None),
    (f"{RETURN}.colour", "red", "UNKNOWN_FIELD", None),
    ("extra", 1, "UNKNOWN_FIELD", None),
    ("agreement.currency", "XXY", "BAD_CURRENCY", None),
    ("agreement.currency", ..., "MISSING_FIELD", None),
    ("agreement.rates[1].rate", 12, "BAD_RATE", None),
    ("agreement.rates[1].rate", "101%", "BAD_RATE", None),
    ("agreement.rates[1].rate", 0.12, "BAD_AMOUNT", None),
    ("agreement.rates[1].rate", "-1%", "NEGATIVE", None),
    ("agreement.rates[1].id", "de", "DUPLICATE_ID", None),
    ("agreement.rates[0].tiers", [{"rate": "1%"}], "CONFLICT", "agreement.rates[0].rate"),
    ("agreement.rates", [{"tiers": [{"up_to": "5", "rate": "1%"}]}], "BAD_TIERS", "agreement.rates[0].tiers"),
    ("agreement.rates", [{"tiers": TIERS}], "BAD_TIERS", "agreement.rates[0].tiers"),
    ("agreement.rates", [{"territory": "JP", "rate": "1%"}], "NO_RATE_RULE", SALE),
    ("agreement.rates[1].territory", "", "AMBIGUOUS_RATE_RULE", SALE),
    ("agreement.rates[1]", [], "NOT_AN_OBJECT", None),
    ("agreement.rates", {}, "NOT_A_LIST", None),
    ("agreement.zone", "Mars/Olympus", "BAD_ZONE", None),
    ("agreement.period", "WEEK", "BAD_CHOICE", None),
    ("agreement.period", "MONTH", "WRONG_PERIOD_KIND", "periods[0].name"),
    ("agreement.due_days", -1, "BAD_WHOLE_NUMBER", None),
    ("agreement.sell_off_credits", "maybe", "NOT_A_BOOLEAN", None),
    ("agreement.tier_period", "CONTRACT_YEAR", "MISSING_FIELD", "agreement.term.from"),
    ("agreement.fx.method", "FIXED", "FX_TABLE_SHAPE", "agreement.fx.rates.EUR.2026-03-31"),
    ("agreement.fx.method", "FIRST_DAY", "FX_RATE_MISSING", SALE),
    ("agreement.fx.rates.EUR", {"2026-03-30": "1.1"}, "FX_RATE_MISSING", SALE),
    ("agreement.fx.rates.EUR", {"2026-03-31": "0"}, "BAD_FX_RATE", "agreement.fx.rates.EUR.2026-03-31"),
    ("agreement.fx.rates.EUR", {"31.03.2026": "1"}, "BAD_DATE", "agreement.fx.rates.EUR.31.03.2026"),
    ("agreement.guarantees[0].to", ..., "MISSING_FIELD", None),
    ("agreement.guarantees", POOLS, "GUARANTEES_OVERLAP", "agreement.guarantees"),
    ("agreement.guarantees[0].amount", "1.005", "AMOUNT_TOO_FINE", None),
    ("agreement.guarantees[0].from", "2026-Q4", "ENDS_BEFORE_IT_STARTS", "agreement.guarantees[0].to"),
    ("agreement.advances", [{"amount": 1, "pool": "none"}], "UNKNOWN_POOL", "agreement.advances[0].pool"),
    ("agreement.articles.MUG.shares", {"hero": 6000, "villain": 3999}, "SHARES_DO_NOT_ADD_UP", None),
    ("agreement.articles.MUG.shares", {"hero": 60, "villain": 40}, "SHARES_DO_NOT_ADD_UP", None),
    ("agreement.articles.MUG.shares", TWICE, "DUPLICATE_ID", None),
    ("agreement.articles.MUG.shares", {"hero": "60.5"}, "BAD_WHOLE_NUMBER", "agreement.articles.MUG.shares.hero"),
    (f"{SALE}.quantity", -1, "BAD_QUANTITY", None),
    (f"{SALE}.quantity", "1.5", "BAD_QUANTITY", None),
    (f"{SALE}.quantity", True, "BAD_QUANTITY", None),
    (f"{SALE}.quantity", ..., "MISSING_FIELD", None),
    (f"{SALE}.unit_price", "-9.99", "NEGATIVE", None),
    (f"{SALE}.unit_price", 9.99, "BAD_AMOUNT", None),
    (f"{SALE}.unit_price", "9,99", "BAD_AMOUNT", None),
    (f"{SALE}.unit_price", "１２", "BAD_AMOUNT", None),
    (f"{SALE}.unit_price", Decimal("1e99999"), "BAD_AMOUNT", None),
    (f"{SALE}.unit_price", "0.1000000000000000000000000000000000000001", "BAD_AMOUNT", None),
    (f"{SALE}.unit_price", Decimal("0." + "1" * 200), "BAD_AMOUNT", None),
    (f"{SALE}.unit_price", ..., "PRICE_UNCLEAR", None),
    (f"{SALE}.amount", "19.98", "PRICE_UNCLEAR", None),
    (f"{SALE}.vat", "19%", "TAX_UNCLEAR", None),
    (f"{SALE}.includes_tax", True, "MISSING_FIELD", f"{SALE}.vat"),
    (f"{SALE}.date", "2026-04-01", "DATE_OUTSIDE_PERIOD", SALE),
    (f"{SALE}.date", "2026-02-30", "BAD_DATE", None),
    (f"{SALE}.date", 20260201, "BAD_DATE", None),
    (f"{SALE}.at", "2026-02-01T10:00:00Z", "CONFLICT", None),
    (f"{SALE}.currency", "EURO", "BAD_CURRENCY", None),
    (f"{SALE}.currency", "GBP", "FX_RATE_MISSING", SALE),
    (f"{SALE}.basis", "RENT", "BAD_CHOICE", None),
    (f"{SALE}.article", "CUP", "UNKNOWN_ARTICLE", None),
    (f"{SALE}.sku", "MUG", None, None),
    (f"{SALE}.qty", 1, "CONFLICT", None),
    (f"{SALE}.period", "2026-Q2", "UNKNOWN_PERIOD", None),
    (f"{SALE}.kind", "return", "CONFLICT", None),
    (f"{SALE}.sell_off", "perhaps", "NOT_A_BOOLEAN", None),
    (f"{SALE}.id", ["s1"], "NOT_TEXT", None),
    (f"{SALE}.id", "x" * 201, "ID_TOO_LONG", None),
    (f"{SALE}.property", ["hero"], "NOT_TEXT", None),
    ("periods[0].sales[0]", "s1", "NOT_AN_OBJECT", None),
    (f"{RETURN}.of", "s9", "UNKNOWN_LINE", RETURN),
    (f"{RETURN}.quantity", 3, "RETURNED_TOO_MANY", RETURN),
    (f"{RETURN}.sold_in", "2025-Q4", "CONFLICT", None),
    ("periods[0].returns[0]", BEFORE, "RETURNED_BEFORE_SOLD", RETURN),
    (f"{RETURN}.currency", "USD", "WRONG_LINE_CURRENCY", RETURN),
    ("periods[0].deductions[0].territory", "FR", "NO_GROUP", "periods[0].deductions[0]"),
    ("periods[0].deductions[0].amount", ..., "MISSING_FIELD", None),
    ("periods[0].adjustments[0].currency", "EUR", "WRONG_LINE_CURRENCY", None),
    ("periods[0].adjustments[0].amount", "0.001", "AMOUNT_TOO_FINE", None),
    ("periods[0].payments[0].amount", "-1", "NEGATIVE", None),
    ("periods[0].payments[0].type", "GIFT", "BAD_CHOICE", None),
    ("periods[0].payments[0].type", [], "NOT_TEXT", None),
    ("periods[0].name", "spring", "BAD_PERIOD", "periods[0]"),
    ("periods[0].to", "2025-12-31", "ENDS_BEFORE_IT_STARTS", None),
    ("periods[0].fx", {"EUR": "-1"}, "NEGATIVE", "periods[0].fx.EUR"),
    ("sales", [], "CONFLICT", None),
    ("periods", [], "NO_PERIOD", None),
    ("opening", {"digest": "sha256:xyz"}, "BAD_DIGEST", "opening.digest"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "value", "code", "path"), FAULTS, ids=[f"{one[0]}={one[1]}"[:60] for one in FAULTS])
def test_a_fault_is_refused_where_it_stands(where: str, value: Any, code: str | None, path: str | None) -> None:
    document = copy.deepcopy(GOOD)
    put(document, where, value)
    if code is None:
        document["agreement"]["rates"] = [{"rate": "1%"}]
        list(make_statements(books_of(Case(document))))
        return

    assert refusal(document) == (code, path or where)


def test_the_case_that_the_faults_are_put_into_is_good() -> None:
    assert len(list(make_statements(books_of(Case(copy.deepcopy(GOOD)))))) == 1


@pytest.mark.parametrize("kind", ["sales", "returns", "deductions", "adjustments", "payments"])
def test_an_id_may_stand_once_among_its_kind(kind: str) -> None:
    document = copy.deepcopy(GOOD)
    document["periods"][0][kind].append(dict(document["periods"][0][kind][0]))

    assert refusal(document) == ("DUPLICATE_ID", f"periods[0].{kind}[1]")


def test_a_deduction_that_could_belong_to_two_groups_is_refused() -> None:
    document = copy.deepcopy(GOOD)
    document["periods"][0]["sales"].append({"territory": "FR", "amount": "5"})
    del document["periods"][0]["deductions"][0]["territory"]

    assert refusal(document) == ("AMBIGUOUS_GROUP", "periods[0].deductions[0]")


def test_rules_that_both_match_are_named() -> None:
    document = copy.deepcopy(GOOD)
    document["agreement"]["rates"].append({"id": "everything", "rate": "5%"})

    with pytest.raises(Refused) as caught:
        list(make_statements(books_of(Case(document))))

    assert caught.value.facts["rules"] == "de, everything"
    assert "de, everything" in caught.value.sentence


def test_a_line_without_a_day_is_refused_where_the_day_decides() -> None:
    document = copy.deepcopy(GOOD)
    document["agreement"]["guarantees"][0]["to"] = "2026-02-14"
    del document["periods"][0]["sales"][0]["date"]

    assert refusal(document) == ("DATE_NEEDED", SALE)


def test_periods_do_not_overlap() -> None:
    document = copy.deepcopy(GOOD)
    document["periods"].append({"name": "more", "from": "2026-03-31", "to": "2026-04-30"})

    assert refusal(document)[0] == "PERIODS_OVERLAP"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "BAD_JSON"),
        ("", "BAD_JSON"),
        ("[" * 100_000, "BAD_JSON"),
        ('{"agreement": NaN}', "BAD_JSON"),
        ('{"agreement": "\\ud800"}', "BAD_JSON"),
        ('{"agreement": ' + "9" * 5_000 + "}", "BAD_JSON"),
        ('{"agreement": {}, "agreement": {}}', "DUPLICATE_FIELD"),
        ("[]", "NOT_AN_OBJECT"),
        ("null", "NOT_AN_OBJECT"),
        ("{}", "MISSING_FIELD"),
        ('{"agreement": {"currency": "USD", "rate": 1e-400}}', "BAD_AMOUNT"),
    ],
)
def test_what_is_no_case_is_refused(text: str, code: str) -> None:
    assert refusal(text)[0] == code


JUNK: list[Any] = [
    None, True, -1, 12, 10**30, "", "x", "12%", "-5", [], {}, [[]], [{}], {"a": 1}, "2026-Q1", "9999-12-31", 1.5,
    Decimal("1e-30"), Decimal("1E+30"), "hero:6000;villain:4000", ":", "USD", "s1",
]  # fmt: skip


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, item in below for place in places(item, (*path, name)))]


def test_whatever_stands_anywhere_is_taken_or_refused_with_a_place_and_a_sentence() -> None:
    refused = 0
    for *way, last in places(GOOD)[1:]:
        for junk in JUNK:
            document: Any = copy.deepcopy(GOOD)
            at = document
            for name in way:
                at = at[name]
            at[last] = copy.deepcopy(junk)
            refused += is_refused(document)

    assert refused > 500


def is_refused(document: Any) -> bool:
    """Whether it is; any other exception than a refusal fails the test."""
    try:
        settle(document)
    except Refused as caught:
        told = caught
    else:
        return False
    assert isinstance(told.facts["path"], str)
    assert told.sentence not in ("", told.code)
    return True


# -- the command ------------------------------------------------------------------------------------


def run(*arguments: Any, **options: Any) -> Any:
    out = io.StringIO()
    call_command("royalty_calculate", *map(str, arguments), stdout=out, **options)
    return out.getvalue()


def failed(*arguments: Any, **options: Any) -> tuple[int, dict[str, str]]:
    """The exit code, and the error that was printed."""
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("royalty_calculate", *map(str, arguments), stdout=out, **options)
    error = json.loads(out.getvalue())["error"]
    assert error["sentence"] in str(caught.value)
    return caught.value.returncode, error


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "case.json"
    path.write_text(json.dumps(GOOD))
    return path


def test_the_command_prints_statements_of_a_file_and_of_standard_input(good, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(good.read_bytes())))

    from_file, from_input = json.loads(run(good)), json.loads(run("-"))

    assert from_file == from_input
    assert [one["base"] for one in from_file["statements"]] == ["10.99"]
    assert from_file["digest"] == from_file["statements"][-1]["digest"]


def test_a_number_in_the_file_is_read_as_it_is_written(good) -> None:
    good.write_text(good.read_text().replace('"9.99"', "9.99"))

    assert json.loads(run(good))["statements"][0]["gross"] == "19.98"


def test_the_command_ends_with_two_and_says_where(good) -> None:
    good.write_text(good.read_text().replace('"quantity": 2', '"quantity": -2'))

    code, error = failed(good)

    assert code == 2
    assert error == {"code": "BAD_QUANTITY", "path": f"{SALE}.quantity", "sentence": error["sentence"]}
    assert "-2" in error["sentence"]


@pytest.mark.parametrize(
    ("name", "content", "code", "path"),
    [
        ("a.csv", "kind,id,date,territory,quantity,price\nsale,x,2026-01-01,DE,-1,5\n", "BAD_QUANTITY", "a.csv:2.quantity"),
        ("a.csv", "kind,id,colour\nsale,x,red\n", "UNKNOWN_FIELD", "a.csv:2.colour"),
        ("a.csv", "id,quantity,qty\nx,1,1\n", "DUPLICATE_FIELD", "a.csv:1"),
        ("a.csv", "id,quantity\nx,1,1\n", "WRONG_NUMBER_OF_CELLS", "a.csv:2"),
        ("a.csv", "kind,id,date,territory,quantity,price\nsale,x,2026-04-01,DE,1,5\n", "UNKNOWN_PERIOD", "a.csv:2.date"),
        ("a.csv", "kind,id,date,territory,quantity,price\nsale,s1,2026-01-01,DE,1,5\n", "DUPLICATE_ID", "a.csv:2"),
        ("a.jsonl", '{"kind": "gift"}\n', "BAD_CHOICE", "a.jsonl:1.kind"),
        ("a.jsonl", "\n{\n", "BAD_JSON", "a.jsonl:2"),
        ("a.jsonl", "[]\n", "NOT_AN_OBJECT", "a.jsonl:1"),
        ("a.jsonl", '{"kind": "return", "of": "s1", "quantity": 2, "period": "2026-Q1"}\n', "RETURNED_TOO_MANY", "a.jsonl:1"),
        ("a.jsonl", "\udcff", "FILE_UNREADABLE", None),
    ],
)  # fmt: skip
def test_a_bad_row_of_a_file_is_named(good, tmp_path, name, content, code, path) -> None:
    file = tmp_path / name
    file.write_bytes(content.encode("utf-8", "surrogateescape"))

    returned, error = failed(good, lines=[file])

    assert (returned, error["code"]) == (2, code)
    assert error["path"] == (str(file) if path is None else path)


def test_files_that_are_not_there_are_refused(good, tmp_path) -> None:
    assert failed(tmp_path / "none.json")[1]["code"] == "FILE_UNREADABLE"
    assert failed(good, lines=[tmp_path / "none.csv"])[1]["code"] == "FILE_UNREADABLE"


def test_the_lines_behind_a_group_are_told_from_a_stream(good, tmp_path) -> None:
    (tmp_path / "a.csv").write_text(
        "kind,id,date,territory,quantity,price,of,channel\nsale,s2,2026-01-05,FR,3,2.50,,\nsale,s3,2026-01-05,FR,1,7,,own_shop\n"
        "return,r2,2026-02-05,,1,,s2,\n"
    )

    told = run(good, lines=[tmp_path / "a.csv"], explain="2026-Q1/-/-/FR/-/-/USD")

    rows = [json.loads(row) for row in told.splitlines()]
    assert [(row["kind"], row["id"], row["where"]) for row in rows] == [
        ("sale", "s2", "a.csv:2"),
        ("return", "r2", "a.csv:4"),
    ]
    assert rows[0]["amount"] == "7.50"
    assert failed(good, explain="2026-Q9/x")[1]["code"] == "UNKNOWN_GROUP"


def test_every_code_has_a_sentence_in_both_languages() -> None:
    codes = {code for _where, _value, code, _path in FAULTS if code}
    with translation.override("zh-hans"):
        chinese = {code: str(SENTENCES[code]) for code in codes}
    with translation.override("en"):
        assert [code for code in codes if str(SENTENCES[code]) == chinese[code]] == []
