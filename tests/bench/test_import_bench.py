"""The bench of imports runs and says what it has to say."""

import json

import pytest

from tests.bench.running import COLUMNS, run_bench


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
