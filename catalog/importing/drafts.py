"""A product as a merchant's file tells it, checked: what lands, and which rows are refused."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import slugify

from catalog.importing import cells
from catalog.importing.groups import Group
from catalog.importing.known import Known
from catalog.importing.layout import Layout
from catalog.models import Market
from core.importing.files import TableRow
from core.importing.report import Problem, RowRefused
from core.importing.text import one_line, plain_text, plain_title, ungarbled

LONGEST_TITLE = 200
LONGEST_SKU = 80
_FILM_TAGS = ("film:", "film=")
#: Where a product's extra keeps what belongs to single rows.
IMAGES, VARIANTS = "_images", "_variants"


@dataclass(frozen=True, slots=True)
class VariantDraft:
    line: int
    sku: str
    options: dict[str, str]
    gtin: str
    #: Minor units by market id; a market that is missing has no price in the file.
    prices: dict[int, int]
    stock: int | None


@dataclass
class Draft:
    """One product of the file. `fields` are columns of Product; empty texts are left out, they change nothing."""

    key: str
    line: int
    fields: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    variants: list[VariantDraft] = field(default_factory=list)
    #: Rows that hold nothing but a picture: line → its address.
    image_rows: dict[int, str] = field(default_factory=dict)
    refusals: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    is_refused: bool = False
    #: Price columns of a currency that no market sells in: how many values each held.
    homeless: dict[str, int] = field(default_factory=dict)
    #: Column of an option's name → the name, which Shopify writes on the product's first row alone.
    option_names: dict[str, str] = field(default_factory=dict)


class DraftReader:
    """Reads groups into drafts. A bad variant costs its row; what is wrong with the product costs all of its rows."""

    def __init__(self, layout: Layout, known: Known, markets: dict[str, Market | None]) -> None:
        self.layout = layout
        self.known = known
        self.markets = markets
        homeless = {column for column, market in markets.items() if market is None}
        self.used = set(layout.used_columns()) - homeless
        # These say more than what is taken from them, so they are kept as they are too.
        self.used -= {*layout.film.columns, *layout.category.columns, layout.columns.get("tags", "")}
        self.sku_lines: dict[str, tuple[str, int]] = {}

    def read(self, group: Group) -> Draft:
        draft = Draft(group.key, group.rows[0].line)
        try:
            self._read_product(draft, group.rows)
        except RowRefused as refusal:
            return _refused(draft, group.rows, refusal.problem)
        for row in group.rows:
            try:
                self._read_row(draft, row, is_first=row is group.rows[0])
            except RowRefused as refusal:
                draft.refusals.append(refusal.problem)
        if not draft.variants:
            return _refused(draft, group.rows, draft.refusals[0])
        return draft

    # -- the product ------------------------------------------------------------------------------
    def _read_product(self, draft: Draft, rows: list[TableRow]) -> None:
        title = self._text(draft, rows, "title", plain_title)
        if not title:
            raise RowRefused(Problem("missing_value", draft.line, self.layout.column_of("title")))
        film_id, category_id = self._film(rows), self._category(rows)
        licence_id = self.known.licence(film_id, category_id)
        if licence_id is None:
            draft.warnings.append(Problem("no_licence", draft.line))
        texts = {
            "title_en": title,
            "title_zh": self._text(draft, rows, "title_zh", plain_title),
            "description_en": self._text(draft, rows, "description", plain_text),
            "description_zh": self._text(draft, rows, "description_zh", plain_text),
            "state": self._state(rows),
            "listing": self.layout.constants.get("listing"),
            "reveals": self.layout.constants.get("reveals"),
        }
        draft.fields = {name: value for name, value in texts.items() if value}
        draft.fields |= {"film_id": film_id, "category_id": category_id, "licence_id": licence_id}

    def _text(self, draft: Draft, rows: list[TableRow], name: str, clean: Callable[[str], str]) -> str:
        """The first row that says something counts; another one that says something else is reported."""
        text, column = "", self.layout.column_of(name)
        for row in rows:
            other = clean(self.layout.field(row.cells, name))
            if not text:
                text = other
                draft.warnings += _doubts(text, row.line, column)
            elif other and other != text:
                draft.warnings.append(Problem("differs_from_first_row", row.line, column, {"value": other[:80]}))
        if name.startswith("title") and len(text) > LONGEST_TITLE:
            raise RowRefused(Problem("too_long", draft.line, column, {"most": LONGEST_TITLE}))
        return text

    def _state(self, rows: list[TableRow]) -> str | None:
        first = rows[0]
        state, published = (self.layout.field(first.cells, name) for name in ("state", "published"))
        columns = (self.layout.column_of("state"), self.layout.column_of("published"))
        return cells.read_state(state, published, line=first.line, columns=columns)

    def _film(self, rows: list[TableRow]) -> int:
        """By the film's columns, else by a tag "film:…"."""
        first, lookup = rows[0], self.layout.film
        names = [self.layout.value(first.cells, column) for column in lookup.columns]
        for tag in self.layout.field(first.cells, "tags").split(","):
            prefix = tag.strip()[:5].lower()
            if prefix in _FILM_TAGS:
                names.append(tag.strip()[5:].strip())
        return self.known.film(names, lookup, line=first.line, column=", ".join(lookup.columns))

    def _category(self, rows: list[TableRow]) -> int:
        first, lookup = rows[0], self.layout.category
        names = [self.layout.value(first.cells, column) for column in lookup.columns]
        return self.known.category(names, lookup, line=first.line, column=", ".join(lookup.columns))

    # -- its rows ---------------------------------------------------------------------------------
    def _read_row(self, draft: Draft, row: TableRow, *, is_first: bool) -> None:
        image = self.layout.field(row.cells, "image")
        is_variant = is_first or self._says_something_of_a_variant(row)
        if not is_variant and not image:
            raise RowRefused(Problem("empty_row", row.line))
        told = self._without_place(row)
        if is_first:
            # The first row speaks for the product, also when its own variant cannot be taken.
            draft.extra |= told
            self._keep_image(draft, row, image)
        if is_variant:
            self._read_variant(draft, row)
        else:
            draft.image_rows[row.line] = image
        if not is_first:
            self._keep_image(draft, row, image)
            self._keep_extra(draft, told, draft.variants[-1].sku if is_variant else image)

    def _says_something_of_a_variant(self, row: TableRow) -> bool:
        columns = [self.layout.columns[name] for name in ("sku", "stock", "gtin") if name in self.layout.columns]
        columns += [price.column for price in self.layout.prices] + [option.column for option in self.layout.options]
        return any(self.layout.value(row.cells, column) for column in columns)

    def _read_variant(self, draft: Draft, row: TableRow) -> None:
        options = self._options(draft, row)
        sku = one_line(self.layout.field(row.cells, "sku")) or _made_sku(draft.key, options)
        if len(sku) > LONGEST_SKU:
            raise RowRefused(Problem("too_long", row.line, self.layout.column_of("sku"), {"most": LONGEST_SKU}))
        for earlier in draft.variants:
            if earlier.sku == sku:
                facts = {"value": sku, "first": earlier.line}
                raise RowRefused(Problem("duplicate_sku", row.line, self.layout.column_of("sku"), facts))
            if earlier.options == options:
                raise RowRefused(Problem("duplicate_options", row.line, facts={"first": earlier.line}))
        column = self.layout.column_of("stock")
        stock, doubts = cells.read_stock(self.layout.field(row.cells, "stock"), line=row.line, column=column)
        column = self.layout.column_of("gtin")
        gtin, more = cells.read_gtin(self.layout.field(row.cells, "gtin"), line=row.line, column=column)
        draft.variants.append(VariantDraft(row.line, sku, options, gtin, self._prices(draft, row), stock))
        draft.warnings += doubts + more + self._used_elsewhere(draft.key, sku, row.line)

    def _used_elsewhere(self, key: str, sku: str, line: int) -> list[Problem]:
        other, first = self.sku_lines.setdefault(sku, (key, line))
        if other == key:
            return []
        return [Problem("sku_used_twice", line, self.layout.column_of("sku"), {"value": sku, "first": first})]

    def _options(self, draft: Draft, row: TableRow) -> dict[str, str]:
        options = {}
        for option in self.layout.options:
            name = one_line(self.layout.value(row.cells, option.name_column)).lower() or option.name
            if option.name_column:
                name = draft.option_names.setdefault(option.name_column, name or option.name_column.lower())
            value = one_line(self.layout.value(row.cells, option.column))
            if value and (name, value) != ("title", "Default Title"):
                options["colour" if name == "color" else name] = value
        for name, value in options.items():
            if len(name) > LONGEST_SKU or len(value) > LONGEST_TITLE:
                raise RowRefused(Problem("too_long", row.line, name[:LONGEST_SKU], {"most": LONGEST_TITLE}))
        return options

    def _prices(self, draft: Draft, row: TableRow) -> dict[int, int]:
        prices = {}
        for price in self.layout.prices:
            text = self.layout.value(row.cells, price.column)
            text = "" if text in price.missing else text
            market = self.markets[price.column]
            if text and market is None:
                draft.homeless[price.column] = draft.homeless.get(price.column, 0) + 1
            elif text and market is not None:
                prices[market.pk] = cells.read_price(text, price.currency, line=row.line, column=price.column)
        return prices

    # -- what has no place of its own -----------------------------------------------------------------
    def _without_place(self, row: TableRow) -> dict[str, str]:
        told = {column: self.layout.value(row.cells, column) for column in row.cells if column not in self.used}
        return {column: text for column, text in told.items() if text}

    def _keep_image(self, draft: Draft, row: TableRow, image: str) -> None:
        """The address only: pictures are not fetched here."""
        if image and image not in (kept["src"] for kept in draft.extra.get(IMAGES, [])):
            told = {name: self.layout.field(row.cells, f"image_{name}") for name in ("position", "alt")}
            draft.extra.setdefault(IMAGES, []).append(
                {"src": image} | {name: text for name, text in told.items() if text}
            )

    def _keep_extra(self, draft: Draft, told: dict[str, str], name: str) -> None:
        """What a later row says beyond the first one, by its SKU or its picture."""
        if others := {column: text for column, text in told.items() if draft.extra.get(column) != text}:
            draft.extra.setdefault(VARIANTS, {})[name] = others


def _refused(draft: Draft, rows: list[TableRow], problem: Problem) -> Draft:
    """Every row goes down with the product; those that have a problem of their own are told it."""
    told = {refusal.line: refusal for refusal in draft.refusals} | {problem.line: problem}
    draft.is_refused = True
    draft.refusals = [
        told.get(row.line) or Problem("product_refused", row.line, facts={"first": problem.line}) for row in rows
    ]
    return draft


def _made_sku(key: str, options: dict[str, str]) -> str:
    """The code of a variant that the merchant gave none: the product's, and its options."""
    sku = "-".join(filter(None, [key, *(slugify(value, allow_unicode=True) for value in options.values())]))
    if len(sku) <= LONGEST_SKU:
        return sku
    return f"{sku[: LONGEST_SKU - 13]}-{hashlib.sha256(sku.encode()).hexdigest()[:12]}"


def _doubts(text: str, line: int, column: str) -> list[Problem]:
    if "\ufffd" in text:
        return [Problem("damaged_text", line, column, {"value": text[:80]})]
    if instead := ungarbled(text):
        return [Problem("garbled_text", line, column, {"value": text[:80], "instead": instead[:80]})]
    return []
