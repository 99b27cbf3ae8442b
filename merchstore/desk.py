"""The desk's own door: Django's form for staff, and the same way in as everywhere (merchstore/signing_in.py)."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from merchstore.limits import is_too_often, who_asks
from merchstore.signing_in import let_in

#: Attempts from one place, and on one account, within a quarter of an hour.
MOST_PER_PLACE, MOST_PER_NAME, QUARTER = 30, 10, 900


class _StaffForm(AdminAuthenticationForm):
    """Counts attempts before a password is looked at."""

    def clean(self) -> Any:
        if _is_too_often(self.request, self.cleaned_data.get("username", "")):
            raise ValidationError(_("That was too often. Try again later."))
        return super().clean()


class _SignIn(LoginView):
    template_name = "admin/login.html"
    authentication_form = _StaffForm

    def form_valid(self, form: Any) -> HttpResponse:
        return let_in(self.request, form.get_user(), to=self.get_success_url())

    def get_default_redirect_url(self) -> str:
        return reverse("admin:index")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        here = {"title": _("Sign in"), "subtitle": None, "app_path": self.request.get_full_path()}
        return super().get_context_data(**kwargs) | admin.site.each_context(self.request) | here


_form = never_cache(_SignIn.as_view())


def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Who is signed in and belongs to the desk is led on, as Django does; everybody else gets the form."""
    if request.method == "GET" and admin.site.has_permission(request):
        return admin.site.login(request)
    return _form(request)


def _is_too_often(request: HttpRequest | None, name: str) -> bool:
    at = timezone.now()
    place = who_asks(request) if request else ""
    if place and is_too_often("sign-in", place, most=MOST_PER_PLACE, seconds=QUARTER, at=at):
        return True
    return is_too_often("sign-in-as", name.lower(), most=MOST_PER_NAME, seconds=QUARTER, at=at)
