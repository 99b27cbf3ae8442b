"""Reading from the database what a merchant's file may refer to: once per import."""

from datetime import datetime

from django.db import models

from catalog.floors import read_floors
from catalog.importing.known import Known, KnownMarket, LicenceTerm, folded
from catalog.importing.layout import Layout, bad_mapping
from catalog.models import Market
from core.importing.report import RowRefused
from films.models import Embargo, Film, Tier
from licensing.models import Category, Licence
from merchants.models import Merchant


def load_known(merchant: Merchant, layout: Layout, *, at: datetime) -> Known:
    """Everything a file of `merchant` may refer to. Refuses a layout whose fixed category or film is not there.

    A film whose very title is under embargo is unknown here, unless the merchant holds a licence for it.
    """
    known = Known(merchant.pk, at)
    secret = Embargo.objects.filter(film=models.OuterRef("pk"), tier=Tier.TITLE, lifts_at__gt=at)
    licensed = Licence.objects.filter(film=models.OuterRef("pk"), merchant=merchant)
    for film in Film.objects.filter(~models.Exists(secret) | models.Exists(licensed)).only(
        "public_id", "slug", "title_en", "title_zh", "title_original"
    ):
        known.film_slugs[film.pk] = film.slug
        known.films[f"={film.slug}"].add(film.pk)
        known.films[f"={film.public_id}"].add(film.pk)
        for title in filter(None, (film.title_en, film.title_zh, film.title_original)):
            known.films[folded(title)].add(film.pk)
    categories = list(Category.objects.order_by("-pk"))
    for attribute in ("name_zh", "name_en", "code"):  # the last one wins: a code means its own category
        known.categories |= {folded(getattr(row, attribute)): row.pk for row in categories if getattr(row, attribute)}
    known.category_codes = sorted(row.code for row in categories)
    _load_terms(known)
    # A sandbox's prices are of the sandbox's market, and nobody else's are.
    is_sandbox = models.Exists(Merchant.objects.filter(pk=known.merchant_id, is_sandbox=True))
    markets = Market.objects.exclude(is_public=is_sandbox).order_by("pk").values_list("pk", "code", "currency")
    known.markets = [KnownMarket(*columns) for columns in markets]
    _check_fixed(known, layout)
    return known


def _load_terms(known: Known) -> None:
    known.floors = read_floors(Licence.objects.filter(merchant=known.merchant_id).values("pk"))
    executed = Licence.objects.filter(merchant=known.merchant_id, state=Licence.State.EXECUTED).prefetch_related(
        "grants"
    )
    for licence in executed:
        granted = {grant.category_id for grant in licence.grants.all()}
        if granted:
            categories = None if None in granted else frozenset(pk for pk in granted if pk is not None)
            term = (licence.pk, licence.number, licence.starts_on, licence.ends_on, licence.time_zone)
            known.terms[licence.film_id].append(LicenceTerm(*term, categories=categories))


def _check_fixed(known: Known, layout: Layout) -> None:
    try:
        if layout.category.fixed:
            known.category([], layout.category, line=0, column="")
        if layout.film.fixed:
            known.film([], layout.film, line=0, column="")
    except RowRefused as refusal:
        raise bad_mapping(refusal.problem.sentence) from refusal
