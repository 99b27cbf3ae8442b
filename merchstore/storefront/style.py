"""The living style page: every component in every state, in both themes, put together by the templates that pages use.

For staff, at the desk. What looks wrong here is wrong in the shop; a component that is not here has no state to forget.
"""

import re
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from films.models import Film
from licensing.admin.timeline import NARROW, Bar, Row, drawing
from merchstore.languages import LANGUAGE_TAGS, LANGUAGES
from merchstore.storefront.pictures import tile_picture
from merchstore.storefront.shown import Tile

_BASE = "/us/en/"
#: Attributes that tie elements together by name.
_TIES = re.compile(r'\b(id|for|aria-labelledby|aria-describedby|list|form|name)="([^"]+)"')


class Specimen(NamedTuple):
    """One component in one state, for each theme."""

    words: str
    light: SafeString
    dark: SafeString


@require_safe
@staff_member_required
def style(request: HttpRequest) -> HttpResponse:
    prefix = request.GET.get("language", "en")
    prefix = prefix if prefix in LANGUAGES else "en"
    with translation.override(LANGUAGES[prefix]):
        film = Film.objects.exclude(palette=[]).order_by("position", "pk").first()
        specimens = _Specimens(prefix, film.slug if film else "")
        context = {
            "tag": LANGUAGE_TAGS[prefix],
            "language": LANGUAGES[prefix],
            "languages": list(LANGUAGES),
            "prefix": prefix,
            "colours": _COLOURS,
            "sizes": _SIZES,
            "voices": Film.Voice.choices,
            "film": film,
            "groups": specimens.groups(),
        }
        body = render_to_string("storefront/style.html", context)
    response = HttpResponse(body)
    response["Content-Language"] = LANGUAGE_TAGS[prefix]
    response["Cache-Control"] = "private, no-store"
    return response


_COLOURS = (
    "canvas", "surface", "sunken", "tile", "ink", "ink-2", "ink-3", "line", "line-2", "accent", "on-accent",
    "ok", "ok-soft", "warn", "warn-soft", "bad", "bad-soft", "info", "info-soft", "plot-1", "plot-2", "plot-3", "plot-4", "plot-5",
)  # fmt: skip
_SIZES = ("xs", "sm", "md", "lg", "xl", "2xl", "3xl")
_PLAIN = {"now": "$38.00", "was": "", "note": ""}


class _Specimens:
    """The components with made-up goods. Nothing of it is asked of the database."""

    def __init__(self, prefix: str, film_slug: str) -> None:
        self.prefix, self.film_slug, self.count = prefix, film_slug, 0
        self.context = {
            "base": _BASE,
            "language": LANGUAGES[prefix],
            "rest": "",
            "visit": SimpleNamespace(prefix=prefix),
        }

    def groups(self) -> list[tuple[str, list[Specimen]]]:
        return [
            (_("Buttons"), self._plain("buttons")),
            (_("Marks and notes"), self._plain("notes")),
            (_("Fields"), self._plain("fields")),
            (_("Tiles"), self._tiles()),
            (_("Prices"), self._prices()),
            (_("Buying"), self._choices()),
            (_("Countdown"), self._countdowns()),
            (_("Films"), self._films()),
            (_("Search"), self._suggestions()),
            (_("Sum"), self._sums()),
            (_("Reviews"), [self._one("", "storefront/_stars.html", stars=number) for number in (5, 3, 0)]),
            (_("Wishlist"), self._wishes()),
            (_("Share"), self._shares()),
            (_("Panel"), self._plain("panel")),
            (_("Approval"), self._steps()),
            (_("Time of a licence"), self._licence_time()),
            (_("Action bar"), self._plain("bar")),
            (_("Tables and facts"), self._plain("tables")),
            (_("Empty pages"), self._plain("empty")),
        ]

    def _one(self, words: str, template: str, **more: Any) -> Specimen:
        # Nothing here takes the focus of who opens the page.
        drawn = render_to_string(template, self.context | more).replace(" autofocus", "")
        self.count += 1
        light, dark = (_tied_apart(drawn, f"{theme}{self.count}") for theme in ("light", "dark"))
        return Specimen(words, mark_safe(light), mark_safe(dark))  # noqa: S308 our own templates

    def _plain(self, group: str) -> list[Specimen]:
        return [self._one("", f"storefront/style/_{group}.html")]

    def _tiles(self) -> list[Specimen]:
        cut = {"now": "$30.40", "was": "$38.00", "earlier": _("Earlier price"), "note": self._lowest()}
        states = (
            (_("Plain"), "", "", False, _PLAIN),
            (_("Reduced"), "", _("%(percent)s%% off") % {"percent": 20}, True, cut),
            (_("Pre-order"), "", _("Pre-order, sent from %(day)s") % {"day": "23 Dec"}, False, _PLAIN),
            (_("Not on sale yet"), "", _("On sale %(day)s") % {"day": "28 Nov"}, False, _PLAIN),
            (_("Large"), self.film_slug, "", False, _PLAIN),
        )
        shown = []
        for words, lead, flag, is_cut, price in states:
            tile = Tile(
                lead,
                tile_picture(static("icon.svg"), bool(lead)),
                flag,
                is_cut,
                "#",
                _("Night ferry mug"),
                "Kiln 19",
                price,
            )
            shown.append(self._one(words, "storefront/_cards.html", cards=[tile]))
        return shown

    def _prices(self) -> list[Specimen]:
        show = partial(self._one, template="storefront/_price.html")
        later = _("%(price)s from %(day)s") % {"price": "$38.00", "day": "7 December 2026"}
        return [
            show(_("Plain"), price=_PLAIN),
            show(_("From a price on"), price=_PLAIN | {"now": _("From %(price)s") % {"price": "$14.00"}}),
            show(
                _("Reduced"),
                price={"now": "$30.40", "was": "$38.00", "earlier": _("Earlier price"), "note": self._lowest()},
            ),
            show(_("Launch price"), price={"now": "$30.40", "was": "", "note": later}),
        ]

    def _choices(self) -> list[Specimen]:
        variant = SimpleNamespace(variant=SimpleNamespace(public_id="var_sample"), street_on=None)
        base: dict[str, Any] = {
            "page": {"destinations": [{"code": "US", "name": "United States"}, {"code": "CA", "name": "Canada"}]},
            "price": _PLAIN,
            "choice": {"groups": [_sizes("M"), _colours()]},
            "most_pieces": 9,
            "ask_at": "#",
        }
        sendable = {"tone": "ok", "title": _("Licensed for %(country)s") % {"country": "Canada"}}
        sendable["sentence"] = _("It may be sold and sent there.")
        elsewhere = {"tone": "bad", "title": _("Not licensed for %(country)s") % {"country": "Canada"}, "sentence": ""}
        show = partial(self._one, template="storefront/_choice.html", **base)
        low = {"stock_words": _("Few left"), "stock_tone": "warn"}
        return [
            show(_("To be had"), note=sendable, to_add=variant, stock_words=_("In stock"), stock_tone="ok"),
            show(_("Nothing chosen"), note=sendable, is_to_choose=True, choice={"groups": [_sizes(""), _colours()]}),
            show(_("Few left"), note=sendable, to_add=variant, **low),
            show(_("Sold out"), note=sendable, asked=variant, stock_words=_("Sold out"), stock_tone="bad"),
            show(_("Not licensed there"), note=elsewhere),
        ]

    def _countdowns(self) -> list[Specimen]:
        now = timezone.now()
        campaign = SimpleNamespace(slug="sample", time_zone="Asia/Shanghai")
        placement = SimpleNamespace(
            starts_at=now + timedelta(days=31, hours=6, minutes=12, seconds=40), campaign=campaign
        )
        market = SimpleNamespace(time_zone="America/New_York", name_in=lambda _language: "United States")
        told = {"placement": placement, "market": market, "visit": SimpleNamespace(at=now, prefix=self.prefix)}
        found = self._one(_("Before it opens"), "storefront/_countdown.html", **told)
        # Nobody's clock runs here: the page shows a state.
        return [Specimen(found.words, *(mark_safe(_still(one)) for one in found[1:]))]  # noqa: S308

    def _films(self) -> list[Specimen]:
        known = {"address": "#", "title": "The Ferryman", "slug": self.film_slug, "year": 2016, "poster": ""}
        return [self._one(_("No picture yet."), "storefront/style/_posters.html", films=[known, known | {"year": ""}])]

    def _suggestions(self) -> list[Specimen]:
        tile = Tile(
            "", tile_picture(static("icon.svg"), is_lead=False), "", False, "#", _("Night ferry mug"), "Kiln 19", _PLAIN
        )
        category = SimpleNamespace(code="mugs", name_in=lambda _language: _("Mugs"))
        told = {"cards": [tile], "categories": [category], "query": "ferry", "count": 2}
        return [self._one("", "storefront/style/_suggested.html", **told)]

    def _sums(self) -> list[Specimen]:
        quote = {"goods": "$115.00", "delivery": "$12.00", "total": "$135.74"}
        taxed = quote | {"tax_label": _("Sales tax"), "tax": "$8.74"}
        return [
            self._one(_("With tax"), "storefront/_sums.html", quote=taxed),
            self._one(_("Tax included."), "storefront/_sums.html", quote=taxed | {"tax_is_included": True}),
        ]

    def _wishes(self) -> list[Specimen]:
        show = partial(self._one, template="storefront/_wish.html", slug="sample")
        return [show(_("Plain")), show(_("On the list"), is_kept=True), show(_("The list is full"), is_full=True)]

    def _shares(self) -> list[Specimen]:
        """As its script leaves it: there, and with what it says."""
        shown = self._one(_("Plain"), "storefront/_share.html")
        states = ((_("Plain"), ""), (_("Copied"), "done"), (_("Not copied"), "failed"))
        return [Specimen(words, *(mark_safe(_shared(one, said)) for one in shown[1:])) for words, said in states]  # noqa: S308

    def _steps(self) -> list[Specimen]:
        labels = (_("Concept"), _("Pre-production"), _("Production"), _("Final"))
        round_ = {"url": "#", "label": "1", "state": _("Approved")}
        states = ((_("First step"), 0), (_("Third step"), 2), (_("All done"), len(labels)))
        return [
            self._one(
                words,
                "panel/_steps.html",
                steps=[_step(label, place - now, round_) for place, label in enumerate(labels)],
            )
            for words, now in states
        ]

    def _licence_time(self) -> list[Specimen]:
        today = timezone.localdate()
        ends = today + timedelta(days=120)
        rows = [
            _licence_row(_("Term"), Bar(today - timedelta(days=400), ends, "term")),
            _licence_row(_("Sell-off"), Bar(ends + timedelta(days=1), ends + timedelta(days=90), "sell-off")),
            _licence_row(_("Taken down"), Bar(today - timedelta(days=60), today - timedelta(days=30), "hold")),
            _licence_row("LIC-2026-0104", Bar(today - timedelta(days=200), today + timedelta(days=40), "document")),
        ]
        shown = drawing(rows, NARROW, today=today) | {"name": "narrow"}
        template = "admin/licensing/licence/_timeline.html"
        return [self._one("", template, drawings=[shown], phase=_("Time of a licence"))]

    def _lowest(self) -> str:
        return _("Lowest in the 30 days before: %(price)s") % {"price": "$38.00"}


def _tied_apart(fragment: str, place: str) -> str:
    """The fragment with names of its own, so that the same component may stand on the page many times."""

    def renamed(tie: re.Match[str]) -> str:
        names = " ".join(f"{place}-{name}" for name in tie[2].split())
        return f'{tie[1]}="{names}"'

    return _TIES.sub(renamed, fragment).replace("url(#", f"url(#{place}-")


def _still(fragment: str) -> str:
    return fragment.replace('data-mount="countdown"', "")


def _shared(fragment: str, said: str) -> str:
    """The button, and in its live region the words that stand ready under `said`."""
    words = re.search(rf'data-{said}="([^"]*)"', fragment)[1] if said else ""  # type: ignore[index]
    return re.sub(r' data-mount="share" hidden', "", fragment).replace("></p>", f">{words}</p>")


def _step(label: str, ahead: int, round_: dict[str, Any]) -> dict[str, Any]:
    """`ahead` is how many steps it is away: those before are done."""
    if ahead < 0:
        return {"tone": "done", "label": label, "word": "", "rounds": [round_]}
    tone, word = ("now", _("In review")) if ahead == 0 else ("", "")
    return {"tone": tone, "label": label, "word": word, "rounds": []}


def _licence_row(label: str, bar: Bar) -> Row:
    last = bar.last if bar.tone == "document" else None
    return Row(label, "", [bar], last)


def _value(group: str, label: str, state: str = "", *, is_chosen: bool = False) -> dict[str, Any]:
    return {"value": label, "label": label, "state": state, "is_chosen": is_chosen, "group": group}


def _sizes(chosen: str) -> dict[str, Any]:
    states = {"S": "", "M": "", "L": "sold_out", "XL": "not_made"}
    values = [_value("size", label, state, is_chosen=label == chosen) for label, state in states.items()]
    notes = [ngettext("%(values)s is sold out.", "%(values)s are sold out.", 1) % {"values": "L"}] if chosen else []
    return {"name": "o.size", "label": _("Size"), "chosen": chosen, "values": values, "notes": notes}


def _colours() -> dict[str, Any]:
    return {"name": "o.colour", "label": _("Colour"), "chosen": "", "values": [_value("colour", "Bone")], "notes": []}
