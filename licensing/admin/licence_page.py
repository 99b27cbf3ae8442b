"""What a licence's page says, in its reader's words and the licence's own days. Every function is a read."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.urls import reverse
from django.utils import formats
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.models import AuditEntry
from licensing.admin import history, timeline
from licensing.models import (
    EVERY,
    ArticleVersion,
    DistributionChannel,
    Grant,
    InventoryStatement,
    Licence,
    LicenceDocument,
    LicensedArticle,
    Takedown,
)
from licensing.sell_off import standing_statement
from licensing.terms import is_over_on, local_day, sell_off_ends_on

State = Licence.State

#: Rows of a list on the page; longer ones say how many more there are.
MOST = 50

_TONES = {
    State.DRAFT: "plain",
    State.EXECUTED: "ok",
    State.SUSPENDED: "bad",
    State.EXPIRED: "plain",
    State.TERMINATED: "bad",
}


def licence_page(licence: Licence, *, at: datetime, may_act: bool) -> dict[str, Any]:
    today = local_day(licence, at)
    documents = list(licence.documents.all())
    holds = list(_takedowns(licence))
    trail = _trail(licence, holds)
    rows = timeline.rows_of(licence, documents, holds, trail, at=at)
    statement = standing_statement(licence)
    open_holds = [hold for hold in holds if hold.released_at is None or hold.released_at > at]
    return {
        "tone": _TONES[State(licence.state)],
        "term": _("%(first)s to %(last)s") % {"first": _day(licence.starts_on), "last": _day(licence.ends_on)},
        "zone": _zone(licence),
        "figures": _figures(licence, today),
        "holds": [_hold(licence, hold) for hold in open_holds],
        "phase": phase_in_words(licence, today),
        "drawings": [
            timeline.drawing(rows, timeline.WIDE, today=today) | {"name": "wide"},
            timeline.drawing(rows, timeline.NARROW, today=today) | {"name": "narrow"},
        ],
        "grid": grid(list(licence.grants.select_related("category"))),
        "floors": [
            history.floor_in_words(floor.currency, floor.amount) for floor in licence.price_floors.order_by("currency")
        ],
        "conditions": _conditions(licence),
        "documents": [_document(document, today) for document in documents],
        "statement": _inventory(statement),
        "articles": _articles(licence, statement, at),
        "trail": [_entry(licence, entry) for entry in trail[:MOST]],
        "urls": _urls(licence) if may_act else {},
    }


def phase_in_words(licence: Licence, today: date) -> str:
    """The sentence beside the buttons, and what the drawing says to who does not see it."""
    days = (licence.ends_on - today).days + 1
    if licence.state == State.DRAFT:
        return _("Nothing is allowed under it before it is executed.")
    if licence.state == State.TERMINATED:
        return _("It was ended for good. Nothing is allowed under it.")
    if licence.state == State.EXPIRED or today >= is_over_on(licence):
        return _("Its term is over.")
    if today < licence.starts_on:
        return _("Its term begins on %(day)s.") % {"day": _day(licence.starts_on)}
    if days > 0:
        return ngettext("Its term lasts %(n)s more day.", "Its term lasts %(n)s more days.", days) % {"n": days}
    if today <= sell_off_ends_on(licence):
        return _("In sell-off until %(day)s: declared stock only.") % {"day": _day(sell_off_ends_on(licence))}
    return _("Only what was paid before is still shipped, until the day before %(day)s.") % {
        "day": _day(is_over_on(licence))
    }


# -- head --------------------------------------------------------------------------------------------


def _figures(licence: Licence, today: date) -> list[dict[str, Any]]:
    left = max((licence.ends_on - today).days + 1, 0)
    cap = licence.unit_cap
    units = (
        _("of %(cap)s, %(left)s left") % {"cap": _number(cap), "left": _number(cap - licence.units_used)}
        if cap
        else _("no limit")
    )
    sell_off = (
        _("until %(day)s, declared stock only") % {"day": _day(sell_off_ends_on(licence))}
        if licence.sell_off_days
        else _("not granted")
    )
    return [
        {
            "label": _("Days left"),
            "value": _number(left),
            "remark": _("last day %(day)s") % {"day": _day(licence.ends_on)},
        },
        {
            "label": _("Units sold"),
            "value": _number(licence.units_used),
            "remark": units,
            "share": min(1000 * licence.units_used // cap, 1000) if cap else None,
        },
        {"label": _("Sell-off"), "value": _days(licence.sell_off_days), "remark": sell_off},
        {
            "label": _("Grace for shipping"),
            "value": _days(licence.grace_days),
            "remark": _("for what was paid before the end"),
        },
    ]


def _days(number: int) -> str:
    return ngettext("%(n)s day", "%(n)s days", number) % {"n": number}


def _number(number: int) -> str:
    return f"{number:,}"


def _hold(licence: Licence, hold: Takedown) -> dict[str, Any]:
    return {
        "claimant": hold.claimant,
        "reason": hold.reason,
        "since": _moment(licence, hold.starts_at),
        "touches": _touched(licence, hold),
    }


def _touched(licence: Licence, hold: Takedown) -> str:
    if hold.licence_id:
        return _("this licence")
    if hold.film_id:
        return _("the whole film")
    return _("everything of the merchant") if hold.merchant_id else hold.article.sku  # type: ignore[union-attr]


def _takedowns(licence: Licence) -> Any:
    """Disputes that touch the licence: about itself, its film, its merchant, or one of its articles."""
    articles = LicensedArticle.objects.filter(Q(versions__licence=licence) | Q(properties__licence=licence))
    touching = Q(licence=licence) | Q(film=licence.film_id) | Q(merchant=licence.merchant_id) | Q(article__in=articles)
    return Takedown.objects.filter(touching).select_related("article").order_by("starts_at", "pk")


# -- what is granted ---------------------------------------------------------------------------------


def grid(grants: Sequence[Grant]) -> dict[str, Any]:
    """Category × channel; in each cell where. Cells are read as the gate reads them: an exclusion beats every inclusion."""
    categories = {grant.category_id: grant.category for grant in grants}
    order = sorted(categories, key=lambda pk: (pk is None, categories[pk].position if pk else 0, pk or 0))
    language = get_language() or "en"
    rows = []
    for pk in order:
        category = categories[pk]
        other = _("Every other category") if len(order) > 1 else _("Every category")
        cells = [_cell(grants, pk, channel) for channel in DistributionChannel.values]
        rows.append({"category": category.name_in(language) if category else other, "cells": cells})
    return {"channels": [label for _code, label in DistributionChannel.choices], "rows": rows}


def _cell(grants: Sequence[Grant], category: int | None, channel: str) -> dict[str, Any]:
    holding = [
        grant
        for grant in grants
        if grant.category_id in (None, category) and (EVERY in grant.channels or channel in grant.channels)
    ]
    excluded = sorted({country for grant in holding for country in grant.excluded_countries})
    included = list(dict.fromkeys(country for grant in holding for country in grant.countries))
    if EVERY in included:
        return {"tone": "world", "words": _("World"), "remark": _except(excluded)}
    left = [country for country in included if country not in excluded]
    if not left:
        return {"tone": "none", "words": "–", "remark": ""}
    if len(left) <= 3:
        return {"tone": "some", "words": history.named(left, most=3), "remark": ""}
    return {"tone": "some", "words": _countries(len(left)), "remark": history.named(sorted(left), most=40)}


def _countries(number: int) -> str:
    return ngettext("%(n)s country", "%(n)s countries", number) % {"n": number}


def _except(excluded: Sequence[str]) -> str:
    return _("except %(countries)s") % {"countries": history.named(list(excluded), most=12)} if excluded else ""


def _conditions(licence: Licence) -> list[dict[str, Any]]:
    yes, no = _("Yes"), _("No")
    said = [
        (_("Exclusive"), yes if licence.is_exclusive else no),
        (_("Only articles on its schedule"), yes if licence.is_scheduled else no),
        (_("Articles are approved"), yes if licence.needs_approval else no),
        (_("Pages are approved"), yes if licence.needs_page_approval else no),
        (_("Units carry labels"), yes if licence.needs_labels else no),
        (_("Business days to decide"), f"{licence.review_days}, {licence.calendar}"),
        (_("When nobody decides"), licence.get_silence_rule_display()),
        (_("Legal line"), licence.legal_line_in(get_language() or "en") or "–"),
    ]
    return [{"label": label, "value": value} for label, value in said]


# -- documents, stock, articles ----------------------------------------------------------------------


def _document(document: LicenceDocument, today: date) -> dict[str, Any]:
    tone, words = "plain", _("No last day")
    if document.retired_at:
        words = _("Retired")
    elif document.expires_on:
        left = (document.expires_on - today).days
        tone = "bad" if left < 0 else "warn" if left <= 30 else "ok"
        words = _("Ran out") if left < 0 else _("Valid")
    return {
        "title": document.title,
        "kind": document.get_kind_display(),
        "until": _day(document.expires_on) if document.expires_on else "–",
        "tone": tone,
        "state": words,
        "is_required": document.is_required,
        "sha256": document.sha256,
        "url": reverse("admin:licensing_licence_document", args=[document.licence_id, document.public_id])
        if document.file
        else "",
    }


def _inventory(statement: InventoryStatement | None) -> dict[str, Any] | None:
    if statement is None:
        return None
    lines = sorted(statement.lines.all(), key=lambda line: line.sku)
    return {
        "day": _day(statement.stated_on),
        "lines": [
            {
                "sku": line.sku,
                "declared": _number(line.declared),
                "sold": _number(line.sold),
                "left": _number(line.declared - line.sold),
            }
            for line in lines[:MOST]
        ],
        "more": max(len(lines) - MOST, 0),
    }


def _articles(licence: Licence, statement: InventoryStatement | None, at: datetime) -> dict[str, Any]:
    """The articles that licensing knows something of, and those on the schedule. Five queries."""
    known = (
        LicensedArticle.objects.filter(Q(versions__licence=licence) | Q(properties__licence=licence))
        | LicensedArticle.objects.filter(merchant=licence.merchant_id, sku__in=licence.schedule.values("sku"))
    ).distinct()
    rows = {article.sku: article for article in known.order_by("sku")[: MOST + 1]}
    versions: dict[int, ArticleVersion] = {}
    for version in ArticleVersion.objects.filter(licence=licence, article__in=rows.values()).order_by("number"):
        standing = versions.get(version.article_id)
        if standing is None or standing.state != ArticleVersion.State.FINAL_APPROVED:
            versions[version.article_id] = version
    held = set(
        Takedown.objects.filter(Q(released_at=None) | Q(released_at__gt=at), article__in=rows.values())
        .filter(starts_at__lte=at)
        .values_list("article_id", flat=True)
    )
    scheduled = set(licence.schedule.values_list("sku", flat=True)[: MOST + 1])
    skus = sorted({*rows, *scheduled})
    return {
        "rows": [_article(licence, sku, rows.get(sku), versions, held) for sku in skus[:MOST]],
        "more": len(skus) > MOST,
    }


def _article(
    licence: Licence, sku: str, article: LicensedArticle | None, versions: dict[int, ArticleVersion], held: set[int]
) -> dict[str, Any]:
    version = versions.get(article.pk) if article else None
    if article and article.recalled_at:
        tone, words = "bad", _("Recalled")
    elif article and article.pk in held:
        tone, words = "bad", _("Taken down")
    elif version is not None:
        tone = "ok" if version.state == ArticleVersion.State.FINAL_APPROVED else "warn"
        words = f"{version.get_state_display()}, v{version.number}"
    elif licence.needs_approval:
        tone, words = "warn", _("Not submitted")
    else:
        tone, words = "plain", _("No approval needed")
    url = reverse("admin:licensing_licensedarticle_change", args=[article.pk]) if article else ""
    return {"sku": sku, "tone": tone, "state": words, "url": url}


# -- history -----------------------------------------------------------------------------------------


def _trail(licence: Licence, holds: Sequence[Takedown]) -> list[AuditEntry]:
    """What was done to the licence and to disputes that touch it, the latest first."""
    mine = Q(subject_type=licence._meta.label_lower, subject_id=licence.public_id)
    theirs = Q(subject_type=Takedown._meta.label_lower, subject_id__in=[hold.public_id for hold in holds])
    return list(AuditEntry.objects.filter(mine | theirs).select_related("actor").order_by("-pk")[:500])


def _entry(licence: Licence, entry: AuditEntry) -> dict[str, Any]:
    return history.entry_in_words(entry) | {"when": _moment(licence, entry.at)}


def _urls(licence: Licence) -> dict[str, str]:
    codes = {"declare": "declare", "document": "document", "retire": "retire-document"}
    return {name: reverse("admin:licensing_licence_verb", args=[licence.pk, code]) for name, code in codes.items()}


def _day(day: date) -> str:
    return formats.date_format(day, "j M Y")


def _moment(licence: Licence, at: datetime) -> str:
    return formats.date_format(at.astimezone(ZoneInfo(licence.time_zone)), "j M Y, H:i")


def _zone(licence: Licence) -> str:
    return licence.time_zone.rpartition("/")[2].replace("_", " ")
