"""The sandbox's cashier: a page as a phone shows it, on which somebody pays, or does to the shop whatever else a cashier may.

It is there only while the shop uses the sandbox. In the books of a real provider nobody could look at it without signing in; here
the trade's random name is the key to it.
"""

from collections.abc import Callable
from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core.errors import Refused
from core.money import Money
from merchstore.languages import LANGUAGE_TAGS, LANGUAGES
from merchstore.storefront.notices import take_notice
from merchstore.storefront.visit import refuse_other_sites
from orders.models import SandboxTrade
from orders.payments import provider_named, sandbox

#: A minor unit or so beside what is asked.
WRONG_BY = 100


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def cashier(request: HttpRequest, trade: str) -> HttpResponse:
    """Look at a trade, or do something to it: `act` names what."""
    found = _trade(trade)
    prefix = _prefix(found, request)
    if request.method == "POST":
        refuse_other_sites(request)
        act = ACTS.get(request.POST.get("act", ""))
        if act is None:
            raise Http404
        done = act(found)
        return redirect(f"{request.path}?done={done}&lang={prefix}")
    with translation.override(LANGUAGES[prefix]):
        said = _SAID.get(request.GET.get("done", ""))
        context = {
            "trade": found,
            "amount": Money(found.amount, found.currency).in_locale(LANGUAGES[prefix]),
            "paid": Money(found.paid_amount, found.currency).in_locale(LANGUAGES[prefix]),
            "said": said() if said else "",
            "tag": LANGUAGE_TAGS[prefix],
            "is_open": found.state in ("WAIT_BUYER_PAY", "TRADE_REFUSED"),
            "others": _others(found),
        }
        response = render(request, "storefront/cashier.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def _others(trade: SandboxTrade) -> list[tuple[str, str, str]]:
    """What else can be tried: act, name, what happens then."""
    waiting = [
        ("refuse", _("Refuse"), _("The bank says no. The shop offers to try again.")),
        ("silent", _("Pay, and tell nobody"), _("No notice is sent: the shop has to ask.")),
        ("late", _("Pay, and tell a minute later"), _("The notice comes late.")),
        ("more", _("Pay another sum"), _("The shop gives it back, and a person looks.")),
        ("forge", _("Send a forged notice"), _("Nothing is paid, and the signature is wrong: nothing happens.")),
    ]
    paid = [("again", _("Send the notice again"), _("Old news: nothing happens twice."))]
    return waiting if trade.state in ("WAIT_BUYER_PAY", "TRADE_REFUSED") else paid


def _pay(trade: SandboxTrade) -> str:
    sandbox.pay(trade, at=timezone.now())
    return _tell(trade, "paid")


def _refuse(trade: SandboxTrade) -> str:
    sandbox.refuse(trade)
    return _tell(trade, "refused")


def _silent(trade: SandboxTrade) -> str:
    sandbox.pay(trade, at=timezone.now())
    return "silent"


def _late(trade: SandboxTrade) -> str:
    at = timezone.now()
    if sandbox.pay(trade, at=at):
        SandboxTrade.objects.filter(pk=trade.pk).update(notify_at=at + timedelta(minutes=1))
    return "late"


def _more(trade: SandboxTrade) -> str:
    sandbox.pay(trade, amount=trade.amount + WRONG_BY, at=timezone.now())
    return _tell(trade, "more")


def _again(trade: SandboxTrade) -> str:
    return _tell(trade, "again")


def _forge(trade: SandboxTrade) -> str:
    """Says that it is paid, with the signature of another text."""
    forged = sandbox.notice(trade, at=timezone.now()).replace(b"WAIT_BUYER_PAY", b"TRADE_SUCCESS")
    try:
        take_notice("sandbox", forged, {})
    except Refused:
        return "forged"
    return "taken"


def _tell(trade: SandboxTrade, done: str) -> str:
    """The notice, by the way that notices come in."""
    take_notice("sandbox", sandbox.notice(trade, at=timezone.now()), {})
    return done


ACTS: dict[str, Callable[[SandboxTrade], str]] = {
    "pay": _pay,
    "refuse": _refuse,
    "silent": _silent,
    "late": _late,
    "more": _more,
    "again": _again,
    "forge": _forge,
}
_SAID: dict[str, Callable[[], str]] = {
    "paid": lambda: _("Paid. The shop has been told."),
    "refused": lambda: _("Refused. The shop has been told."),
    "silent": lambda: _("Paid. The shop has not been told, and will ask."),
    "late": lambda: _("Paid. The shop will be told in a minute."),
    "more": lambda: _("Another sum was paid. The shop has been told."),
    "again": lambda: _("The notice was sent once more."),
    "forged": lambda: _("The shop did not believe the forged notice."),
    "taken": lambda: _("The shop believed a forged notice. That must never happen."),
}


def _trade(name: str) -> SandboxTrade:
    try:
        provider_named("sandbox")
    except Refused:
        raise Http404 from None
    found = sandbox.trade_named(name)
    if found is None:
        raise Http404
    return found


def _prefix(trade: SandboxTrade, request: HttpRequest) -> str:
    """The language of the page that led here."""
    asked = request.GET.get("lang", "")
    if asked in LANGUAGES:
        return asked
    return "zh" if "/zh/" in trade.return_url else "en"
