"""What an undo knows a product by that it has created."""

from datetime import UTC, date, datetime

import pytest

from catalog.importing.compare import digest_of
from catalog.importing.kept import as_text

pytestmark = pytest.mark.pure


def test_a_digest_is_what_runs_of_long_ago_have_kept() -> None:
    on_sale_at, street_on = datetime(2026, 11, 22, 8, 0, tzinfo=UTC), date(2026, 12, 1)
    values = ["Mug", "杯子", "", "", "active", "open", "title", 7, 3, None, "standard", on_sale_at, street_on]
    extra = {
        "Vendor": "Crêpe & “Co”",
        "_options": ["Size"],
        "_variants": {"B": {"z": "1", "a": "2"}},
        "Grams": "200",
        "n": 1.5,
    }
    variants = [
        ["B", {"size": "M", "colour": "red"}, "", [[2, 950], [1, 1000]], None],
        ["A", {}, "4006381333931", [[1, 995]], 5],
    ]
    images = ["https://p.example/b.jpg", "https://p.example/a.jpg"]

    digest = digest_of(values, as_text(extra), variants, images)

    assert digest == "9c9277904a760498f2b34aa3fc445fa5"
