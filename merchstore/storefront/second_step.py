"""The second step of signing in at the shop: the code of an authenticator app, a recovery code, or a passkey.

What counts as right and how often one may try are django-allauth's, as at the panel, so that both doors count together; the page
is the shop's. The library holds who has said the right password, and where they were going, in the session until then.
"""

from typing import Any

from allauth.account.stages import LoginStage, LoginStageController
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import auth as passkeys
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from merchstore.storefront.answers import answer, see_other
from merchstore.storefront.passkeys import is_right
from merchstore.storefront.visit import Visit, own_page


@own_page
def second_step(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Only for who has just said a right password; who waited for too long, or is in already, begins anew."""
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if stage is None or request.user.is_authenticated:
        return see_other(f"{visit.base}sign-in/")
    if request.method != "POST":
        return _page(request, visit, stage)
    try:
        problem = _tried(request, stage)
    except RedisError:
        return _page(
            request, visit, stage, problem=_("Nobody can sign in just now. Try again in a few minutes."), status=503
        )
    if problem:
        return _page(request, visit, stage, problem=problem, status=422)
    return see_other(stage.exit()["Location"])


def _tried(request: HttpRequest, stage: LoginStage) -> str:
    """What was wrong with what was said; nothing, and the step is done, if it was right."""
    user = stage.login.user
    if "credential" in request.POST:
        passkey = AuthenticateWebAuthnForm(data=request.POST, user=user)
        if not is_right(passkey):
            return _("This passkey does not belong to the account.")
        passkey.save()
        return ""
    said = request.POST.get("code", "").replace("\x00", "").strip()[:32]
    code = AuthenticateForm(data={"code": said}, user=user)
    if not code.is_valid():
        return " ".join(code.errors["code"])
    code.save()
    return ""


def _page(
    request: HttpRequest, visit: Visit, stage: LoginStage, *, problem: str = "", status: int = 200
) -> HttpResponse:
    kinds = set(Authenticator.objects.filter(user=stage.login.user).values_list("type", flat=True))
    has_passkey = Authenticator.Type.WEBAUTHN in kinds
    context: dict[str, Any] = {
        "problem": problem,
        "has_codes": bool(kinds - {Authenticator.Type.WEBAUTHN}),
        "options": {"request_options": passkeys.begin_authentication(stage.login.user)} if has_passkey else None,
    }
    return answer(request, visit, "second_step", context, status=status)
