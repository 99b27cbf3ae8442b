"""A product as a merchant's file tells it, checked: what lands, and which rows are refused."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import slugify

from catalog.importing.kept import CODES, SHARED, VARIANTS, WRITTEN, as_text
from catalog.importing.layout import PriceColumn
from core.importing.report import Problem
from core.importing.text import is_damaged, one_line, plain_text, plain_title, repaired, suspected

LONGEST_TITLE = 200
LONGEST_SKU = 80
LONGEST_ADDRESS = 1_000


# Variants and pictures are not frozen: that would take three times as long, to make them and to send them.
@dataclass(slots=True)
class ImageDraft:
    """A picture as the file names it: nothing has been fetched. `position` is 0 where the file does not say."""

    line: int
    source: str
    alt: str = ""
    position: int = 0
    alt_zh: str = ""


@dataclass(slots=True)
class VariantDraft:
    line: int
    sku: str
    options: dict[str, str]
    gtin: str
    #: Minor units by market id; a market that is missing has no price in the file.
    prices: dict[int, int]
    stock: int | None
    #: Further rows of this variant: its price in another currency.
    more_lines: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """One product of the file. `fields` are columns of Product; empty texts are left out, they change nothing."""

    key: str
    line: int
    fields: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    variants: list[VariantDraft] = field(default_factory=list)
    #: In the order of the file, each address once.
    images: list[ImageDraft] = field(default_factory=list)
    #: Rows that hold nothing but a picture: line → its address.
    image_rows: dict[int, str] = field(default_factory=dict)
    #: Rows that speak of the product alone, where every variant has a row of its own.
    heading_lines: list[int] = field(default_factory=list)
    #: All of it stands in one row of the file (JSON Lines): it lands or is refused as one.
    is_one_row: bool = False
    refusals: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    is_refused: bool = False
    #: Prices in a currency that no market sells in: how many values each column held.
    homeless: dict[PriceColumn, int] = field(default_factory=dict)
    #: Column of an option's name → the name, which Shopify writes on the product's first row alone.
    option_names: dict[str, str] = field(default_factory=dict)

    #: What rows of variants but the first row say in columns without a place, by SKU.
    told: dict[str, dict[str, str]] = field(default_factory=dict)
    #: What is kept with the product, once all of it is known (`seal`).
    extra_text: str = ""

    def seal(self) -> "Draft":
        """The draft as it goes on to be compared: what only reading needs is left behind, what is kept is written out."""
        self.extra_text = "" if self.is_refused else as_text(self.extra)
        self.extra, self.told, self.option_names = {}, {}, {}
        return self

    def keep_told(self) -> None:
        """Most columns say the same for every variant (a weight, a tax code): those are named once."""
        later = list(self.told.values())
        shared = {column for column, text in self.extra.items() if all(told.get(column) == text for told in later)}
        if later and shared:
            self.extra[SHARED] = sorted(shared)
        others = {
            sku: left
            for sku, told in self.told.items()
            if (left := {column: text for column, text in told.items() if column not in shared})
        }
        if others:
            self.extra[VARIANTS] = others

    def keep_written(self, name: str, written: str, taken: str | None) -> None:
        """A cell that says more than what was taken from it comes back as it was written."""
        if written and written != taken:
            self.extra.setdefault(WRITTEN, {})[name] = written

    def keep_code(self, sku: str, name: str, written: str) -> None:
        self.extra.setdefault(CODES, {}).setdefault(sku, {})[name] = written


def refuse_all(draft: Draft, lines: Iterable[int], problem: Problem) -> Draft:
    """Every row goes down with the product; those that have a problem of their own are told it."""
    told = {refusal.line: refusal for refusal in draft.refusals} | {problem.line: problem}
    draft.is_refused = True
    draft.refusals = [
        told.get(line) or Problem("product_refused", line, facts={"first": problem.line}) for line in lines
    ]
    return draft


def made_sku(key: str, options: dict[str, str]) -> str:
    """The code of a variant that the merchant gave none: the product's, and its options."""
    sku = "-".join(filter(None, [key, *(slugify(value, allow_unicode=True) for value in options.values())]))
    if len(sku) <= LONGEST_SKU:
        return sku
    return f"{sku[: LONGEST_SKU - 13]}-{hashlib.sha256(sku.encode()).hexdigest()[:12]}"


def mended(text: str, line: int, column: str) -> tuple[str, list[Problem]]:
    """The text without what another encoding did to it, where that is sure; and what somebody should look at."""
    if text.isascii():
        return text, []
    if (better := repaired(text)) != text:
        facts = {"value": one_line(text)[:80], "instead": one_line(better)[:80]}
        return better, [Problem("repaired_text", line, column, facts)]
    if is_damaged(text):
        return text, [Problem("damaged_text", line, column, {"value": one_line(text)[:80]})]
    if (instead := suspected(text)) and instead != text:
        facts = {"value": one_line(text)[:80], "instead": one_line(instead)[:80]}
        return text, [Problem("garbled_text", line, column, facts)]
    if instead:
        return text, [Problem("odd_text", line, column, {"value": one_line(text)[:80]})]
    return text, []


def cleaned_title(text: str, line: int, column: str) -> tuple[str, list[Problem]]:
    """A title on one line without entities, markup and garbling, and a warning wherever that changed its letters."""
    title, doubts = mended(plain_title(text), line, column)
    plain = one_line(text)
    if not doubts and title != plain:
        doubts.append(Problem("title_cleaned", line, column, {"value": plain[:80], "instead": title[:80]}))
    return one_line(title), doubts


def cleaned_description(text: str, line: int, column: str) -> tuple[str, list[Problem]]:
    """The words of a description, a line per block. HTML is expected there, so taking it off is nothing to tell."""
    return mended(plain_text(text), line, column)


def is_address(text: str) -> bool:
    """Whether a picture could be fetched from here."""
    return text.startswith(("https://", "http://")) and len(text) <= LONGEST_ADDRESS and " " not in text
