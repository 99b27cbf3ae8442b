"""The royalties bench runs its command and reads what it says. How fast that is, is not asserted here."""

from pathlib import Path

from bench.royalties import measure


def test_royalties_are_measured_on_n_lines_and_on_a_tenth_of_them(tmp_path: Path) -> None:
    rows = measure(600, server="", folder=tmp_path)

    assert [row.name for row in rows] == [
        "statements of 600 sale lines, one core",
        "statements, time per line",
        "statements, memory for 600 lines",
    ]
    assert all(row.value > 0 for row in rows)
    assert len((tmp_path / "600.csv").read_text().splitlines()) == 601
    assert "late returns" in rows[0].against
