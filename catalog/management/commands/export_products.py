"""`manage.py export_products OUT --merchant SLUG`: a merchant's products, see docs/importing.md."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.exporting.run import FORMATS, export_products, export_to
from core.errors import Refused
from merchants.models import Merchant


class Command(BaseCommand):
    help = "Write a merchant's products to a file. It is there whole, or as it was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, metavar="OUT", help="the file to write")
        parser.add_argument("--merchant", required=True, metavar="SLUG", help="whose products they are")
        parser.add_argument("--format", choices=FORMATS, default="shopify")
        parser.add_argument(
            "--market", default="", help="whose prices; needed where there are several in a Shopify file"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["path"]
        try:
            merchant = Merchant.objects.filter(slug=options["merchant"]).first()
            if merchant is None:
                raise Refused("unknown_merchant", merchant=options["merchant"])
            pieces = export_products(merchant, format=options["format"], market=options["market"])
            size = export_to(path, pieces)
        except Refused as refusal:
            raise CommandError(f"{refusal.sentence} [{refusal.code}]", returncode=2) from refusal
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}", returncode=2) from error
        self.stdout.write(f"{path}: {size} bytes")
