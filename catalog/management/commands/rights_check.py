"""`manage.py rights_check --product SKU --country CC --channel own_shop --at ISO`: the rights gate's answer, see
docs/gate.md. Exit code 0: allowed, 1: refused, 2: the question cannot be answered."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from catalog.models import Product
from catalog.queries.rights import instant_of, product_named, rights_answer
from core.errors import Refused
from licensing.gate import Action
from licensing.models import DistributionChannel
from merchants.models import Merchant


class Command(BaseCommand):
    help = "May a product be listed, sold or shipped to a country, through a channel, at an instant; and if not, why."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--product", required=True, metavar="SKU", help="its code, slug or prd_… id")
        parser.add_argument("--merchant", metavar="SLUG", help="whose product, where several use the same code")
        parser.add_argument("--country", required=True, metavar="CC", help="of the buyer's shipping address: DE, US-PR")
        parser.add_argument(
            "--channel", default="own_shop", metavar="CHANNEL", help=f"one of {', '.join(DistributionChannel.values)}"
        )
        parser.add_argument("--at", metavar="ISO", help="an instant with its offset, or Z (default: now)")
        parser.add_argument("--action", metavar="ACTION", help="LIST, SELL or SHIP (default: all three)")
        parser.add_argument("--paid-at", metavar="ISO", help="for SHIP: when the order was paid")
        parser.add_argument("--quantity", type=int, default=1, metavar="N", help="units, for the sell-off (default: 1)")
        parser.add_argument("--labelled", action="store_true", help="for SHIP: a label is bound to each unit")
        parser.add_argument("--language", default="en", metavar="LANG", help="of the sentences: en or zh-hans")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        with translation.override(options["language"]):
            try:
                answer = _answer(options)
            except Refused as refusal:
                raise CommandError(f"{refusal.sentence} [{refusal.code}]", returncode=2) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=1))
        else:
            for one in answer.get("decisions", [answer]):
                self.stdout.write("\n".join(_lines(one)))
        if not answer["allowed"]:
            raise SystemExit(1)


def _answer(options: dict[str, Any]) -> dict[str, Any]:
    products = None
    if slug := options["merchant"]:
        merchant = Merchant.objects.filter(slug=slug).first()
        if merchant is None:
            raise Refused("unknown_merchant", merchant=slug)
        products = Product.objects.filter(merchant=merchant)
    action = options["action"]
    if action is not None and action.upper() not in list(Action):
        raise Refused("unknown_action", action=action)
    if options["quantity"] < 1:
        raise Refused("quantity_not_positive")
    return rights_answer(
        product_named(options["product"], products=products),
        country=options["country"],
        channel=options["channel"],
        at=instant_of(options["at"]) if options["at"] is not None else timezone.now(),
        actions=[Action(action.upper())] if action is not None else tuple(Action),
        paid_at=instant_of(options["paid_at"]) if options["paid_at"] is not None else None,
        quantity=options["quantity"],
        is_labelled=options["labelled"],
    )


def _lines(answer: dict[str, Any]) -> list[str]:
    verdict = "yes" if answer["allowed"] else "no"
    told = [answer["stage"], *answer["flags"]]
    lines = [f"{answer['action']}: {verdict} ({', '.join(told)})"]
    for reason in answer["reasons"]:
        lines += [f"  {reason['code']}: {reason['sentence']}", f"    → {reason['heals']}"]
    return lines
