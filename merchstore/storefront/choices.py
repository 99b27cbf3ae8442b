"""A product's variants as a reader chooses among them: a group of radio buttons for each option, decided by the server.

An option stands in the address under its own name, `?o.colour=Bone&o.size=M`: it can be read and shared, a form without
script can send it group by group, and no option's name can be mistaken for another parameter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from babel.lists import format_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog.queries.variants import Availability, VariantChoice

#: What an option's parameter begins with; the page cache tells pages apart by all of these.
PREFIX = "o."
#: The order in which options are asked for; others follow in the order of the first variant.
_FIRST = ("colour", "material", "style", "edition", "size")
#: Options and values that most catalogues have, for readers of other languages. All others are the merchant's words.
_KNOWN = {
    "colour": gettext_lazy("Colour"),
    "size": gettext_lazy("Size"),
    "material": gettext_lazy("Material"),
    "style": gettext_lazy("Style"),
    "edition": gettext_lazy("Edition"),
    "Small": gettext_lazy("Small"),
    "Medium": gettext_lazy("Medium"),
    "Large": gettext_lazy("Large"),
    "Black": gettext_lazy("Black"),
    "White": gettext_lazy("White"),
    "Red": gettext_lazy("Red"),
    "Blue": gettext_lazy("Blue"),
    "Green": gettext_lazy("Green"),
    "Grey": gettext_lazy("Grey"),
    "Midnight": gettext_lazy("Midnight"),
    "Bone": gettext_lazy("Bone"),
    "Teal": gettext_lazy("Teal"),
}


@dataclass(frozen=True, slots=True)
class Value:
    """One radio button. `state` is "" for what can be had, else "sold_out" or "not_made" (with the other options)."""

    value: str
    label: str
    is_chosen: bool
    state: str


@dataclass(frozen=True, slots=True)
class Group:
    """One option. `name` is its parameter; `notes` are the sentences under it that say what cannot be had."""

    name: str
    label: str
    chosen: str
    values: list[Value]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen so far: `left` are the variants it leaves, `variant` the one that it names."""

    groups: list[Group]
    left: Sequence[VariantChoice]
    variant: VariantChoice | None

    @property
    def is_partial(self) -> bool:
        """Something is chosen, and what it leaves is not everything."""
        return any(group.chosen for group in self.groups)


def spoken(word: str) -> str:
    """An option's name or value in the reader's language, where the shop knows it."""
    known = _KNOWN.get(word)
    return str(known) if known is not None else word


def variant_name(options: Mapping[str, str]) -> str:
    """ "Midnight, M": the values in the order in which they are asked for."""
    return _(", ").join(spoken(str(options[name])) for name in _in_order(options))


def choice_of(variants: Sequence[VariantChoice], asked: Mapping[str, str], language: str) -> Choice:
    """The groups for what an address asks. What is not an option or a value of it is passed over, as is `v`, a variant's
    public id, next to options."""
    if len(variants) < 2:
        return Choice([], variants, None)
    named = next((one for one in variants if one.variant.public_id == asked.get("v")), None)
    rows = [{name: str(value) for name, value in one.variant.options.items()} for one in variants]
    names = _in_order(rows[0])
    if not names or any(row.keys() != rows[0].keys() for row in rows) or _repeats(rows):
        return _plain_choice(variants, named)
    offered = {name: list(dict.fromkeys(row[name] for row in rows)) for name in names}
    wanted = {name: value for name in names if (value := asked.get(PREFIX + name)) in offered[name]}
    if named is not None and not wanted:
        wanted = {name: str(value) for name, value in named.variant.options.items()}
    table = list(zip(rows, map(_is_sold_out, variants), strict=True))
    groups = [_group(name, offered[name], wanted, table, language) for name in names if len(offered[name]) > 1]
    left = [one for one, row in zip(variants, rows, strict=True) if wanted.items() <= row.items()]
    return Choice(groups, left, left[0] if len(left) == 1 else None)


def _is_sold_out(one: VariantChoice) -> bool:
    return one.availability == Availability.SOLD_OUT


def _in_order(options: Mapping[str, str]) -> list[str]:
    known = [name for name in _FIRST if name in options]
    return known + [name for name in options if name not in _FIRST]


def _repeats(rows: Sequence[dict[str, str]]) -> bool:
    return len({tuple(row.values()) for row in rows}) < len(rows)


def _plain_choice(variants: Sequence[VariantChoice], named: VariantChoice | None) -> Choice:
    """One group of all variants, where their options do not tell them apart."""
    values = [
        Value(one.variant.public_id, one.label, one is named, "sold_out" if _is_sold_out(one) else "")
        for one in variants
    ]
    group = Group("v", _("Choose"), named.label if named else "", values, [])
    return Choice([group], [named] if named else variants, named)


def _group(
    name: str,
    offered: Sequence[str],
    wanted: Mapping[str, str],
    table: Sequence[tuple[dict[str, str], bool]],
    language: str,
) -> Group:
    others = {other: value for other, value in wanted.items() if other != name}
    made = [(row[name], is_sold_out) for row, is_sold_out in table if others.items() <= row.items()]
    there = {value for value, is_sold_out in made if not is_sold_out}
    states = {value: "" if value in there else "sold_out" for value, _is_sold_out in made}
    values = [
        Value(value, spoken(value), wanted.get(name) == value, states.get(value, "not_made")) for value in offered
    ]
    chosen = next((value.label for value in values if value.is_chosen), "")
    notes = [*_sold_out(values, others, language), *_not_made(values, others, language)]
    return Group(PREFIX + name, spoken(name) if name in _KNOWN else name.capitalize(), chosen, values, notes)


def _sold_out(values: Sequence[Value], others: Mapping[str, str], language: str) -> list[str]:
    labels = [value.label for value in values if value.state == "sold_out"]
    if not labels:
        return []
    if others:
        sentence = ngettext(
            "%(values)s is sold out in %(others)s.", "%(values)s are sold out in %(others)s.", len(labels)
        )
    else:
        sentence = ngettext("%(values)s is sold out.", "%(values)s are sold out.", len(labels))
    return [sentence % {"values": _listed(labels, language), "others": _together(others, language)}]


def _not_made(values: Sequence[Value], others: Mapping[str, str], language: str) -> list[str]:
    labels = [value.label for value in values if value.state == "not_made"]
    if not labels:
        return []
    sentence = ngettext("%(values)s is not made in %(others)s.", "%(values)s are not made in %(others)s.", len(labels))
    return [sentence % {"values": _listed(labels, language), "others": _together(others, language)}]


def _together(options: Mapping[str, str], language: str) -> str:
    return _listed([spoken(value) for value in options.values()], language)


def _listed(words: Sequence[str], language: str) -> str:
    """ "XS and XXL", as the language joins them."""
    return str(format_list(words, locale=language.replace("-", "_"))) if len(words) > 1 else "".join(words)
