"""From rows to drafts: what each cell of a product says, by the layout of its table."""

import re
from collections.abc import Callable, Iterator

from catalog.importing import cells
from catalog.importing.drafts import (
    LONGEST_SKU,
    LONGEST_TITLE,
    Draft,
    ImageDraft,
    VariantDraft,
    cleaned_description,
    cleaned_title,
    is_address,
    made_sku,
    refuse_all,
)
from catalog.importing.groups import Group, GroupReader, Rows
from catalog.importing.kept import OPTIONS, PICTURES, ROWS, WRITTEN
from catalog.importing.known import Known, KnownMarket
from catalog.importing.layout import Layout, OptionColumn, PriceColumn
from catalog.importing.lines import FirstLines
from core.importing.files import TableRow
from core.importing.report import Problem, Report, RowRefused
from core.importing.text import one_line, repaired

_FILM_TAGS = ("film:", "film=")
# Between two addresses stands a comma; a comma inside one is followed by neither a space nor another address.
_BETWEEN_IMAGES = re.compile(r"\s*,\s*(?=[a-z]+://)|,\s+")

Cleaning = Callable[[str, int, str], tuple[str, list[Problem]]]


class TableReading:
    """The drafts of a table. A bad variant costs its row; what is wrong with the product costs all of its rows."""

    is_portable = True

    def __init__(self, table: Rows, layout: Layout, known: Known, report: Report) -> None:
        self.table = table
        self.header = table.header
        self.layout = layout
        self.known = known
        self.report = report
        self.markets: dict[PriceColumn, KnownMarket | None] = {price: known.market_of(price) for price in layout.prices}
        with_market = {price.column for price, market in self.markets.items() if market is not None}
        homeless = {price.column for price in self.markets} - with_market
        #: Columns of which nothing is left over once they are read.
        self.used = set(layout.used_columns()) - homeless
        # These say more than what is taken from them, so they are kept as they are too.
        self.used -= {*layout.film.columns, *layout.category.columns}
        self.used -= {layout.columns.get("tags", ""), layout.columns.get("in_stock", "")}
        self._columns = [column for column in self.header if column not in self.used]
        self._texts = [layout.columns[name] for name in ("title", "description") if name in layout.columns]
        self._choices = [
            column for option in layout.options for column in (option.column, option.name_column) if column
        ]
        self._variant_columns = [layout.columns[name] for name in ("sku", "stock", "gtin") if name in layout.columns]
        self._variant_columns += [price.column for price in layout.prices]
        self._variant_columns += [option.column for option in layout.options]
        self._skus = FirstLines()

    @property
    def bytes_read(self) -> int:
        return self.table.bytes_read

    def __iter__(self) -> Iterator[Draft]:
        groups = GroupReader(self.table, self.layout, self.report)
        for group in groups:
            draft = self._read(group)
            if groups.gathers:
                self._compare_skus(draft)
            yield draft

    def _read(self, group: Group) -> Draft:
        draft = Draft(group.key, group.rows[0].line)
        lines = [row.line for row in group.rows]
        try:
            self._read_product(draft, group.rows)
        except RowRefused as refusal:
            return refuse_all(draft, lines, refusal.problem)
        for row in group.rows:
            try:
                self._read_row(draft, row, is_first=row is group.rows[0])
            except RowRefused as refusal:
                draft.refusals.append(refusal.problem)
        if not draft.variants:
            problem = draft.refusals[0] if draft.refusals else Problem("no_variants", draft.line)
            return refuse_all(draft, lines, Problem("no_variants", draft.line) if draft.heading_lines else problem)
        draft.keep_told()
        self._keep_arrangement(draft, group.rows)
        return draft

    # -- the product ------------------------------------------------------------------------------
    def _read_product(self, draft: Draft, rows: list[TableRow]) -> None:
        title = self._text(draft, rows, "title", cleaned_title)
        if not title:
            raise RowRefused(Problem("missing_value", draft.line, self.layout.column_of("title")))
        film_id, category_id = self._film(rows), self._category(rows)
        licence_id = self.known.licence(film_id, category_id)
        if licence_id is None:
            draft.warnings.append(Problem("no_licence", draft.line))
        texts = {
            "title_en": title,
            "title_zh": self._text(draft, rows, "title_zh", cleaned_title),
            "description_en": self._text(draft, rows, "description", cleaned_description),
            "description_zh": self._text(draft, rows, "description_zh", cleaned_description),
            "state": self._state(draft, rows[0]),
            "listing": self.layout.constants.get("listing"),
            "reveals": self.layout.constants.get("reveals"),
        }
        draft.fields = {name: value for name, value in texts.items() if value}
        draft.fields |= {"film_id": film_id, "category_id": category_id, "licence_id": licence_id}

    def _text(self, draft: Draft, rows: list[TableRow], name: str, clean: Cleaning) -> str:
        """The first row that says something counts; another one that says something else is reported."""
        if name not in self.layout.columns and name not in self.layout.constants:
            return ""
        text, first, column = "", "", self.layout.column_of(name)
        for row in rows[:1] if self.layout.tells_once else rows:
            written = self.layout.field(row.cells, name)
            if not written or written == first:
                continue
            other, doubts = clean(written, row.line, column)
            if not text:
                text, first = other, written
                draft.warnings += doubts
                if name.startswith("description"):
                    draft.keep_written(name, repaired(written), text)
            elif other and other != text:
                draft.warnings.append(Problem("differs_from_first_row", row.line, column, {"value": other[:80]}))
        if name.startswith("title") and len(text) > LONGEST_TITLE:
            raise RowRefused(Problem("too_long", draft.line, column, {"most": LONGEST_TITLE}))
        return text

    def _state(self, draft: Draft, first: TableRow) -> str | None:
        state, published = (self.layout.field(first.cells, name) for name in ("state", "published"))
        columns = (self.layout.column_of("state"), self.layout.column_of("published"))
        told = cells.read_state(state, published, line=first.line, columns=columns)
        draft.keep_written("state", state, told)
        draft.keep_written("published", published, None)
        if published and not state:
            # Which of the two columns says it differs from file to file.
            draft.extra.setdefault(WRITTEN, {})["state"] = ""
        return told

    def _film(self, rows: list[TableRow]) -> int:
        """By the film's columns, else by a tag "film:…"."""
        first, lookup = rows[0], self.layout.film
        names = [self.layout.value(first.cells, column) for column in lookup.columns]
        return self.known.film(
            names + film_tags(self.layout.field(first.cells, "tags")),
            lookup,
            line=first.line,
            column=", ".join(lookup.columns),
        )

    def _category(self, rows: list[TableRow]) -> int:
        first, lookup = rows[0], self.layout.category
        names = lookup.names_in([self.layout.value(first.cells, column) for column in lookup.columns])
        return self.known.category(names, lookup, line=first.line, column=", ".join(lookup.columns))

    # -- its rows ---------------------------------------------------------------------------------
    def _read_row(self, draft: Draft, row: TableRow, *, is_first: bool) -> None:
        if row.is_price:
            self._read_price(draft, row)
            return
        images = self._images_in(row)
        is_variant = not row.is_heading and (is_first or self._says_something_of_a_variant(row))
        if not (is_variant or images or row.is_heading):
            raise RowRefused(Problem("empty_row", row.line))
        if row.doubt is not None:
            draft.warnings.append(row.doubt)
        told = self._without_place(row, is_first=is_first)
        if is_first:
            # The first row speaks for the product, also when its own variant cannot be taken.
            draft.extra |= told
        if is_variant:
            self._read_variant(draft, row)
        elif row.is_heading:
            draft.heading_lines.append(row.line)
        self._keep_images(draft, row, images, alone=not (is_variant or row.is_heading))
        if is_first:
            return
        if is_variant:
            draft.told[draft.variants[-1].sku] = told
        elif told and not row.is_heading:
            draft.extra.setdefault(PICTURES, {})[images[0]] = told

    def _says_something_of_a_variant(self, row: TableRow) -> bool:
        return any(self.layout.value(row.cells, column) for column in self._variant_columns)

    def _read_variant(self, draft: Draft, row: TableRow) -> None:
        options = self._options(draft, row)
        given = one_line(self.layout.field(row.cells, "sku"))
        sku = given or made_sku(draft.key, options)
        if len(sku) > LONGEST_SKU:
            raise RowRefused(Problem("too_long", row.line, self.layout.column_of("sku"), {"most": LONGEST_SKU}))
        for earlier in draft.variants:
            if earlier.sku == sku:
                facts = {"value": sku, "first": earlier.line}
                raise RowRefused(Problem("duplicate_sku", row.line, self.layout.column_of("sku"), facts))
            if earlier.options == options:
                raise RowRefused(Problem("duplicate_options", row.line, facts={"first": earlier.line}))
        stock, doubts = self._stock(row)
        column, written = self.layout.column_of("gtin"), self.layout.field(row.cells, "gtin")
        gtin, more = cells.read_gtin(written, line=row.line, column=column)
        draft.variants.append(VariantDraft(row.line, sku, options, gtin, self._prices(draft, row), stock))
        if not given:
            draft.keep_code(sku, "sku", "")
        if written != gtin:
            draft.keep_code(sku, "gtin", written)
        draft.warnings += doubts + more

    def _read_price(self, draft: Draft, row: TableRow) -> None:
        """One more price of the variant that stands before this row in the file's own order."""
        sku = one_line(self.layout.field(row.cells, "sku"))
        variant = next((variant for variant in draft.variants if variant.sku == sku), None)
        if variant is None:
            first = next((problem.line for problem in reversed(draft.refusals)), draft.line)
            raise RowRefused(Problem("variant_refused", row.line, facts={"first": first}))
        for market, amount in self._prices(draft, row).items():
            if market in variant.prices:
                facts = {"value": sku, "first": variant.line}
                raise RowRefused(Problem("duplicate_row", row.line, self.layout.column_of("sku"), facts))
            variant.prices[market] = amount
        variant.more_lines.append(row.line)
        standing = draft.told.get(sku, draft.extra)
        for column, text in self._without_place(row, is_first=False).items():
            if standing.get(column) != text:
                facts = {"value": text[:80]}
                draft.warnings.append(Problem("differs_from_first_row", row.line, column, facts))

    def _stock(self, row: TableRow) -> tuple[int | None, list[Problem]]:
        column, text = self.layout.column_of("stock"), self.layout.field(row.cells, "stock")
        if text.lower() in self.layout.stock_elsewhere:
            text = ""
        if not text and self.layout.field(row.cells, "in_stock") == "0":
            return 0, []
        return cells.read_stock(text, line=row.line, column=column)

    def _options(self, draft: Draft, row: TableRow) -> dict[str, str]:
        options = {}
        for option in self.layout.options:
            if option.name_column in draft.option_names and not row.cells[option.column] and not row.group:
                continue
            name = self._option_name(draft, row, option)
            value = one_line(self.layout.value(row.cells, option.column))
            if (name, value) == ("title", "Default Title"):
                continue
            if not value:
                if row.group and option.name_column and row.cells[option.name_column].strip():
                    draft.warnings.append(Problem("open_option", row.line, option.column, {"value": name}))
            elif not self.layout.option_separator or self.layout.option_separator not in value:
                options[option_name(name)] = value
        for name, value in options.items():
            if len(name) > LONGEST_SKU or len(value) > LONGEST_TITLE:
                raise RowRefused(Problem("too_long", row.line, name[:LONGEST_SKU], {"most": LONGEST_TITLE}))
        return options

    def _option_name(self, draft: Draft, row: TableRow, option: OptionColumn) -> str:
        """A name that stands on the product's first row counts for all of its rows, unless each row names its own."""
        if not option.name_column:
            return option.name
        written = one_line(self.layout.value(row.cells, option.name_column))
        if option.name_column not in draft.option_names:
            _spell(draft, written.lower(), written)
            draft.option_names[option.name_column] = written.lower() or option.name_column.lower()
        return (written.lower() if self.layout.tells_once else "") or draft.option_names[option.name_column]

    def _prices(self, draft: Draft, row: TableRow) -> dict[int, int]:
        prices = {}
        for price, market in self.markets.items():
            text = self.layout.value(row.cells, price.column)
            if not text or text in price.missing:
                continue
            if price.currency_column and row.cells[price.currency_column].strip() != price.currency_word:
                continue
            if market is None:
                draft.homeless[price] = draft.homeless.get(price, 0) + 1
            else:
                amount = cells.read_price(text, price.currency, line=row.line, column=price.column)
                licence_id = draft.fields.get("licence_id")
                self.known.check_floor(amount, licence_id, price.currency, line=row.line, column=price.column)
                prices[market.pk] = amount
        return prices

    # -- pictures, and what has no place of its own ---------------------------------------------------
    def _images_in(self, row: TableRow) -> list[str]:
        texts = [self.layout.field(row.cells, "image")]
        texts += [self.layout.value(row.cells, column) for column in self.layout.more_images]
        if self.layout.image_separator:
            texts = [part for text in texts for part in _BETWEEN_IMAGES.split(text)]
        return [text.strip() for text in texts if text.strip()]

    def _keep_images(self, draft: Draft, row: TableRow, images: list[str], *, alone: bool) -> None:
        """The addresses only: pictures are not fetched here."""
        column = (
            self.layout.column_of("image") if "image" in self.layout.columns else "".join(self.layout.more_images[:1])
        )
        if alone:
            if not is_address(images[0]):
                raise RowRefused(Problem("bad_image", row.line, column, {"value": images[0][:80]}))
            draft.image_rows[row.line] = images[0]
        known = {image.source for image in draft.images}
        for source in images:
            if not is_address(source):
                draft.warnings.append(Problem("image_left_out", row.line, column, {"value": source[:80]}))
            elif source not in known:
                known.add(source)
                draft.images.append(self._image(draft, row, source))

    def _image(self, draft: Draft, row: TableRow, source: str) -> ImageDraft:
        column = self.layout.column_of("image_alt")
        alt, doubts = cleaned_title(self.layout.field(row.cells, "image_alt"), row.line, column)
        if len(alt) > LONGEST_TITLE:
            alt = alt[:LONGEST_TITLE].rstrip()
            doubts.append(Problem("shortened", row.line, column, {"most": LONGEST_TITLE, "value": alt[:80]}))
        draft.warnings += doubts
        position = self.layout.field(row.cells, "image_position")
        place = int(position) if position.isascii() and position.isdigit() and len(position) < 5 else 0
        return ImageDraft(row.line, source, alt, place)

    def _without_place(self, row: TableRow, *, is_first: bool) -> dict[str, str]:
        columns = self._columns
        if self.layout.tells_once:
            columns = columns + self._left_of_used(row, is_first=is_first)
        missing, found = self.layout.missing, row.cells
        return {column: text for column in columns if (text := found[column].strip()) and text not in missing}

    def _left_of_used(self, row: TableRow, *, is_first: bool) -> list[str]:
        """Columns that have a meaning, but not on this row: lists of options, a variation's own name."""
        separator = self.layout.option_separator
        if row.is_heading:
            return self._choices
        lists = [column for column in self._choices if separator and separator in row.cells[column]]
        return lists if is_first else lists + self._texts

    def _keep_arrangement(self, draft: Draft, rows: list[TableRow]) -> None:
        """Where pictures stand on other rows than the first ones, each on its own: which row held what."""
        if self.layout.format != "shopify" or not draft.images:
            return
        variants = {variant.line: variant.sku for variant in draft.variants}
        images = {image.line: image.source for image in draft.images}
        lines = [row.line for row in rows if row.line in variants or row.line in images]
        arrangement = [[variants.get(line, ""), images.get(line, "")] for line in lines]
        usual = usual_rows([variant.sku for variant in draft.variants], [image.source for image in draft.images])
        if arrangement != usual:
            draft.extra[ROWS] = arrangement

    def _compare_skus(self, draft: Draft) -> None:
        """One code for two products is allowed, and worth a look. (One product never has it twice.)"""
        for variant in draft.variants:
            first = self._skus.first(variant.sku, variant.line)
            if first != variant.line:
                column = self.layout.column_of("sku")
                facts = {"value": variant.sku, "first": first}
                draft.warnings.append(Problem("sku_used_twice", variant.line, column, facts))


def usual_rows(skus: list[str], images: list[str]) -> list[list[str]]:
    """How Shopify arranges a product: the first picture beside the first variant, and so on."""
    return [
        [skus[at] if at < len(skus) else "", images[at] if at < len(images) else ""]
        for at in range(max(len(skus), len(images)))
    ]


def option_name(name: str) -> str:
    """An option as we keep it: "Color" is "colour"."""
    return "colour" if name.lower() == "color" else name.lower()


def film_tags(tags: str) -> list[str]:
    """The films that a list of tags names: "cotton, film:the-ferryman"."""
    parts = [tag.strip() for tag in tags.split(",")]
    return [part[5:].strip() for part in parts if part[:5].lower() in _FILM_TAGS]


def _spell(draft: Draft, name: str, written: str) -> None:
    if name and name != "title":
        draft.extra.setdefault(OPTIONS, []).append(written)
