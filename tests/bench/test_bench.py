"""The bench runs and says what it has to say. What it measures is not asserted: this machine is busy testing."""

import json
import subprocess
import sys
from dataclasses import fields

import pytest

from bench.report import Row
from bench.watch import state_of
from scripts.steps import ROOT

COLUMNS = {field.name for field in fields(Row)}


def run_bench(*arguments: str) -> tuple[str, str]:
    """What it writes to standard output and to standard error. It ends with 1 where a figure is not good enough."""
    done = subprocess.run([sys.executable, "-m", "bench", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout, done.stderr


@pytest.mark.postgres
def test_pages_writes_json_to_standard_output_and_the_table_beside_it() -> None:
    told, table = run_bench("pages", "--products", "60", "--json", "-")

    rows = json.loads(told)
    names = [row["name"] for row in rows]
    assert [set(row) for row in rows] == [COLUMNS] * len(rows)
    assert names[:6] == [f"{page}, cold" for page in PAGES]
    assert names[6:12] == [f"{page}, warm" for page in PAGES]
    assert [row["name"] for row in rows if row["unit"] == "queries" and not row["ok"]] == []
    assert "bench pages, 60 products" in table
    assert "PostgreSQL" in table


PAGES = ("product", "home", "film", "list of 24", "list of 24, 12,000 down", "search")


@pytest.mark.postgres
def test_launch_prints_the_table_and_writes_json_to_a_file(tmp_path) -> None:
    table, _progress = run_bench("launch", "--products", "60", "--json", str(tmp_path / "rows.json"))

    rows = {row["name"]: row for row in json.loads((tmp_path / "rows.json").read_text())}
    assert table.startswith("bench launch, 60 products")
    assert len(rows) == 16
    assert all(set(row) == COLUMNS for row in rows.values())
    assert all(name in table for name in rows)
    for how in ("alive", "killed"):
        assert rows[f"launch, workers {how}: mixed answers"]["value"] == 0
        assert rows[f"launch, workers {how}: early answers"]["value"] == 0


@pytest.mark.postgres
def test_import_measures_a_file_beside_the_copy_of_what_it_became() -> None:
    told, table = run_bench("import", "--rows", "60", "--json", "-")

    rows = {row["name"]: row for row in json.loads(told)}
    assert all(set(row) == COLUMNS for row in rows.values())
    assert list(rows) == [
        "import, rows a second",
        "import of 60 rows",
        "import again, nothing changed",
        "memory of worker and reader, 60 rows",
        "memory of a dry run, 600 rows",
        "rows that went astray, of 600",
    ]
    assert rows["rows that went astray, of 600"]["value"] == 0
    assert "bench import, 60 rows" in table


@pytest.mark.parametrize(
    ("parts", "state"),
    [
        (["US$19.95", "US$29.95"], "old"),
        (["US$15.96 US$19.95", "US$23.96"], "new"),
        (["US$15.96 US$19.95", "US$29.95"], "mixed"),
        (["free from US$50.00"], "failed"),
        ([], "failed"),
    ],
)
def test_an_answer_is_mixed_when_two_products_disagree(parts: list[str], state: str) -> None:
    assert state_of(iter(parts)) == state


@pytest.mark.postgres
def test_search_measures_every_kind_of_question_beside_one_look_up() -> None:
    told, table = run_bench("search", "--products", "60", "--json", "-")

    rows = {row["name"]: row for row in json.loads(told)}
    assert all(set(row) == COLUMNS for row in rows.values())
    for kind in (
        "one word",
        "Chinese",
        "pinyin",
        "a typo, mended",
        "suggestions",
        "facets, filtered",
        "a filtered page",
    ):
        assert {f"{kind}, database", f"{kind}, application", f"{kind}, 19 of 20 within"} <= rows.keys()
    assert "bench search, 60 products" in table
