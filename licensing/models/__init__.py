"""What is allowed, under what terms, what was approved, and what is owed for it."""

from licensing.models.approvals import ApprovedAsset, Certificate
from licensing.models.articles import ArticleProperty, LicensedArticle, Takedown
from licensing.models.licences import (
    EVERY,
    Category,
    DistributionChannel,
    Grant,
    Licence,
    LicenceDocument,
    LicenceNotice,
    PriceFloor,
    ScheduleLine,
)
from licensing.models.sell_off import InventoryLine, InventoryStatement

__all__ = [
    "EVERY",
    "ApprovedAsset",
    "ArticleProperty",
    "Category",
    "Certificate",
    "DistributionChannel",
    "Grant",
    "InventoryLine",
    "InventoryStatement",
    "Licence",
    "LicenceDocument",
    "LicenceNotice",
    "LicensedArticle",
    "PriceFloor",
    "ScheduleLine",
    "Takedown",
]
