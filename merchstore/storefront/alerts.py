""" "Tell me": a fan leaves an address for a piece that cannot be had now, and takes it back."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import alerts
from catalog.queries.product import ProductPage, product_page
from catalog.queries.variants import VariantChoice
from merchstore.limits import is_too_often, who_asks
from merchstore.storefront.answers import answer, see_other
from merchstore.storefront.choices import variant_name
from merchstore.storefront.errors import problem_page
from merchstore.storefront.stopping import stop_page
from merchstore.storefront.visit import Visit, form_page, page

HOUR = 3600
#: A school or an office shares one address; a person has few letters to ask for.
MOST_PER_PLACE, MOST_PER_ADDRESS = 30, 10


class TellMeForm(forms.Form):
    email = forms.EmailField(
        max_length=254,
        error_messages={
            "required": gettext_lazy("Write your e-mail address, so that we can tell you."),
            "invalid": gettext_lazy("This is not an e-mail address. Write it like name@example.com."),
            "max_length": gettext_lazy("This is longer than an e-mail address can be."),
        },
    )


@form_page
def tell_me(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    """Ask for one letter. The answer is the same whether an address has asked before or not."""
    is_post, place = request.method == "POST", who_asks(request)
    if is_post and place and is_too_often("tell-me", place, most=MOST_PER_PLACE, seconds=HOUR, at=visit.at):
        return too_often(request)
    found, choice = _wanted(visit, slug, (request.POST if is_post else request.GET).get("v", ""))
    if choice is None or choice.can_be_had:
        # It can be had by now, or it is still to be chosen which: both is on the product's page.
        address = f"{visit.base}goods/p/{slug}/"
        return see_other(f"{address}?v={choice.variant.public_id}" if choice else address)
    form = TellMeForm(request.POST if is_post else None)
    if not is_post or not form.is_valid():
        return _form(request, visit, found, choice, form)
    email = form.cleaned_data["email"]
    if is_too_often("tell-me-to", email.lower(), most=MOST_PER_ADDRESS, seconds=HOUR, at=visit.at):
        return too_often(request)
    alerts.ask_for_alert(choice.variant, visit.market, email=email, language=visit.language, at=visit.at)
    return see_other(f"{visit.base}goods/p/{slug}/tell-me/done/")


@page
def told(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    """Where the form leads: what happens now."""
    found, _choice = _wanted(visit, slug, "")
    return answer(request, visit, "told", {"card": found.card})


stop = stop_page("tell_me_stop", is_token=alerts.is_token, end=alerts.take_alert_back)


def _wanted(visit: Visit, slug: str, variant: str) -> tuple[ProductPage, VariantChoice | None]:
    """The page and the variant that is meant, the only one where none is named. What is not on the shelf is not there."""
    found = product_page(slug, visit.market, visit.language, at=visit.at)
    if found is None:
        raise Http404
    if not variant:
        return found, found.variants[0] if len(found.variants) == 1 else None
    choice = next((one for one in found.variants if one.variant.public_id == variant), None)
    if choice is None:
        raise Http404
    return found, choice


def _form(
    request: HttpRequest, visit: Visit, found: ProductPage, choice: VariantChoice, form: TellMeForm
) -> HttpResponse:
    error = next(iter(form.errors.get("email", [])), "") if form.is_bound else ""
    context: dict[str, Any] = {
        "card": found.card,
        "asked": choice,
        "ask_at": f"{visit.base}goods/p/{found.card.slug}/tell-me/",
        "name": variant_name(choice.variant.options) if len(found.variants) > 1 else "",
        "error": error,
        "email": form.data.get("email", "")[:254],
    }
    response = answer(request, visit, "tell_me", context)
    response.status_code = 422 if error else 200
    return response


def too_often(request: HttpRequest) -> HttpResponse:
    sentence = _("That was asked for too often from here. Try again in an hour.")
    response = problem_page(request, 429, sentence)
    response["Retry-After"] = str(HOUR)
    return response
