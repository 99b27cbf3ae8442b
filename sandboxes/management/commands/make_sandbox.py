from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.errors import Refused
from merchants.models import Merchant
from sandboxes.services import make_sandbox, reset_sandbox


class Command(BaseCommand):
    help = "Make a sandbox for a merchant: a merchant of its own with the same members (docs/sandbox.md)."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("merchant", help="the merchant's slug")
        parser.add_argument("--reset", action="store_true", help="put back the one there is")

    def handle(self, *args: Any, **options: Any) -> None:
        merchant = Merchant.objects.filter(slug=options["merchant"]).first()
        if merchant is None:
            raise CommandError(f"there is no merchant {options['merchant']}")
        now = timezone.now()
        try:
            sandbox = make_sandbox(merchant, by=None, at=now)
            if options["reset"]:
                sandbox = reset_sandbox(sandbox, by=None, at=now)
        except Refused as refusal:
            raise CommandError(refusal.sentence) from None
        self.stdout.write(f"{sandbox.slug} {sandbox.public_id}")
