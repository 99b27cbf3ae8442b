"""`bench eye`: where there is nothing to measure with, it says so in words; and what its table makes of reports."""

from pathlib import Path
from typing import Any

import pytest

from bench import eye
from scripts.steps import Failed


def report(**scores: float) -> dict[str, Any]:
    audits = {
        "slow": {"score": 0.4},
        "fine": {"score": 1},
        "cumulative-layout-shift": {"score": 1, "numericValue": 0.01},
    }
    refs = [{"id": "slow", "weight": 1}, {"id": "fine", "weight": 1}]
    categories = {name: {"score": scores.get(name, 1), "auditRefs": refs} for name in eye.TARGETS}
    return {"categories": categories, "audits": audits}


def test_without_npm_it_says_that_nothing_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MERCHSTORE_LIGHTHOUSE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(Failed, match="not measured: there is no npm"):
        eye.lighthouse()


def test_without_a_browser_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eye, "find", lambda: None)

    with pytest.raises(Failed, match="not measured: there is no Chromium"):
        eye.chromium()


def test_the_middle_go_counts_and_what_cost_points_is_named() -> None:
    rows = eye._rows("home", [report(performance=score) for score in (0.9, 0.97, 1)])

    performance = rows[0]
    assert (performance.name, performance.value, performance.against, performance.ok) == (
        "home, performance", 97, "slow", False,
    )  # fmt: skip
    assert all(row.ok for row in rows[1:])
    assert rows[-1].name == "home, layout shift"
