"""A visit to the panel: who acts for which merchant, in which language.

Every view starts from the membership of the person who asks, so a neighbour's merchant is not there (404) rather than
closed. Nothing is kept by caches.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import User
from merchants.models import Member, Merchant
from merchstore.languages import LANGUAGE_NAMES, LANGUAGE_TAGS, LANGUAGES
from merchstore.panel.adapter import signed_in_recently
from merchstore.panel.sections import BEFORE_APPROVAL, SECTIONS

Role = Member.Role
EVERYBODY = frozenset(Role.values)
#: Who may change goods.
CATALOGUE = frozenset({Role.OWNER.value, Role.CATALOGUE.value})

#: Who may do what binds the merchant: keys, addresses that are told, people.
OWNER = frozenset({Role.OWNER.value})

#: Who may send goods and take them back.
ORDERS = frozenset({Role.OWNER.value, Role.ORDERS.value})

#: Who may see what is owed.
FINANCE = frozenset({Role.OWNER.value, Role.FINANCE.value, Role.READ_ONLY.value})

#: Who comes in with a second step alone (REQUIRE_MFA): they give others rights, or see and change what money goes by.
SECOND_STEP = frozenset({Role.OWNER.value, Role.FINANCE.value})

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class PanelVisit:
    """One person acting for one merchant."""

    user: User
    merchant: Merchant
    role: str
    prefix: str

    @property
    def language(self) -> str:
        return LANGUAGES[self.prefix]

    @property
    def tag(self) -> str:
        return LANGUAGE_TAGS[self.prefix]

    @property
    def role_in_words(self) -> str:
        return str(Role(self.role).label)

    @property
    def is_before_approval(self) -> bool:
        return self.merchant.state in (Merchant.State.APPLIED, Merchant.State.IN_REVIEW)

    def may(self, roles: frozenset[str]) -> bool:
        return self.role in roles

    def address(self, name: str, *rest: str) -> str:
        """Where a page of this merchant is: `visit.address("import", run.public_id)`."""
        return reverse(f"panel:{name}", args=[self.prefix, self.merchant.slug, *rest])


def page(view: View, roles: frozenset[str] = EVERYBODY, *, before_approval: bool = False) -> View:
    """A page of one merchant: the view gets a PanelVisit. Who is not signed in is asked to; who is no member finds nothing;
    who has another role is told so (403). Before a merchant is approved it has its checklist and members alone; what else is
    asked for leads to the checklist, which says so."""

    @wraps(view)
    def wrapper(request: HttpRequest, prefix: str, merchant: str, **kwargs: Any) -> HttpResponseBase:
        with translation.override(LANGUAGES[prefix]):
            if isinstance(request.user, AnonymousUser):
                return to_sign_in(request, prefix)
            visit = _visit(request.user, prefix, merchant)
            if visit.role in SECOND_STEP and settings.REQUIRE_MFA and not has_second_step(request.user):
                return to_second_step(request)
            if visit.is_before_approval and not before_approval:
                return private(HttpResponseRedirect(visit.address("checklist")))
            if not visit.may(roles):
                return show(request, visit, "not_yours", {"title": _("This is not part of your role")}, status=403)
            return private(view(request, visit, **kwargs))

    return wrapper


def recently_authenticated(view: View) -> View:
    """A page of one merchant (inside `page`) that asks who signed in long ago to confirm who they are
    (RECENT_SIGN_IN_MINUTES), before the first look and before anything is written; what was sent is not lost. For keys,
    members and bank data."""

    @wraps(view)
    def wrapper(request: HttpRequest, visit: PanelVisit, **kwargs: Any) -> HttpResponseBase:
        if not signed_in_recently(request):
            raise ReauthenticationRequired
        return view(request, visit, **kwargs)

    return wrapper


def has_second_step(user: User) -> bool:
    """Whether somebody has a passkey or an authenticator app: codes on paper alone are none. One query."""
    return bool(is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]))


def to_second_step(request: HttpRequest) -> HttpResponse:
    """Lead to where a second step is set up, and say why."""
    return private(HttpResponseRedirect(f"{reverse('mfa_index')}?{urlencode({'for': 'role'})}"))


def signed_in(view: View) -> View:
    """A page of a person rather than of a merchant: the view gets the part of the address that names the language."""

    @wraps(view)
    def wrapper(request: HttpRequest, prefix: str) -> HttpResponseBase:
        with translation.override(LANGUAGES[prefix]):
            if isinstance(request.user, AnonymousUser):
                return to_sign_in(request, prefix)
            return private(view(request, prefix))

    return wrapper


def show(
    request: HttpRequest, visit: PanelVisit, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render `panel/<template>.html` in its frame."""
    other = "en" if visit.prefix == "zh" else "zh"
    frame = {
        "visit": visit,
        "tag": visit.tag,
        "prefix": visit.prefix,
        "is_fragment": template.startswith("_"),
        "sections": _sections(visit),
        "other_language": LANGUAGE_NAMES[other],
        "other_tag": LANGUAGE_TAGS[other],
        "other_address": request.path_info.replace(f"/panel/{visit.prefix}/", f"/panel/{other}/", 1),
    }
    return private(render(request, f"panel/{template}.html", frame | context, status=status))


def _sections(visit: PanelVisit) -> dict[str, list[tuple[str, str, str]]]:
    """What the person may open, by group: code, address, label. The sections stand in sections.py."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for group, code, label, roles in SECTIONS:
        if visit.may(roles) and (code in BEFORE_APPROVAL or not visit.is_before_approval):
            found.setdefault(group, []).append((code, visit.address(code), str(label)))
    return found


def private(response: HttpResponseBase) -> Any:
    response["Cache-Control"] = "private, no-store"
    return response


def to_sign_in(request: HttpRequest, prefix: str) -> HttpResponse:
    address = reverse("panel:sign_in", args=[prefix])
    return HttpResponseRedirect(f"{address}?{urlencode({'next': request.get_full_path()})}")


def _visit(user: User, prefix: str, slug: str) -> PanelVisit:
    member = user.memberships.select_related("merchant").filter(merchant__slug=slug).first()
    if member is None:
        raise Http404
    return PanelVisit(user, member.merchant, member.role, prefix)
