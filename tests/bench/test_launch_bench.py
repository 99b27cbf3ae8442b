"""The bench of a launch runs and says what it has to say. It times what is seen at an instant, so nothing runs beside it."""

import json
from pathlib import Path

import pytest

from bench.watch import state_of
from tests.bench.running import COLUMNS, run_bench


@pytest.mark.postgres
def test_launch_prints_the_table_and_writes_json_to_a_file(tmp_path: Path) -> None:
    table, _progress = run_bench("launch", "--products", "60", "--json", str(tmp_path / "rows.json"))

    rows = {row["name"]: row for row in json.loads((tmp_path / "rows.json").read_text())}
    assert table.startswith("bench launch, 60 products")
    assert len(rows) == 16
    assert all(set(row) == COLUMNS for row in rows.values())
    assert all(name in table for name in rows)
    for how in ("alive", "killed"):
        assert rows[f"launch, workers {how}: mixed answers"]["value"] == 0
        assert rows[f"launch, workers {how}: early answers"]["value"] == 0


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
