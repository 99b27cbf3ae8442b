"""What a product is found by."""

from django.db import models

from catalog.models.goods import Product


class SearchDocument(models.Model):
    """The words a product is found by, already cut (catalog/search/)."""

    product = models.OneToOneField(Product, primary_key=True, on_delete=models.CASCADE, related_name="search_document")
    terms = models.TextField()

    def __str__(self) -> str:
        return self.terms[:60]


class SearchSpelling(models.Model):
    """A word of some document, under itself and under each of what it becomes with one letter less."""

    key = models.CharField(max_length=40)
    word = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "word"], name="catalog_spelling_once")]

    def __str__(self) -> str:
        return f"{self.key} → {self.word}"
