"""The ways an article takes to its approval, stage by stage, and which change of an approved article touches which."""

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Track(models.TextChoices):
    """What is looked at separately; every one has to be final."""

    PRODUCT = "product", pgettext_lazy("track of an approval", "Product")
    PACKAGING = "packaging", _("Packaging")
    MARKETING = "marketing", _("Marketing")


class Stage(models.TextChoices):
    CONCEPT = "concept", _("Concept")
    PRE_PRODUCTION = "pre_production", _("Pre-production")
    PRODUCTION = "production", _("Production")
    PROOF = "proof", _("Proof")
    DRAFT = "draft", pgettext_lazy("stage of an approval", "Draft")
    FINAL = "final", _("Final")


class Change(models.TextChoices):
    """What is different about an article that was approved."""

    ART = "art", _("Art")
    MATERIAL = "material", _("Material")
    FACTORY = "factory", _("Factory")
    PACK = "pack", _("Pack")
    LEGAL_LINE = "legal_line", _("Legal line")
    PAGE = "page", _("Pictures or texts of the page")


#: The stages of each track in order; none is skipped.
STAGES: dict[Track, tuple[Stage, ...]] = {
    Track.PRODUCT: (Stage.CONCEPT, Stage.PRE_PRODUCTION, Stage.PRODUCTION, Stage.FINAL),
    Track.PACKAGING: (Stage.CONCEPT, Stage.PROOF, Stage.FINAL),
    Track.MARKETING: (Stage.DRAFT, Stage.FINAL),
}

#: From which stage a change is looked at again. A track that is not named keeps the approval it has.
TOUCHES: dict[Change, dict[Track, Stage]] = {
    Change.ART: {Track.PRODUCT: Stage.CONCEPT, Track.PACKAGING: Stage.CONCEPT, Track.MARKETING: Stage.DRAFT},
    Change.MATERIAL: {Track.PRODUCT: Stage.PRE_PRODUCTION},
    Change.FACTORY: {Track.PRODUCT: Stage.PRODUCTION},
    Change.PACK: {Track.PACKAGING: Stage.CONCEPT},
    Change.LEGAL_LINE: {Track.PRODUCT: Stage.PRODUCTION, Track.PACKAGING: Stage.PROOF, Track.MARKETING: Stage.FINAL},
    Change.PAGE: {Track.MARKETING: Stage.DRAFT},
}


def first_stage(track: Track) -> Stage:
    return STAGES[track][0]


def next_stage(track: Track, stage: Stage) -> Stage | None:
    """The stage behind `stage`; None when it is the last one."""
    stages = STAGES[track]
    place = stages.index(stage) + 1
    return stages[place] if place < len(stages) else None


def touched(changes: Iterable[Change]) -> dict[Track, Stage]:
    """Where each track has to begin again because of these changes: at the earliest stage that any of them touches."""
    begins: dict[Track, Stage] = {}
    for change in changes:
        for track, stage in TOUCHES[change].items():
            if track not in begins or STAGES[track].index(stage) < STAGES[track].index(begins[track]):
                begins[track] = stage
    return begins


def covers(changes: Iterable[Change], other: Change) -> bool:
    """Whether a version with these changes is looked at everywhere that `other` would have it looked at."""
    begins = touched(changes)
    return all(
        track in begins and STAGES[track].index(begins[track]) <= STAGES[track].index(stage)
        for track, stage in TOUCHES[other].items()
    )
