"""The worked examples of the specification and others of their kind: what a case says, the statements say."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from licensing.royalties.cases import Case, books_of, parse_json
from licensing.royalties.statements import make_statements
from licensing.royalties.writing import as_plain

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/royalties.md"
#: A case of the document, and the figures behind the arrow that follows it.
EXAMPLE = re.compile(r"```json\n(?P<case>.*?)```\n→ (?P<figures>[^\n]+)", re.DOTALL)
CASES = sorted((Path(__file__).parent / "royalty_cases").glob("*.json"))


def calculate(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a case as the command prints them; the case goes through JSON, like one that somebody wrote."""
    case = Case(parse_json(json.dumps(document)))
    return [as_plain(statement) for statement in make_statements(books_of(case), opening=case.opening)]


def like(wanted: Any, found: Any) -> Any:
    """What of `found` stands under the names of `wanted`; lists have the same length."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return {name: like(value, found[name]) for name, value in wanted.items()}
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [like(one, other) for one, other in zip(wanted, found, strict=True)]
    return found


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_case(path: Path) -> None:
    told = json.loads(path.read_text("utf-8"))

    found = calculate(told["case"])

    assert like(told["expected"], found) == told["expected"]


def test_every_worked_example_of_the_specification_is_there() -> None:
    assert {path.stem.split("_")[0] for path in CASES} >= {f"e{n:02}" for n in range(1, 12)} | {"e05b"}


def test_every_example_of_the_document_gives_what_it_says() -> None:
    text = DOCUMENT.read_text("utf-8")
    told, found = [], []
    for example in EXAMPLE.finditer(text):
        figures = dict(re.findall(r"`(\w+)` (-?[0-9.]+)", example["figures"]))
        last = calculate(json.loads(example["case"]))[-1]
        told.append(figures)
        found.append({name: last[name] for name in figures})

    assert len(told) == text.count("```json")
    assert all(told)
    assert found == told


def test_the_document_names_every_figure_of_a_statement() -> None:
    text = DOCUMENT.read_text("utf-8")
    (statement,) = calculate({"agreement": {"currency": "USD", "rate": "1%"}, "period": "2026-Q1"})

    assert [
        name for name in statement if f"`{name}`" not in text and name not in {"agreement", "currency", "sales"}
    ] == []
