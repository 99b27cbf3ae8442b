"""What a product is found by."""

from django.db import models

from catalog.models.goods import Product


class SearchDocument(models.Model):
    """The words a product is found by, already cut (catalog/search.py)."""

    product = models.OneToOneField(Product, primary_key=True, on_delete=models.CASCADE, related_name="search_document")
    terms = models.TextField()

    def __str__(self) -> str:
        return self.terms[:60]
