"""What can be sold: markets, products, variants, prices, stock, offers, pictures, and the shelf they compile into."""

from catalog.models.goods import Market, Product, TaxClass, Variant
from catalog.models.imports import ImportChange, ImportProblem, ImportRun, MappingPreset
from catalog.models.pictures import Image
from catalog.models.prices import Offer, Price, Promotion, PromotionRun, TaxRate
from catalog.models.search import SearchDocument, SearchSpelling
from catalog.models.shelf import ShelfBoundary, ShelfMark, ShelfSpan, ShelfSpanQuerySet
from catalog.models.sizes import SizeGuide
from catalog.models.stock import Stock, StockAlert, StockChange

__all__ = [
    "Image",
    "ImportChange",
    "ImportProblem",
    "ImportRun",
    "MappingPreset",
    "Market",
    "Offer",
    "Price",
    "Product",
    "Promotion",
    "PromotionRun",
    "SearchDocument",
    "SearchSpelling",
    "ShelfBoundary",
    "ShelfMark",
    "ShelfSpan",
    "ShelfSpanQuerySet",
    "SizeGuide",
    "Stock",
    "StockAlert",
    "StockChange",
    "TaxClass",
    "TaxRate",
    "Variant",
]  # fmt: skip
