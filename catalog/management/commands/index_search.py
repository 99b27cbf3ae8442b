"""`manage.py index_search`: write the words that every product is found by again, after how they are cut has changed."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from catalog.models import Product
from catalog.search import index_products
from core.bulk import in_pages

PAGE = 1_000


class Command(BaseCommand):
    help = (
        "Write the words that every product is found by again. Harmless at any time; what is the same is not written."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = 0
        for page in in_pages(Product.objects.order_by("pk").values_list("pk", flat=True).iterator(), PAGE):
            with transaction.atomic():
                index_products(page)
            done += len(page)
        self.stdout.write(f"{done} products indexed")
