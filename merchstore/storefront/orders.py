"""An order after the checkout: paying it, following it, ending it, sending something back."""

from typing import Any

import segno
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from core.errors import Refused
from core.money import Money
from merchstore.limits import is_too_often, who_asks
from merchstore.storefront.answers import answer, see_other
from merchstore.storefront.basket import country_of
from merchstore.storefront.carrier import basket_for, member, remember
from merchstore.storefront.errors import problem_page
from merchstore.storefront.ordered import shown_order
from merchstore.storefront.visit import Visit, own_page
from orders.again import put_again
from orders.asking import ask, ask_soon
from orders.baskets import set_country
from orders.closing import cancel_order
from orders.letters import write_letter
from orders.links import order_of_token, order_path
from orders.models import Order, OrderLine, Parcel, Payment, Return
from orders.opening import open_payment
from orders.payments import ProviderAway, offered
from orders.placing import pay_otherwise
from orders.returning import announce_return, returnable

#: Looks at one order's payment within a minute; within an hour questions because somebody came back from paying, and orders
#: looked for from one place.
MOST_ASKED, MOST_BACK, MOST_FOUND = 20, 4, 20
MINUTE, HOUR = 60, 3600


@own_page
def pay(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Where to pay, and whether it has been. Coming back from a provider proves nothing: what is asked is the provider."""
    order = _order(visit, token)
    path = order_path(order, prefix=visit.prefix)
    if request.method == "POST":
        _act_on_payment(request, visit, order)
        return see_other(f"{path}pay/")
    if order.state != Order.State.PENDING:
        return _to_order(request, path)
    payment = order.payments.order_by("pk").last()
    if payment is not None and "seen" not in request.GET and visit.at < order.expires_at:
        payment = _opened(payment, path)
    standing = _standing(order, payment, visit)
    if "seen" in request.GET:
        return _as_seen(standing == request.GET["seen"])
    is_back = "back" in request.GET
    if is_back and not is_too_often("back-from-paying", order.public_id, most=MOST_BACK, seconds=HOUR, at=visit.at):
        ask_soon(order, at=visit.at)
    context: dict[str, Any] = {
        "order": order,
        "path": path,
        "payment": payment,
        "total": Money(order.total_amount, order.currency).in_locale(visit.language),
        "standing": standing,
        "is_back": is_back and standing == "open",
        "qr": qr_of(payment.qr_text) if payment is not None and payment.qr_text else "",
        "ways": [
            (f"{provider.code}:{code}", provider.name(), words)
            for provider in offered(order.currency)
            for code, words in provider.methods()
        ],
    }
    return answer(request, visit, "pay", context)


def _opened(payment: Payment, path: str) -> Payment:
    """Ask the provider where to pay, unless it has said so; one that is away is asked again at the next look."""
    try:
        return open_payment(
            payment,
            return_url=f"{settings.SITE_URL}{path}pay/?back=1",
            notify_url=f"{settings.SITE_URL}/payments/{payment.provider}/notify",
        )
    except (Refused, ProviderAway):
        return payment


def _standing(order: Order, payment: Payment | None, visit: Visit) -> str:
    """What the page says of a pending order: `over`, `refused`, `away` (nobody has said where to pay), `open`."""
    if visit.at >= order.expires_at:
        return "over"
    if payment is not None and payment.state == Payment.State.FAILED:
        return "refused"
    return "open" if payment is not None and (payment.pay_url or payment.qr_text) else "away"


def _as_seen(is_same: bool) -> HttpResponse:
    """What asks every few seconds: nothing to say, or the page is to be read anew."""
    response = HttpResponse(status=204)
    if not is_same:
        response["HX-Refresh"] = "true"
    return response


def _act_on_payment(request: HttpRequest, visit: Visit, order: Order) -> None:
    """`ask`: I have paid. `pay`: by this way, or once more after a refusal."""
    if is_too_often("ask-payment", order.public_id, most=MOST_ASKED, seconds=MINUTE, at=visit.at):
        return
    if "ask" in request.POST:
        for payment in order.payments.filter(state=Payment.State.OPEN):
            ask(payment, at=visit.at)
        return
    provider, _colon, method = request.POST.get("pay", "").partition(":")
    ways = {(one.code, code) for one in offered(order.currency) for code, _words in one.methods()}
    if (provider, method) not in ways:
        return
    try:
        pay_otherwise(order, provider=provider, method=method, at=visit.at)
    except Refused:
        return  # the page says how it stands


def _to_order(request: HttpRequest, path: str) -> HttpResponse:
    """Paid, or over: what asks every few seconds is told to go there, too."""
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(status=204)
        response["HX-Redirect"] = path
        return response
    return see_other(path)


@own_page
def order(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    found = _order(visit, token)
    return answer(request, visit, "order", {"shown": shown_order(found, visit)})


@own_page
def again(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """The same once more: into the basket of whoever asks, at today's prices. Sent twice, it changes nothing more."""
    found = _order(visit, token)
    if request.method != "POST":
        return see_other(order_path(found, prefix=visit.prefix))
    basket, cookie = basket_for(request, visit)
    if not basket.country and found.country in visit.market.countries:
        set_country(basket, found.country, at=visit.at)
    put_again(basket, found, country=country_of(basket), at=visit.at)
    return remember(see_other(f"{visit.base}basket/?{urlencode({'again': token})}"), basket, cookie)


@own_page
def cancel(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Asks first; the button does it. What was paid is given back."""
    found = _order(visit, token)
    refusal = ""
    if request.method == "POST":
        try:
            cancel_order(found, by=None, who="buyer", at=visit.at)
        except Refused as refused:
            refusal = refused.sentence
        else:
            return see_other(order_path(found, prefix=visit.prefix))
    context = {"order": found, "path": order_path(found, prefix=visit.prefix), "refusal": refusal}
    response = answer(request, visit, "order_cancel", context)
    response.status_code = 422 if refusal else 200
    return response


@own_page
def send_back(request: HttpRequest, visit: Visit, token: str, parcel: str) -> HttpResponse:
    """Announce which pieces of a parcel come back, and why."""
    found = _order(visit, token)
    of = found.parcels.filter(public_id=parcel).first()
    if of is None:
        raise Http404
    lines = list(of.lines.order_by("position"))
    most = returnable(lines)
    refusal = ""
    if request.method == "POST":
        try:
            _announce(request, visit, of, lines)
        except Refused as refused:
            refusal = refused.sentence
        else:
            return see_other(order_path(found, prefix=visit.prefix))
    context = {
        "order": found,
        "path": order_path(found, prefix=visit.prefix),
        "lines": [
            (line, line.title_in(visit.language), most[line.pk], request.POST.get(line.public_id, "0")[:4])
            for line in lines
            if most.get(line.pk)
        ],
        "reasons": Return.Reason.choices,
        "reason": request.POST.get("reason", ""),
        "note": request.POST.get("note", "")[:500],
        "refusal": refusal,
    }
    response = answer(request, visit, "order_return", context)
    response.status_code = 422 if refusal else 200
    return response


def _announce(request: HttpRequest, visit: Visit, parcel: Parcel, lines: list[OrderLine]) -> None:
    said = request.POST
    pieces = {}
    for line in lines:
        text = said.get(line.public_id, "0") or "0"
        pieces[line] = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1
    reason = said.get("reason", "")
    if reason not in Return.Reason.values:
        raise Refused("reason_missing")
    note = said.get("note", "").replace("\x00", "").strip()[:500]
    announce_return(parcel, pieces, reason=reason, note=note, by=member(request), who="buyer", at=visit.at)


@own_page
def paper(request: HttpRequest, visit: Visit, token: str, document: str) -> HttpResponse:
    """An invoice or a credit note, as PDF."""
    found = _order(visit, token).documents.filter(public_id=document).first()
    if found is None:
        raise Http404
    from orders.paper_pdf import pdf_of  # noqa: PLC0415 a third of a second, for what most processes never draw

    response = HttpResponse(pdf_of(found), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{found.number}.pdf"'
    return response


@own_page
def find(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Number and e-mail address: the link goes to that address, and the answer is the same whether there is such an order."""
    if request.method != "POST":
        return answer(request, visit, "order_find", {"is_sent": "sent" in request.GET})
    place = who_asks(request)
    if place and is_too_often("find-order", place, most=MOST_FOUND, seconds=HOUR, at=visit.at):
        response = problem_page(request, 429, _("That was asked for too often from here. Try again in an hour."))
        response["Retry-After"] = str(HOUR)
        return response
    number = request.POST.get("number", "").replace("\x00", "").strip().upper()[:12]
    email = request.POST.get("email", "").replace("\x00", "").strip()[:254]
    found = Order.objects.filter(number=number, email__iexact=email).first() if email else None
    if found is not None:
        # Once an hour is enough for one who lost the letter.
        write_letter(found, "order_link", about=f"{visit.at:%Y%m%d%H}")
    return see_other(f"{visit.base}orders/?sent=1")


def _order(visit: Visit, token: str) -> Order:
    """The order of the address, in its own market; there is none in another."""
    found = order_of_token(token)
    if found is None or found.market_id != visit.market.pk:
        raise Http404
    return found


def qr_of(text: str) -> str:
    """The text as a QR code, as an address of a picture that the page holds itself."""
    return segno.make(text, error="m", micro=False).svg_data_uri(scale=6, border=3, light="#fff", encode_minimal=True)
