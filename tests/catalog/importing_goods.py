"""A merchant with a file of mugs: what the tests of runs and of undoing share."""

from pathlib import Path
from typing import Any

from catalog.importing.ledger import RunReport
from catalog.importing.run import import_products
from catalog.models import ImportRun
from merchants.models import Merchant
from tests.factories import make_category, make_film, make_licence, make_market, make_merchant

HEADER = "Code,Name,USD,Pieces,Size,Picture,Vendor"
MAPPING: dict[str, Any] = {
    "columns": {"product": "Code", "title": "Name", "stock": "Pieces", "image": "Picture"},
    "prices": {"USD": "USD"},
    "options": {"size": "Size"},
    "film": {"fixed": "the-ferryman"},
    "category": {"fixed": "mugs"},
}
TOML = """
[columns]
product = "Code"
title = "Name"
stock = "Pieces"
image = "Picture"
[prices]
USD = "USD"
[options]
size = "Size"
[film]
fixed = "the-ferryman"
[category]
fixed = "mugs"
"""


def make_importer(slug: str = "suzhou-creek") -> Merchant:
    """A merchant with a licence for the film of the mapping."""
    make_market("us")
    make_category("mugs")
    merchant = make_merchant(slug)
    make_licence(make_film("the-ferryman", title_en="The Ferryman"), merchant)
    return merchant


def table(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


def bring_in(folder: Path, merchant: Merchant, content: str, **options: Any) -> RunReport:
    path, mapping = folder / "goods.csv", folder / "mapping.toml"
    path.write_text(content, encoding="utf-8")
    mapping.write_text(TOML, encoding="utf-8")
    return import_products(path, merchant, **{"by": None, "mapping_path": mapping} | options)


def last_run() -> ImportRun:
    return ImportRun.objects.order_by("-pk")[0]
