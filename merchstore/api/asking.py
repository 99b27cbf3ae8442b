"""Who asks: a merchant's program with its key, or the studio's staff with their session of the desk."""

from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission

from accounts.models import User
from merchants.keys import find_key, note_use
from merchants.models import Merchant, PartnerKey
from merchstore.api.limits import note_wrong_key
from merchstore.api.problems import Problem

#: RFC 6750 says how a refusal tells what to bring.
_CHALLENGE = 'Bearer realm="merchstore"'
_NOT_YET = {
    Merchant.State.APPLIED: "The merchant has not been approved yet.",
    Merchant.State.IN_REVIEW: "The merchant has not been approved yet.",
    Merchant.State.SUSPENDED: "The merchant is suspended.",
    Merchant.State.CLOSED: "The merchant is closed.",
}
#: A sandbox may be there before its merchant is approved, and ends with it.
_ENDED = (Merchant.State.SUSPENDED, Merchant.State.CLOSED)


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer msk_…`. A header that is there has to be right: one that is wrong never counts as none."""

    def authenticate(self, request: Any) -> tuple[None, PartnerKey] | None:
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        at = timezone.now()
        scheme, _space, secret = header.partition(" ")
        key = find_key(secret.strip(" ")) if scheme.lower() == "bearer" else None
        if key is None:
            note_wrong_key(request, at=at)
            raise _unauthorised("key_invalid")
        if key.revoked_at is not None:
            raise _unauthorised("key_revoked")
        if not key.is_live(at):
            raise _unauthorised("key_expired")
        note_use(key, at=at)
        return None, key


class StaffSession(BaseAuthentication):
    """Somebody of the studio who may read licences at the desk. Reading only, so no form has to prove where it is from."""

    def authenticate(self, request: Any) -> tuple[User, None] | None:
        user = request._request.user
        is_staff = user.is_active and user.is_staff and user.has_perm("licensing.view_licence")
        return (user, None) if is_staff else None


class MayAsk(BasePermission):
    """A key needs the endpoint's scope, and a merchant who may trade."""

    def has_permission(self, request: Any, view: Any) -> bool:
        key: PartnerKey | None = request.auth
        if key is None:
            if request.user is None:
                raise _unauthorised("key_required")
            return True
        if key.merchant.state != Merchant.State.APPROVED:
            raise Problem("merchant_not_authorised", _NOT_YET[Merchant.State(key.merchant.state)])
        whose = key.merchant.sandbox_for
        if whose is not None and whose.state in _ENDED:
            raise Problem("merchant_not_authorised", _NOT_YET[Merchant.State(whose.state)])
        scope = view.scope_of(request.method)
        if scope not in key.scopes:
            challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'
            detail = f"This needs the scope {scope}; the key has {', '.join(key.scopes)}."
            raise Problem("scope_needed", detail, headers={"WWW-Authenticate": challenge})
        return True


def _unauthorised(code: str) -> Problem:
    challenge = _CHALLENGE if code == "key_required" else f'{_CHALLENGE}, error="invalid_token"'
    return Problem(code, headers={"WWW-Authenticate": challenge})


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = KeyAuthentication
    name = "partnerKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "msk_…",
            "description": "A partner key. The studio's desk makes it and shows it once.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = StaffSession
    name = "staffSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "The studio's staff, at the desk.",
        }
