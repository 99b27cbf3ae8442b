"""What a round has to show at each stage, in one table; and what a round lacks of it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

from core.errors import Refused
from licensing.approvals.tracks import Stage, Track
from licensing.models import Round, RoundFile

Kind = RoundFile.Kind

#: What a specification says, by name.
SPEC = {
    "description": _("What it is"),
    "art": _("Art, with its place in the style guide"),
    "material": _("Material"),
    "size": pgettext_lazy("of an article", "Size"),
    "colours": _("Colours"),
    "pack": _("Pack"),
}
#: The texts of the article's page: the names of the product's own columns (catalog.Product).
TEXTS = {
    "title_en": _("Title in English"),
    "title_zh": _("Title in Chinese"),
    "description_en": _("Description in English"),
    "description_zh": _("Description in Chinese"),
}
LONGEST_TEXT = 20_000
MOST_FILES = 40


@dataclass(frozen=True, slots=True)
class Needs:
    """Files by kind with the least number of them, words of the specification, and the rest. A title or a legal line in
    one language is enough: not every article is sold in both."""

    files: dict[RoundFile.Kind, int] = field(default_factory=dict)
    spec: tuple[str, ...] = ()
    legal_line: bool = False
    factory: bool = False
    title: bool = False


#: docs/approvals.md says why.
NEEDS: dict[tuple[Track, Stage], Needs] = {
    (Track.PRODUCT, Stage.CONCEPT): Needs({Kind.ARTWORK: 1}, ("description", "art")),
    (Track.PRODUCT, Stage.PRE_PRODUCTION): Needs(
        {Kind.DRAWING: 1, Kind.SAMPLE: 2},
        ("description", "art", "material", "size", "colours"),
        legal_line=True,
        factory=True,
    ),
    (Track.PRODUCT, Stage.PRODUCTION): Needs(
        {Kind.SAMPLE: 2, Kind.FACTORY_AUDIT: 1}, ("art", "material", "size", "colours"), legal_line=True, factory=True
    ),
    (Track.PRODUCT, Stage.FINAL): Needs(
        {Kind.SAMPLE: 2, Kind.TEST_REPORT: 1}, ("art", "material", "size", "colours"), legal_line=True, factory=True
    ),
    (Track.PACKAGING, Stage.CONCEPT): Needs({Kind.PACK_ARTWORK: 1}, ("art", "pack")),
    (Track.PACKAGING, Stage.PROOF): Needs({Kind.PACK_PROOF: 1}, ("art", "pack"), legal_line=True),
    (Track.PACKAGING, Stage.FINAL): Needs({Kind.PACK_PHOTO: 2}, ("art", "pack"), legal_line=True),
    (Track.MARKETING, Stage.DRAFT): Needs({Kind.PAGE_PICTURE: 1}, ("art",), title=True),
    (Track.MARKETING, Stage.FINAL): Needs({Kind.PAGE_PICTURE: 1}, ("art",), legal_line=True, title=True),
}

#: Kinds that have to be pictures: a reviewer looks at them on the page and pins comments to them.
PICTURES = frozenset({Kind.SAMPLE, Kind.PACK_PHOTO, Kind.PAGE_PICTURE})


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is needed. `code` is stable: `files.sample`, `spec.material`, `legal_line`, `change.2`."""

    code: str
    words: Any

    def __str__(self) -> str:
        return str(self.words)


class Listed(list[str]):
    """Items by their codes, for programs; in a sentence, their words in the language of whoever reads it."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.items = tuple(items)
        super().__init__(item.code for item in self.items)

    def __str__(self) -> str:
        return "; ".join(str(item) for item in self.items)


_FILES = ngettext_lazy("%(kind)s (%(number)s file more)", "%(kind)s (%(number)s files more)", "number")


def needs_of(track: str, stage: str) -> Needs:
    return NEEDS[Track(track), Stage(stage)]


def missing(shown: Round, track: str, files: Iterable[RoundFile]) -> list[Item]:
    """What the round lacks of what its stage needs, in the order of the table."""
    return list(_missing(shown, needs_of(track, shown.stage), Counter(file.kind for file in files)))


def check_evidence(shown: Round, track: str, files: Iterable[RoundFile]) -> None:
    """Refuses `evidence_missing` with everything that is missing."""
    if items := missing(shown, track, files):
        raise Refused("evidence_missing", missing=Listed(items))


def needed_words(track: str, stage: str) -> list[str]:
    """The whole table's row in words, for a form's help."""
    return [str(item) for item in _missing(Round(stage=stage), needs_of(track, stage), Counter())]


def _missing(shown: Round, needs: Needs, found: "Counter[str]") -> Iterator[Item]:
    for kind, least in needs.files.items():
        if (lacks := least - found[kind]) > 0:
            yield Item(f"files.{kind}", _FILES % {"kind": kind.label, "number": lacks})
    for name in needs.spec:
        if not shown.spec.get(name, "").strip():
            yield Item(f"spec.{name}", SPEC[name])
    if needs.factory and not shown.factory.strip():
        yield Item("factory", _("Factory"))
    if needs.legal_line and not (shown.legal_line_en + shown.legal_line_zh).strip():
        yield Item("legal_line", _("Legal line"))
    if needs.title and not (shown.texts.get("title_en", "") + shown.texts.get("title_zh", "")).strip():
        yield Item("texts.title", _("Title of the page"))
