"""What a run changes, or changed, in words: product by product, from what to what."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.importing.undo import WHOLE
from catalog.models import ImportChange, Market
from core.money import Money
from films.models import Film
from licensing.models import Category, Licence

LONGEST = 200
_LABELS = {
    "title_en": gettext_lazy("Title"), "title_zh": gettext_lazy("Title in Chinese"), "state": gettext_lazy("State"),
    "description_en": gettext_lazy("Description"), "description_zh": gettext_lazy("Description in Chinese"),
    "listing": gettext_lazy("Listed"), "reveals": gettext_lazy("Reveals"), "film_id": gettext_lazy("Film"),
    "category_id": gettext_lazy("Category"), "licence_id": gettext_lazy("Licence"), "tax_class": gettext_lazy("Tax class"),
    "on_sale_at": gettext_lazy("On sale from"), "street_on": gettext_lazy("Street date"), "sku": gettext_lazy("SKU"),
    "options": gettext_lazy("Options"), "gtin": gettext_lazy("Barcode"), "stock": gettext_lazy("Stock"),
    "low_at": gettext_lazy("Low stock from"),
}  # fmt: skip
_NAMED = {"film_id": (Film, "title_en"), "category_id": (Category, "name_en"), "licence_id": (Licence, "number")}


@dataclass(frozen=True, slots=True)
class Difference:
    """One value: what it is called, the old and the new in words; empty where there was none."""

    label: str
    old: str
    new: str
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class ShownChange:
    pk: int
    sku: str
    title: str
    lines: list[int]
    is_creation: bool
    differences: list[Difference] = field(default_factory=list)
    #: Of an undone run: somebody has changed what the run created, so it stayed.
    is_kept: bool = False


def shown_changes(changes: Sequence[ImportChange]) -> list[ShownChange]:
    """The changes of one run in words. Five queries, however many they are."""
    words = _Words(changes)
    return [
        ShownChange(
            change.pk,
            change.sku,
            change.after.get("title_en") or words.titles.get(change.product_id or 0, ""),
            change.lines,
            change.is_creation,
            [] if change.is_creation else list(_differences(change, words)),
            WHOLE in change.kept,
        )
        for change in changes
    ]


class _Words:
    """Names of what changes refer to by number."""

    def __init__(self, changes: Sequence[ImportChange]) -> None:
        self.markets = {str(market.pk): market for market in Market.objects.all()}
        self.names: dict[str, dict[int, str]] = {}
        for name, (model, column) in _NAMED.items():
            ids = {told[name] for change in changes for told in (change.before, change.after) if told.get(name)}
            self.names[name] = dict(model._default_manager.filter(pk__in=ids).values_list("pk", column)) if ids else {}
        self.titles = {change.product_id: change.product.title_en for change in changes if change.product}

    def of(self, name: str, value: Any) -> str:
        if value is None or value in ("", {}):
            return ""
        if name in self.names:
            return self.names[name].get(value, str(value))
        if isinstance(value, dict):
            return ", ".join(f"{key}: {text}" for key, text in value.items())[:LONGEST]
        return str(value)[:LONGEST]

    def price(self, market_id: str, amount: int | None) -> str:
        market = self.markets.get(market_id)
        return Money(amount, market.currency).in_locale("en") if market and amount is not None else ""


def _differences(change: ImportChange, words: _Words) -> Iterator[Difference]:
    kept = set(change.kept)
    for name, after in change.after.items():
        if name not in ("variants", "images"):
            label = name.removeprefix("extra.") if name.startswith("extra.") else str(_LABELS.get(name, name))
            yield Difference(label, words.of(name, change.before.get(name)), words.of(name, after), name in kept)
    for key, after in change.after.get("variants", {}).items():
        before = change.before.get("variants", {}).get(key, {})
        yield from _of_variant(before, after, kept, words)
    for source in change.after.get("images", []):
        yield Difference(_("Picture"), "", source[:LONGEST])


def _of_variant(before: dict[str, Any], after: dict[str, Any], kept: set[str], words: _Words) -> Iterator[Difference]:
    sku = after.get("sku", "")
    if after.get("is_new"):
        is_kept = f"variant.{sku}" in kept
        told: Iterable[str] = (words.of("options", after.get("options")), *_prices(after, words))
        yield Difference(_("New variant"), "", ", ".join(filter(None, (sku, *told))), is_kept)
        return
    for name in ("sku", "options", "gtin", "stock", "low_at"):
        if name in after:
            is_kept = any(mark.endswith(f".{name}") for mark in kept)
            yield Difference(str(_LABELS[name]), words.of(name, before.get(name)), words.of(name, after[name]), is_kept)
    for market, amount in after.get("prices", {}).items():
        code = words.markets[market].code.upper() if market in words.markets else market
        label = _("Price in %(market)s") % {"market": code}
        is_kept = any(mark.endswith(f".price.{market}") for mark in kept)
        yield Difference(label, words.price(market, before["prices"][market]), words.price(market, amount), is_kept)
    for market, (starts_at, amount) in after.get("planned", {}).items():
        code = words.markets[market].code.upper() if market in words.markets else market
        label = _("Price in %(market)s from %(at)s") % {"market": code, "at": f"{starts_at[:16].replace('T', ' ')}"}
        is_kept = any(mark.endswith(f".price.{market}") for mark in kept)
        yield Difference(label, words.price(market, before["planned"][market][1]), words.price(market, amount), is_kept)


def _prices(after: dict[str, Any], words: _Words) -> list[str]:
    return [words.price(market, amount) for market, amount in after.get("prices", {}).items()]
