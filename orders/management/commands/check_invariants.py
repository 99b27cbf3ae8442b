"""`manage.py check_invariants [--sample N] [--json]`: exit code 1 when something that must be true is not."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.invariants import alerts_sent_twice, law_breaches, negative_stock, orphaned_spans, oversold_stock, sample
from licensing.ledger import invariants as ledger
from orders import invariants as orders

#: So many closed statements are made again from their lines.
STATEMENTS = 20


class Command(BaseCommand):
    help = (
        "Compare a sample of the shelf with the facts it was compiled from, count what does not add up of stock, orders and "
        "money, and make closed royalty statements again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--sample", type=int, default=500, help="how many products are looked at (default: 500)")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        ids = sample(options["sample"])
        breaches = law_breaches(ids, at=timezone.now())
        counts = {
            "law of the shelf": len(breaches),
            "spans without a product": orphaned_spans(),
            "negative stock": negative_stock(),
            "more promised than there is": oversold_stock(),
            "alerts sent twice": alerts_sent_twice(),
            **ledger.breaches(STATEMENTS),
            **orders.breaches(),
        }
        if options["json"]:
            document = {"products": len(ids), "breaches": counts, "rows": [asdict(breach) for breach in breaches[:50]]}
            self.stdout.write(json.dumps(document, default=str, ensure_ascii=False, indent=1))
        else:
            for name, count in counts.items():
                self.stdout.write(f"{name}: {count}")
            for breach in breaches[:20]:
                self.stdout.write(
                    f"  {breach.product} {breach.market} {breach.at.isoformat()}: {breach.shelf} ≠ {breach.facts}"
                )
        if any(counts.values()):
            raise CommandError(f"{sum(counts.values())} breaches in {len(ids)} products", returncode=1)
