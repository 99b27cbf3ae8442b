"""`manage.py import_products PATH --merchant SLUG`: a merchant's products, see docs/importing.md."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from catalog.importing.run import import_products
from core.errors import Refused
from core.importing.command import add_import_arguments, run_import
from core.importing.report import Report
from merchants.models import Merchant


class Command(BaseCommand):
    help = (
        "Bring a merchant's products in. Exit code 0: all landed, 1: some rows were refused, 2: the file was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_import_arguments(parser)
        parser.add_argument("--merchant", required=True, metavar="SLUG", help="whose products they are")
        parser.add_argument("--format", choices=["shopify", "csv"], default="", help="otherwise told by the header")
        parser.add_argument("--map", type=Path, metavar="FILE", help="a TOML file that says what the columns mean")
        parser.add_argument("--currency", default="", help="of the prices in a Shopify file, like USD")

    def handle(self, *_args: Any, **options: Any) -> None:
        run_import(lambda: _bring_in(options), report_path=options["report"], out=self.stdout)


def _bring_in(options: dict[str, Any]) -> Report:
    merchant = Merchant.objects.filter(slug=options["merchant"]).first()
    if merchant is None:
        raise Refused("unknown_merchant", merchant=options["merchant"])
    return import_products(
        options["path"],
        merchant,
        by=None,
        format=options["format"],
        mapping_path=options["map"],
        currency=options["currency"],
        is_dry_run=options["dry_run"],
    )
