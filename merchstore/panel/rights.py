"""What may I sell where: the merchant's licences as grids, and the gate asked about one of its products."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from catalog.queries.rights import product_named, rights_answer
from core.clock import plausible
from core.errors import Refused
from core.territories import country_name, every_country, zone_of
from licensing.gate import Action
from licensing.models import DistributionChannel
from licensing.queries.granted import Cell, GrantedLicence, granted
from licensing.queries.licences import own_licences
from merchstore.panel.visit import PanelVisit, page, show

_PHASES = {
    "term": (gettext_lazy("In its term"), "ok"),
    "sell_off": (gettext_lazy("Sell-off"), "warn"),
    "coming": (gettext_lazy("Not begun"), "info"),
    "suspended": (gettext_lazy("Suspended"), "bad"),
    "over": (gettext_lazy("Over"), ""),
    "terminated": (gettext_lazy("Terminated"), "bad"),
}
_ACTIONS = {
    Action.LIST: gettext_lazy("Show it in the shop"),
    Action.SELL: gettext_lazy("Sell it"),
    Action.SHIP: gettext_lazy("Send it"),
}
#: Names of countries that a cell spells out.
_MOST_NAMED = 3


class AskForm(forms.Form):
    """One question to the gate."""

    product = forms.CharField(label=gettext_lazy("Product (SKU or number)"), max_length=160)
    country = forms.ChoiceField(label=gettext_lazy("Country of the buyer"))
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=DistributionChannel.choices)
    at = forms.DateTimeField(
        label=gettext_lazy("At, in the country's time"), required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )  # fmt: skip

    def __init__(self, data: Any, *, language: str, country: str) -> None:
        super().__init__(data, initial={"country": country})
        self.fields["country"].choices = countries(language)  # type: ignore[attr-defined]
        # Where a form counts hours, they are the country's: it is made aware below.
        self.fields["at"].clean = _naive(self.fields["at"])  # type: ignore[method-assign]


def _naive(field: forms.Field) -> Any:
    def clean(value: Any) -> datetime | None:
        if not value:
            return None
        for pattern in field.input_formats:  # type: ignore[attr-defined]
            try:
                return plausible(datetime.strptime(str(value), pattern))  # noqa: DTZ007 the country's zone follows
            except ValueError:
                continue
            except Refused as refusal:
                raise forms.ValidationError(refusal.sentence) from None
        raise forms.ValidationError(_("Enter a valid date/time."))

    return clean


@require_safe
@page
def rights(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    asked = "product" in request.GET
    form = AskForm(request.GET if asked else None, language=visit.language, country=visit.merchant.country)
    answer, status = None, 200
    if asked:
        answer = _answer(visit, form)
        status = 200 if answer else 422
    wanted = {name: request.GET.get(name, "")[:160] for name in ("film", "licence", "in")}
    context = {
        "title": _("What may I sell where"),
        "section": "rights",
        "form": form,
        "answer": answer,
    }
    if request.headers.get("HX-Target") == "answer":
        return show(request, visit, "_rights_answer", context, status=status)
    licences = granted(
        visit.merchant, at=timezone.now(), film=wanted["film"], licence=wanted["licence"], country=wanted["in"]
    )
    context |= {
        "licences": [_shown(visit, one, wanted["in"]) for one in licences],
        "channels": [label for _code, label in DistributionChannel.choices],
        "filters": _filters(visit, wanted),
        "is_filtered": any(wanted.values()),
    }
    return show(request, visit, "rights", context, status=status)


def countries(language: str) -> list[tuple[str, str]]:
    named = [(code, country_name(code, language)) for code in every_country()]
    return sorted(named, key=lambda row: (row[0] == row[1], row[1]))  # what has no name here comes last


# -- the grids ---------------------------------------------------------------------------------------


def _filters(visit: PanelVisit, wanted: dict[str, str]) -> list[dict[str, Any]]:
    rows = list(own_licences(visit.merchant).select_related("film").order_by("number"))
    films = sorted({(row.film.slug, row.film.title_in(visit.language)) for row in rows}, key=lambda row: row[1])
    return [
        {"name": "film", "label": _("Film"), "value": wanted["film"], "choices": [("", _("Every film")), *films]},
        {
            "name": "licence", "label": _("Licence"), "value": wanted["licence"],
            "choices": [("", _("Every licence")), *((row.number, row.number) for row in rows)],
        },
        {
            "name": "in", "label": _("Country"), "value": wanted["in"],
            "choices": [("", _("Every country")), *countries(visit.language)],
        },
    ]  # fmt: skip


def _shown(visit: PanelVisit, one: GrantedLicence, country: str) -> dict[str, Any]:
    words, tone = _PHASES[one.phase]
    channels = [str(label) for _code, label in DistributionChannel.choices]
    rows = []
    for row in one.rows:
        other = _("Every other category") if len(one.rows) > 1 else _("Every category")
        cells = [
            {"channel": channel, **_cell(visit, cell, country)}
            for channel, cell in zip(channels, row.cells, strict=True)
        ]
        rows.append({"category": row.category.name_in(visit.language) if row.category else other, "cells": cells})
    return {
        "one": one,
        "licence": one.licence,
        "film": one.licence.film.title_in(visit.language),
        "phase": words,
        "tone": tone,
        "floors": ", ".join(floor.in_locale(visit.language) for floor in one.floors),
        "rows": rows,
        "products": visit.address("products") + f"?licence={one.licence.number}",
    }


def _cell(visit: PanelVisit, cell: Cell, country: str) -> dict[str, str]:
    """In words; asked about one country, yes or no."""
    if country:
        is_covered = cell.covers(country)
        return {"tone": "world" if is_covered else "none", "words": _("Yes") if is_covered else _("No"), "remark": ""}
    if cell.is_world:
        remark = _("except %(countries)s") % {"countries": _named(visit, cell.excluded, 12)} if cell.excluded else ""
        return {"tone": "world", "words": _("World"), "remark": remark}
    if not cell.countries:
        return {"tone": "none", "words": _("No"), "remark": ""}
    if len(cell.countries) <= _MOST_NAMED:
        return {"tone": "some", "words": _named(visit, cell.countries, _MOST_NAMED), "remark": ""}
    number = len(cell.countries)
    words = ngettext("%(n)s country", "%(n)s countries", number) % {"n": number}
    return {"tone": "some", "words": words, "remark": _named(visit, sorted(cell.countries), 40)}


def _named(visit: PanelVisit, codes: Sequence[str], most: int) -> str:
    names = [country_name(code, visit.language) for code in codes[:most]]
    if len(codes) > most:
        names.append(_("%(n)s more") % {"n": len(codes) - most})
    return ", ".join(names)


# -- asking ------------------------------------------------------------------------------------------


def _answer(visit: PanelVisit, form: AskForm) -> dict[str, Any] | None:
    """The gate's answer to a whole question, in words; None where something is wrong with it, which the form says."""
    if not form.is_valid():
        return None
    asked = form.cleaned_data
    zone = ZoneInfo(zone_of(asked["country"]))
    at = asked["at"].replace(tzinfo=zone) if asked["at"] else timezone.now()
    try:
        product = product_named(asked["product"], products=visit.merchant.products)
        told = rights_answer(product, country=asked["country"], channel=asked["channel"], at=at)
    except Refused as refusal:
        form.add_error("product", refusal.sentence)
        return None
    return {
        "product": product,
        "title": product.title_in(visit.language),
        "address": visit.address("product", product.public_id),
        "country": country_name(asked["country"], visit.language),
        "channel": DistributionChannel(asked["channel"]).label,
        "at": at,
        "zone": zone.key,
        "decisions": [
            {name: one[name] for name in ("allowed", "reasons", "covered_by")} | {"label": _ACTIONS[Action(one["action"])]}
            for one in told["decisions"]
        ],
    }  # fmt: skip
