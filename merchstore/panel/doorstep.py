"""Coming in and going out, and choosing the merchant somebody acts for."""

from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_POST, require_safe

from merchstore.languages import LANGUAGE_NAMES, LANGUAGE_TAGS, LANGUAGES
from merchstore.panel.visit import private, signed_in


class SignIn(LoginView):
    """A name and a password. Whoever is signed in already is led on."""

    template_name = "panel/sign_in.html"
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with translation.override(LANGUAGES[self.kwargs["prefix"]]):
            response = super().dispatch(request, *args, **kwargs)
            # Rendered here, while the language is the page's.
            return private(response.render() if hasattr(response, "render") else response)

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = 422
        return response

    def get_default_redirect_url(self) -> str:
        return reverse("panel:merchants", args=[self.kwargs["prefix"]])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | _frame(self.request, self.kwargs["prefix"])


@require_POST
def sign_out(request: HttpRequest, prefix: str) -> HttpResponse:
    logout(request)
    return HttpResponseRedirect(reverse("panel:sign_in", args=[prefix]))


@require_safe
@signed_in
def merchants(request: HttpRequest, prefix: str) -> HttpResponse:
    """The merchants somebody acts for; who acts for one goes straight there."""
    members = list(request.user.memberships.select_related("merchant").order_by("merchant__name", "pk"))
    if len(members) == 1:
        return HttpResponseRedirect(reverse("panel:imports", args=[prefix, members[0].merchant.slug]))
    return render(request, "panel/merchants.html", _frame(request, prefix) | {"members": members})


def _frame(request: HttpRequest, prefix: str) -> dict[str, Any]:
    other = "en" if prefix == "zh" else "zh"
    return {
        "tag": LANGUAGE_TAGS[prefix],
        "prefix": prefix,
        "other_language": LANGUAGE_NAMES[other],
        "other_tag": LANGUAGE_TAGS[other],
        "other_address": request.get_full_path().replace(f"/panel/{prefix}/", f"/panel/{other}/"),
    }
