"""Addresses made from titles: once, when the row is created, and never changed by a later title."""

from collections.abc import Iterable, Sequence

from django.db import models
from django.utils.text import slugify

from core.bulk import AmongTexts


def slug_wishes(title: str, *, hints: Iterable[object], public_id: str, longest: int) -> list[str]:
    """Slugs for `title` in the order of preference: "ali", then with each hint ("ali-2001"), then with letters of the
    public id, which nobody else has. A title without Latin letters or digits gets the letters alone."""
    letters = public_id.partition("_")[2]
    base = slugify(title)[: longest - len(letters) - 1].strip("-")
    if not base:
        return [letters]
    endings = [slugify(str(hint)) for hint in hints if hint not in (None, "")]
    hinted = [f"{base}-{ending}"[:longest].strip("-") for ending in endings if ending]
    return [base, *hinted, f"{base}-{letters[:6]}", f"{base}-{letters}"]


def free_slugs(model: type[models.Model], wishes: Sequence[Sequence[str]]) -> list[str]:
    """For each list of wishes the first slug that neither a row of `model` nor an earlier list has. One query."""
    wanted = {slug for slugs in wishes for slug in slugs}
    taken = set(model._default_manager.filter(AmongTexts("slug", wanted)).values_list("slug", flat=True))
    chosen = []
    for slugs in wishes:
        slug = next(slug for slug in slugs if slug not in taken)
        taken.add(slug)
        chosen.append(slug)
    return chosen
