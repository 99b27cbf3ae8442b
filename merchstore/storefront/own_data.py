"""What the shop knows of a member: as a file, and its end."""

import json

from allauth.usersessions.models import UserSession
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Refused
from fans.personal_data import delete_account, everything_about, kept_orders
from merchstore.limits import is_too_often
from merchstore.storefront.account import account_page, framed
from merchstore.storefront.answers import see_other
from merchstore.storefront.security import recent_page
from merchstore.storefront.visit import Visit

#: Files of one person within an hour.
MOST, HOUR = 10, 3600


@account_page
def data(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    return framed(request, visit, "data", "data", {})


@recent_page
def export(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    """Everything, as one JSON file. Only who has lately shown who they are gets it."""
    if request.method != "POST":
        return see_other(f"{visit.base}account/data/")
    if is_too_often("export", user.public_id, most=MOST, seconds=HOUR, at=visit.at):
        problem = _("That was too often. Try again later.")
        return framed(request, visit, "data", "data", {"problem": problem}, status=429)
    told = json.dumps(everything_about(user, at=visit.at), ensure_ascii=False, indent=2, default=str)
    response = HttpResponse(told, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="merchstore-{timezone.localdate(visit.at)}.json"'
    return response


@recent_page
def delete(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    """Says what goes and what stays, and until when; the button with a tick does it."""
    problem, error = "", ""
    if request.method == "POST":
        if "sure" not in request.POST:
            error = _("Tick this to delete the account.")
        else:
            sessions = list(UserSession.objects.filter(user=user))
            try:
                delete_account(user, at=visit.at)
            except Refused as refusal:
                problem = refusal.sentence
            else:
                for one in sessions:
                    one.end()
                logout(request)
                return see_other(f"{visit.base}account/deleted/")
    context = {"orders": kept_orders(user), "problem": problem, "error": error}
    return framed(request, visit, "data", "delete", context, status=422 if problem or error else 200)
