"""Search: words cut in three scripts, the documents they are kept in, and what a shopper of one market finds now."""

from catalog.search.documents import index_products
from catalog.search.matching import (
    UNRANKED,
    Holds,
    corrected,
    has_words,
    matching_products,
    ranked_products,
    search_product_ids,
)
from catalog.search.suggesting import Suggestions, suggestions
from catalog.search.words import document_terms

__all__ = [
    "UNRANKED",
    "Holds",
    "Suggestions",
    "corrected",
    "document_terms",
    "has_words",
    "index_products",
    "matching_products",
    "ranked_products",
    "search_product_ids",
    "suggestions",
]
