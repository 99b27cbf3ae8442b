"""Files that only change what is there (`mode=patch`): rows of a product that is not there yet are refused, not created."""

from collections.abc import Sequence

from catalog.importing.drafts import Draft, refuse_all
from catalog.models import Product
from core.bulk import AmongTexts
from core.importing.report import Problem
from merchants.models import Merchant

PATCH = "patch"
#: What a file does with a product that is not there: `upsert` creates it.
MODES = ("upsert", PATCH)


def refuse_unknown(merchant: Merchant, drafts: Sequence[Draft]) -> None:
    """Refuse every row of the drafts whose code is none of the merchant's. One query."""
    keys = [draft.key for draft in drafts]
    known = set(Product.objects.filter(AmongTexts("sku", keys), merchant=merchant).values_list("sku", flat=True))
    for draft in drafts:
        if not draft.is_refused and draft.key not in known:
            refuse_all(draft, _lines(draft), Problem("not_there", draft.line, facts={"value": draft.key}))


def _lines(draft: Draft) -> list[int]:
    """Every row of the file that is about it, those that were refused for themselves too."""
    if draft.is_one_row:
        return [draft.line]
    lines = {refusal.line for refusal in draft.refusals} | {*draft.heading_lines, *draft.image_rows}
    for variant in draft.variants:
        lines |= {variant.line, *variant.more_lines}
    return sorted(lines)
