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
from merchstore.storefront.visit import refuse_other_sites
from orders.models import SandboxTrade
from orders.noticing import take_notice
from orders.payments import provider_named, sandbox

#: In minor units: so much beside what is asked.
WRONG_BY = 100
OPEN = sandbox.OPEN


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
            "is_open": found.state in OPEN,
            "others": _others(found),
        }
        response = render(request, "storefront/cashier.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def _others(trade: SandboxTrade) -> list[tuple[str, str, str]]:
    """What else can be tried: act, name, what happens then."""
    if trade.state == "TRADE_SUCCESS":
        return [
            ("again", _("Send the notice again"), _("Old news: nothing happens twice.")),
            ("twice", _("Pay a second time"), _("A second number of the cashier's: a person looks at the order.")),
        ]
    if trade.state not in OPEN:
        return []
    return [
        ("refuse", _("Refuse"), _("The bank says no. The shop offers to try again.")),
        ("silent", _("Pay, and tell nobody"), _("No notice is sent: the shop asks by itself within a minute.")),
        ("slow", _("Pay, and tell a minute later"), _("The shop has asked by then, and the notice is old news.")),
        (
            "late",
            _("Pay when the time is over"),
            _("Paid only when the order has ended: it counts if all is still there."),
        ),
        ("more", _("Pay another sum"), _("The shop gives it back, and a person looks.")),
        ("forge", _("Send a forged notice"), _("Nothing is paid, and the signature is wrong: nothing happens.")),
    ]


def _pay(trade: SandboxTrade) -> str:
    sandbox.pay(trade, at=timezone.now())
    return _tell(trade, "paid")


def _refuse(trade: SandboxTrade) -> str:
    sandbox.refuse(trade)
    return _tell(trade, "refused")


def _silent(trade: SandboxTrade) -> str:
    sandbox.pay(trade, at=timezone.now())
    return "silent"


def _slow(trade: SandboxTrade) -> str:
    at = timezone.now()
    if sandbox.pay(trade, at=at):
        sandbox.put_off(trade, until=at + timedelta(minutes=1))
    return "slow"


def _late(trade: SandboxTrade) -> str:
    if trade.state in OPEN:
        sandbox.put_off(trade, until=sandbox.too_late(trade, at=timezone.now()))
    return "late"


def _more(trade: SandboxTrade) -> str:
    sandbox.pay(trade, amount=trade.amount + WRONG_BY, at=timezone.now())
    return _tell(trade, "more")


def _again(trade: SandboxTrade) -> str:
    return _tell(trade, "again")


def _twice(trade: SandboxTrade) -> str:
    at = timezone.now()
    if trade.state == "TRADE_SUCCESS":
        take_notice("sandbox", sandbox.pay_again(trade, at=at), {}, at=at)
    return "twice"


def _forge(trade: SandboxTrade) -> str:
    """Says that it is paid, with the signature of another text."""
    at = timezone.now()
    status = f"trade_status={trade.state}".encode()
    forged = sandbox.notice(trade, number="forged", at=at).replace(status, b"trade_status=TRADE_SUCCESS")
    if trade.state not in OPEN:
        return "forged"
    try:
        take_notice("sandbox", forged, {}, at=at)
    except Refused:
        return "forged"
    return "taken"


def _tell(trade: SandboxTrade, done: str) -> str:
    """The notice, by the way that notices come in."""
    at = timezone.now()
    take_notice("sandbox", sandbox.notice(trade, at=at), {}, at=at)
    return done


ACTS: dict[str, Callable[[SandboxTrade], str]] = {
    "pay": _pay,
    "refuse": _refuse,
    "silent": _silent,
    "slow": _slow,
    "late": _late,
    "more": _more,
    "again": _again,
    "twice": _twice,
    "forge": _forge,
}
_SAID: dict[str, Callable[[], str]] = {
    "paid": lambda: _("Paid. The shop has been told."),
    "refused": lambda: _("Refused. The shop has been told."),
    "silent": lambda: _("Paid. The shop has not been told, and will ask."),
    "slow": lambda: _("Paid. The shop will be told in a minute."),
    "late": lambda: _("It will be paid when the order's time is over."),
    "more": lambda: _("Another sum was paid. The shop has been told."),
    "again": lambda: _("The notice was sent once more."),
    "twice": lambda: _("Paid a second time. The shop has been told."),
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
