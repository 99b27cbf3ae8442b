"""The addresses of a merchant's that are told of events: set up by owners, with every delivery and every try.

A signing secret is on the page that answers the making or the turning over, and nowhere else.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import Refused
from merchants import webhooks as services
from merchants.events import KINDS, TEST
from merchants.models import Delivery, WebhookEndpoint
from merchstore.panel.visit import OWNER, PanelVisit, page, recently_authenticated, show

#: Deliveries on a page, and tries of one that are told.
PAGE, MOST_TRIES = 50, 100
State = Delivery.State
_VERBS: dict[str, Callable[..., object]] = {
    "enable": services.enable_endpoint,
    "disable": services.disable_endpoint,
    "remove": services.remove_endpoint,
}
_TONES = {State.WAITING: "info", State.DELIVERED: "ok", State.GIVEN_UP: "bad"}


#: Why an address was switched off, where it was not by hand.
_REASONS = {
    "gone": gettext_lazy("It answered that it is gone for good."),
    "failing": gettext_lazy("It has not taken a message for days."),
    "secret_lost": gettext_lazy("Its secret cannot be read any more. Make another one."),
}


class EndpointForm(forms.Form):
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=500,
        widget=forms.URLInput,
        help_text=gettext_lazy("Where your program listens: https://…"),
    )
    description = forms.CharField(label=gettext_lazy("What it is for"), max_length=120, required=False)
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        choices=lambda: [(kind, f"{_(words)} ({kind})") for kind, words in KINDS.items() if kind != TEST],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Tick none to be told of all of them."),
    )


@require_safe
@partial(page, roles=OWNER)
def webhooks(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    counted = {
        "waiting": Count("deliveries", filter=Q(deliveries__state=State.WAITING)),
        "given_up": Count("deliveries", filter=Q(deliveries__state=State.GIVEN_UP)),
    }
    rows = [
        (visit.address("webhook", row.public_id), row)
        for row in visit.merchant.webhook_endpoints.annotate(**counted).order_by("pk")
    ]
    context = {"rows": rows, "new_address": visit.address("new_webhook"), "title": _("Webhooks"), "section": "webhooks"}
    return show(request, visit, "webhooks", context)


@require_http_methods(["GET", "HEAD", "POST"])
@partial(page, roles=OWNER)
@recently_authenticated
@sensitive_variables("made")
def new_webhook(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    form, status = EndpointForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = services.add_endpoint(visit.merchant, by=visit.user, at=timezone.now(), **form.cleaned_data)
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
            else:
                return _secret(request, visit, made.endpoint, made.secret)
    context = {"form": form, "title": _("Add an address"), "section": "webhooks", "back": visit.address("webhooks")}
    return show(request, visit, "webhook_new", context, status=status)


@require_safe
@partial(page, roles=OWNER)
def webhook(request: HttpRequest, visit: PanelVisit, endpoint: str) -> HttpResponse:
    return _page(request, visit, _endpoint(visit, endpoint))


@require_POST
@partial(page, roles=OWNER)
@recently_authenticated
def edit(request: HttpRequest, visit: PanelVisit, endpoint: str) -> HttpResponse:
    found = _endpoint(visit, endpoint)
    form = EndpointForm(request.POST)
    if not form.is_valid():
        return _page(request, visit, found, form=form, status=422)
    try:
        services.edit_endpoint(found, by=visit.user, at=timezone.now(), **form.cleaned_data)
    except Refused as refusal:
        return _page(request, visit, _endpoint(visit, endpoint), form=form, said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("webhook", endpoint))


@require_POST
@partial(page, roles=OWNER)
@recently_authenticated
def act(request: HttpRequest, visit: PanelVisit, endpoint: str, verb: str) -> HttpResponse:
    """Switch an address on or off, or take it away with its log."""
    try:
        _VERBS[verb](_endpoint(visit, endpoint), by=visit.user, at=timezone.now())
    except Refused as refusal:
        return _page(request, visit, _endpoint(visit, endpoint), said=refusal.sentence, status=422)
    if verb == "remove":
        return HttpResponseRedirect(visit.address("webhooks"))
    return HttpResponseRedirect(visit.address("webhook", endpoint))


@require_POST
@partial(page, roles=OWNER)
@recently_authenticated
@sensitive_variables("made")
def rotate(request: HttpRequest, visit: PanelVisit, endpoint: str) -> HttpResponse:
    """Another signing secret; the one before signs beside it for a while."""
    try:
        made = services.rotate_secret(_endpoint(visit, endpoint), by=visit.user, at=timezone.now())
    except Refused as refusal:
        return _page(request, visit, _endpoint(visit, endpoint), said=refusal.sentence, status=422)
    return _secret(request, visit, made.endpoint, made.secret)


@require_POST
@partial(page, roles=OWNER)
@recently_authenticated
def test(request: HttpRequest, visit: PanelVisit, endpoint: str) -> HttpResponse:
    """Send an event that says nothing, to see whether it arrives."""
    try:
        sent = services.send_test(_endpoint(visit, endpoint), by=visit.user, at=timezone.now())
    except Refused as refusal:
        return _page(request, visit, _endpoint(visit, endpoint), said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("delivery", sent.public_id))


@require_safe
@partial(page, roles=OWNER)
def delivery(request: HttpRequest, visit: PanelVisit, delivery: str) -> HttpResponse:
    return _delivery_page(request, visit, _delivery(visit, delivery))


@require_POST
@partial(page, roles=OWNER)
@recently_authenticated
def redeliver(request: HttpRequest, visit: PanelVisit, delivery: str) -> HttpResponse:
    try:
        again = services.redeliver(_delivery(visit, delivery), by=visit.user, at=timezone.now())
    except Refused as refusal:
        return _delivery_page(request, visit, _delivery(visit, delivery), said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("delivery", again.public_id))


def _endpoint(visit: PanelVisit, public_id: str) -> WebhookEndpoint:
    found = visit.merchant.webhook_endpoints.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    # The visit has read it.
    found.merchant = visit.merchant
    return found


def _delivery(visit: PanelVisit, public_id: str) -> Delivery:
    deliveries = Delivery.objects.filter(endpoint__merchant=visit.merchant).select_related("endpoint", "event")
    found = deliveries.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    visit: PanelVisit,
    endpoint: WebhookEndpoint,
    *,
    form: EndpointForm | None = None,
    said: str = "",
    status: int = 200,
) -> HttpResponse:
    shown = request.GET.get("show", "")
    shown = shown if shown in State.values else ""
    log = endpoint.deliveries.select_related("event").order_by("-pk")
    if shown:
        log = log.filter(state=shown)
    after = request.GET.get("after", "")[:40]
    if last := endpoint.deliveries.filter(public_id=after).values_list("pk", flat=True).first() if after else None:
        log = log.filter(pk__lt=last)
    found = list(log[: PAGE + 1])
    context: dict[str, Any] = {
        "endpoint": endpoint,
        "reason": _REASONS.get(endpoint.disabled_reason, ""),
        "is_enabled": endpoint.state == WebhookEndpoint.State.ENABLED,
        "form": form or EndpointForm(initial={name: getattr(endpoint, name) for name in EndpointForm.base_fields}),
        "is_edited": form is not None,
        "said": said,
        "rows": [(visit.address("delivery", row.public_id), row, _TONES[State(row.state)]) for row in found[:PAGE]],
        "next": found[PAGE - 1].public_id if len(found) > PAGE else "",
        "shown": shown,
        "filters": [("", _("All"), "?", not shown)]
        + [(code, label, f"?show={code}", code == shown) for code, label in State.choices],
        "addresses": _addresses(visit, endpoint),
        "title": endpoint.description or endpoint.url,
        "section": "webhooks",
    }
    return show(request, visit, "webhook", context, status=status)


def _addresses(visit: PanelVisit, endpoint: WebhookEndpoint) -> dict[str, str]:
    named = {verb: visit.address("webhook_verb", endpoint.public_id, verb) for verb in _VERBS}
    return named | {
        "list": visit.address("webhooks"),
        "edit": visit.address("webhook_edit", endpoint.public_id),
        "rotate": visit.address("webhook_rotate", endpoint.public_id),
        "test": visit.address("webhook_test", endpoint.public_id),
    }


def _delivery_page(
    request: HttpRequest, visit: PanelVisit, found: Delivery, *, said: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "delivery": found,
        "tone": _TONES[State(found.state)],
        "is_waiting": found.state == State.WAITING,
        "tries": found.tries.order_by("-pk")[:MOST_TRIES],
        "said": said,
        "endpoint_address": visit.address("webhook", found.endpoint.public_id),
        "redeliver": visit.address("delivery_redeliver", found.public_id),
        "list": visit.address("webhooks"),
        "title": found.event.kind,
        "section": "webhooks",
    }
    return show(request, visit, "delivery", context, status=status)


@sensitive_variables("secret")
def _secret(request: HttpRequest, visit: PanelVisit, endpoint: WebhookEndpoint, secret: str) -> HttpResponse:
    context = {
        "endpoint": endpoint,
        "secret": secret,
        "title": _("The signing secret"),
        "section": "webhooks",
        "back": visit.address("webhook", endpoint.public_id),
    }
    return show(request, visit, "webhook_secret", context)
