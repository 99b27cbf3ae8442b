"""One change to many products, as a run: looked at first, brought in page by page, reported, undone.

Its "file" is the list of products that were chosen; the change stands in the run's options. So a change of ten thousand prices
has the same progress, the same books and the same way back as a file (ledger, undo). A product that cannot be changed is
refused by name, and the others go on.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.services import record
from catalog.floors import check_price
from catalog.importing import runs
from catalog.importing.ledger import Superseded
from catalog.models import ImportChange, ImportProblem, ImportRun, Market, Price, Product, Stock, Variant
from catalog.prices import put_price
from catalog.search import index_products
from catalog.shelf_store import recompile_products
from core.bulk import in_pages
from core.errors import Refused
from core.jobs import enqueue
from core.money import BASIS_POINTS, rounded
from licensing.models import Category, PriceFloor
from merchants.models import Merchant

State = ImportRun.State
#: Up to so many are done at once, while somebody waits; more is the worker's.
AT_ONCE = 200
PAGE = 200
_STATES = {"activate": Product.State.ACTIVE, "archive": Product.State.ARCHIVED}
_PRICES = ("percent", "amount", "fixed")


@dataclass
class Planned:
    """What becomes of one product; neither side filled: nothing. A refusal leaves the whole product as it is."""

    product: Product
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    refusal: Refused | None = None

    @property
    def outcome(self) -> str:
        if self.refusal is not None:
            return "refused"
        return "updated" if self.after else "unchanged"


def look_at(
    merchant: Merchant, products: QuerySet[Product], edit: dict[str, Any], *, name: str, by: User | None
) -> ImportRun:
    """A dry run over these products of the merchant. Refuses `nothing_chosen` for none, `unknown_market`, and
    `price_in_past` for a price from before now."""
    ids = list(products.filter(merchant=merchant).order_by("pk").values_list("pk", flat=True))
    if not ids:
        raise Refused("nothing_chosen")
    _check(edit, timezone.now())
    with transaction.atomic(durable=True):
        options = {"edit": edit}
        run = runs.new_run(merchant, name, options, by=by, is_dry_run=True, bytes_total=len(ids), save=False)
        run.upload.save(f"{run.public_id}.bin", ContentFile(json.dumps(ids).encode()), save=False)
        run.save()
        record("import.started", run, by=by, file=run.file_name, dry_run=True)
        enqueue("catalog.run_import", run_id=run.pk)
    return run


def is_small(run: ImportRun) -> bool:
    """A change that is done while somebody waits."""
    return bool(run.options.get("edit")) and run.bytes_total <= AT_ONCE


def carry_out(run: ImportRun) -> None:
    """Do the run that this process has claimed, however far it was. Refuses `import_stopped` when it is no longer ours."""
    with run.upload.open("rb") as file:
        ids = json.loads(file.read())
    outcome: dict[str, Any] = {"state": State.STOPPED}
    try:
        for page in in_pages(ids[run.cursor :], PAGE):
            _do_page(run, page)
        outcome = {"state": State.DONE}
    except Superseded as end:
        raise Refused("import_stopped", run=run.public_id) from end
    except Refused as refusal:
        outcome = {"state": State.REFUSED, "refusal": {"code": refusal.code, **refusal.facts}}
        raise
    finally:
        runs.close(run, at=timezone.now(), **outcome)


@transaction.atomic(durable=True)
def _do_page(run: ImportRun, ids: Sequence[int]) -> None:
    """Look at these products, and write unless it is a dry run: merchant, products and stock stay locked."""
    at, edit = timezone.now(), run.options["edit"]
    products = Product.objects.filter(pk__in=ids, merchant=run.merchant_id).order_by("pk")
    if not run.is_dry_run:
        Merchant.objects.select_for_update(no_key=True).get(pk=run.merchant_id)
        products = products.select_for_update(no_key=True)
    plans = list(plan(list(products), edit, at=at))
    if not run.is_dry_run:
        _write([one for one in plans if one.outcome == "updated"], edit, run, at)
    _book(run, plans, len(ids))


def plan(products: Sequence[Product], edit: dict[str, Any], *, at: datetime) -> Iterator[Planned]:
    """What the change makes of each product, from what stands now. A constant number of queries for a page, and one for
    each changed price where licences have floors."""
    if edit["what"] in _PRICES:
        yield from _plan_prices(products, edit, at)
    elif edit["what"] == "low_at":
        yield from _plan_limits(products, edit["value"])
    elif edit["what"] == "category":
        pk = Category.objects.values_list("pk", flat=True).get(code=edit["category"])
        yield from (_plan_value(product, "category_id", pk) for product in products)
    else:
        yield from (_plan_value(product, "state", _STATES[edit["what"]].value) for product in products)


def new_amount(old: int, edit: dict[str, Any]) -> int:
    """In minor units; percent come as basis points, more or less."""
    if edit["what"] == "percent":
        return rounded(old * (BASIS_POINTS + edit["value"]), BASIS_POINTS)
    return old + edit["value"] if edit["what"] == "amount" else int(edit["value"])


def _check(edit: dict[str, Any], at: datetime) -> None:
    if edit["what"] in _PRICES:
        if not Market.objects.filter(code=edit["market"]).exists():
            raise Refused("unknown_market", market=edit["market"], choices="")
        if edit["starts_at"] and datetime.fromisoformat(edit["starts_at"]) < at:
            raise Refused("price_in_past")


def _plan_value(product: Product, name: str, value: Any) -> Planned:
    old = getattr(product, name)
    return Planned(product) if old == value else Planned(product, {name: old}, {name: value})


def _plan_limits(products: Sequence[Product], low_at: int) -> Iterator[Planned]:
    variants = _variants(products)
    for product in products:
        one = Planned(product)
        for variant in variants.get(product.pk, []):
            old = variant.stock.low_at if hasattr(variant, "stock") else None
            if old != low_at:
                _put(one, variant, "low_at", old, low_at)
        yield one


def _plan_prices(products: Sequence[Product], edit: dict[str, Any], at: datetime) -> Iterator[Planned]:
    market = Market.objects.get(code=edit["market"])
    asked = datetime.fromisoformat(edit["starts_at"]) if edit["starts_at"] else None
    starts_at = asked or at
    variants = _variants(products)
    standing: dict[int, int | None] = {}
    prices = Price.objects.filter(variant__product__in=products, market=market, starts_at__lte=starts_at)
    for variant_id, amount in prices.order_by("starts_at").values_list("variant_id", "amount"):
        standing[variant_id] = amount
    has_floors = PriceFloor.objects.filter(currency=market.currency).exists()
    for product in products:
        one = Planned(product)
        try:
            for variant in variants.get(product.pk, []):
                old = standing.get(variant.pk)
                if old is None:
                    continue
                new = new_amount(old, edit)
                if new == old:
                    continue
                _may_be_asked(product, market, new, starts_at, is_past=starts_at < at, has_floors=has_floors)
                name = "planned" if asked else "prices"
                sides = [{str(market.pk): [edit["starts_at"], amount] if asked else amount} for amount in (old, new)]
                _put(one, variant, name, *sides)
        except Refused as refusal:
            one = Planned(product, refusal=refusal)
        yield one


def _may_be_asked(
    product: Product, market: Market, amount: int, starts_at: datetime, *, is_past: bool, has_floors: bool
) -> None:
    if amount <= 0:
        raise Refused("price_not_positive")
    if is_past:
        raise Refused("price_in_past")
    if has_floors:
        check_price(product, market, amount, starts_at=starts_at)


def _put(one: Planned, variant: Variant, name: str, old: Any, new: Any) -> None:
    for side, value in ((one.before, old), (one.after, new)):
        side.setdefault("variants", {})[str(variant.pk)] = {name: value}


def _variants(products: Sequence[Product]) -> dict[int, list[Variant]]:
    found: dict[int, list[Variant]] = {}
    rows = Variant.objects.filter(product__in=products).select_related("stock").order_by("product", "position", "pk")
    for variant in rows:
        found.setdefault(variant.product_id, []).append(variant)
    return found


# -- writing -----------------------------------------------------------------------------------------


def _write(plans: Sequence[Planned], edit: dict[str, Any], run: ImportRun, at: datetime) -> None:
    if not plans:
        return
    by_pk = {str(row.pk): row for row in Variant.objects.filter(product__in=[one.product for one in plans])}
    market = Market.objects.get(code=edit["market"]) if edit["what"] in _PRICES else None
    for one in plans:
        one.product.updated_at = at
        for name, value in one.after.items():
            if name != "variants":
                setattr(one.product, name, value)
        for pk, told in one.after.get("variants", {}).items():
            variant = by_pk[pk]
            variant.product = one.product
            _write_variant(variant, told, market, at)
        record("product.bulk_edited", one.product, by=run.by, run=run.public_id, before=one.before, after=one.after)
    products = [one.product for one in plans]
    Product.objects.bulk_update(products, ["state", "category", "updated_at"], batch_size=200)
    ids = [product.pk for product in products]
    if market is None:
        index_products(ids)
    if edit["what"] != "low_at":
        recompile_products(ids)


def _write_variant(variant: Variant, told: dict[str, Any], market: Market | None, at: datetime) -> None:
    if market is not None:
        key = str(market.pk)
        starts_at, amount = told["planned"][key] if "planned" in told else (None, told["prices"][key])
        put_price(variant, market, amount, datetime.fromisoformat(starts_at) if starts_at else at)
    if "low_at" in told:
        Stock.objects.get_or_create(variant=variant)
        # Told again under another limit.
        Stock.objects.filter(variant=variant).update(low_at=told["low_at"], told_low_at=None, updated_at=at)


def _book(run: ImportRun, plans: Sequence[Planned], number: int) -> None:
    """Write what the page did and where the run is now. Raises `Superseded` where it is no longer this process's."""
    counts = run.counts.get("products") or {"in": 0, "created": 0, "updated": 0, "unchanged": 0, "refused": 0}
    counts = dict(counts, **{"in": counts["in"] + len(plans)})
    for one in plans:
        counts[one.outcome] += 1
    run.counts = {"rows": counts, "products": counts}
    first, run.cursor = run.cursor + 1, run.cursor + number
    mine = ImportRun.objects.filter(pk=run.pk, attempt=run.attempt, state=State.RUNNING)
    if not mine.update(
        counts=run.counts, cursor=run.cursor, bytes_read=run.cursor, format="bulk", heartbeat_at=timezone.now()
    ):
        raise Superseded(run.public_id)
    ImportProblem.objects.bulk_create(
        ImportProblem(
            run=run, is_refusal=True, line=line, column=one.product.sku, code=one.refusal.code,
            facts=_facts_of(one.refusal),
        )
        for line, one in enumerate(plans, first)
        if one.refusal is not None
    )  # fmt: skip
    ImportChange.objects.bulk_create(
        ImportChange(
            run=run, product=one.product, sku=one.product.sku, lines=[line], is_creation=False, before=one.before,
            after=one.after,
        )
        for line, one in enumerate(plans, first)
        if one.outcome == "updated"
    )  # fmt: skip


def _facts_of(refusal: Refused) -> dict[str, Any]:
    """As the sentences of a run want them (core/importing/sentences.py)."""
    if refusal.code == "price_below_floor":
        price, _space, currency = str(refusal.facts["price"]).rpartition(" ")
        return refusal.facts | {"price": price, "currency": currency}
    return dict(refusal.facts)
