"""Bringing files in, for tests: a shop with a merchant, and short ways to say what came of it."""

from pathlib import Path
from typing import Any

from catalog.importing.layout import mapping_from
from catalog.importing.run import import_products
from catalog.models import Image, Price, Product, Stock, Variant
from core.importing.report import Report
from merchants.models import Merchant
from tests.factories import make_category, make_film, make_licence, make_market, make_merchant

__all__ = ["bring_in", "mapping_from", "refusals", "shop", "snapshot", "warnings"]


def shop(*categories: str, film: str = "the-ferryman") -> Merchant:
    """A merchant with an executed licence for one film, two markets, and these categories by name."""
    make_market("us")
    make_market("eu")
    for name in categories or ("T-shirts",):
        make_category(name.lower().replace(" ", "-"), name_en=name)
    merchant = make_merchant("suzhou-creek")
    make_licence(make_film(film, title_en="The Ferryman"), merchant)
    return merchant


def bring_in(path: Path, merchant: Merchant, mapping: str = "", **options: Any) -> Report:
    if mapping:
        options["mapping_path"] = path.parent / "mapping.toml"
        options["mapping_path"].write_text(mapping, encoding="utf-8")
    return import_products(path, merchant, by=None, **options)


def refusals(report: Report) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.column, problem.code) for problem in report.refusals.in_order()]


def warnings(report: Report) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.column, problem.code) for problem in report.warnings.in_order()]


def snapshot(merchant: Merchant) -> list[dict[str, Any]]:
    """Everything that a file can say of the merchant's products, without what a database makes up."""
    told = []
    for product in Product.objects.filter(merchant=merchant).order_by("sku"):
        variants = [_variant(variant) for variant in product.variants.order_by("position", "pk")]
        images = Image.objects.filter(product=product).order_by("position", "pk")
        told.append(
            {
                "sku": product.sku,
                "titles": (product.title_en, product.title_zh),
                "descriptions": (product.description_en, product.description_zh),
                "states": (product.state, product.listing, product.reveals),
                "belongs": (product.film.slug, product.category.code, product.licence_id),
                "variants": variants,
                "images": [(image.source, image.alt_en, image.alt_zh) for image in images],
                "extra": product.extra,
            }
        )
    return told


def _variant(variant: Variant) -> dict[str, Any]:
    prices = Price.objects.filter(variant=variant).order_by("market__code", "starts_at")
    return {
        "sku": variant.sku,
        "options": variant.options,
        "gtin": variant.gtin,
        "prices": list(prices.values_list("market__code", "amount")),
        "stock": list(Stock.objects.filter(variant=variant).values_list("on_hand", flat=True)),
    }
