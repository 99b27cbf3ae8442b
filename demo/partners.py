"""What a merchant's people find besides goods: the studio's checklist with their answers, a key, and a webhook with its log."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from demo.files import Row, day, read_table
from demo.rows import Tally
from merchants.keys import make_key
from merchants.models import Delivery, Event, Member, Merchant, Requirement, WebhookEndpoint
from merchants.onboarding import accept, give
from merchants.webhooks import add_endpoint, disable_endpoint

#: A whole PDF with one empty page: what stands in for the scan of a paper.
_PAPER = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
#: Between what happened and its delivery, and between one try and the next.
_SOON, _LATER = timedelta(seconds=2), timedelta(minutes=5)


def load_partners(now: datetime, desk: User) -> Tally:
    """Each thing once, by its name. A log tells of orders, so it needs some."""
    tally, told = Tally(), read_table("partners")
    merchant = Merchant.objects.get(slug=told["merchant"])
    owner = merchant.members.filter(role=Member.Role.OWNER).select_related("user").order_by("pk")[0].user
    for position, row in enumerate(told["requirements"]):
        if Requirement.objects.filter(name_en=row["name_en"]).exists():
            tally.unchanged += 1
        else:
            _ask_for(merchant, row, position, owner, desk, now)
            tally.created += 1
    if merchant.partner_keys.filter(name=told["key"]["name"]).exists():
        tally.unchanged += 1
    else:
        make_key(merchant, **told["key"], by=owner, at=now)
        tally.created += 1
    if merchant.webhook_endpoints.filter(url=told["webhook"]["url"]).exists():
        tally.unchanged += 1
    else:
        _tell(merchant, told["webhook"], owner, now)
        tally.created += 1
    return tally


def _ask_for(merchant: Merchant, row: Row, position: int, owner: User, desk: User, now: datetime) -> None:
    """A point of the checklist, and what the merchant gave for it."""
    words = {name: row[name] for name in ("kind", "name_en", "name_zh", "text_en", "text_zh")}
    point = Requirement.objects.create(**words, has_expiry=row.get("has_expiry", False), position=position)
    paper: dict[str, Any] = {}
    if "last_day" in row:
        paper = {"file": ("licence.pdf", _PAPER), "expires_on": day(row["last_day"], now.date())}
    given = give(merchant, point, by=owner, at=now, values=row.get("given"), **paper)
    if row.get("accepted"):
        accept(given, by=desk, at=now)


def _tell(merchant: Merchant, row: Row, owner: User, now: datetime) -> None:
    """An address that is switched off, with the log of what was sent there when it was on: nothing leaves this machine."""
    told = {name: row[name] for name in ("url", "description", "kinds")}
    endpoint = disable_endpoint(add_endpoint(merchant, **told, by=owner, at=now).endpoint, by=owner, at=now)
    events = list(merchant.events.filter(kind__in=row["kinds"]).order_by("at", "pk")[: len(row["log"])])
    for event, tries in zip(events, row["log"], strict=False):
        _log(endpoint, event, tries)


def _log(endpoint: WebhookEndpoint, event: Event, tries: list[Row]) -> None:
    at = event.at + _SOON
    ended_at = at + _LATER * (len(tries) - 1)
    delivery = Delivery.objects.create(
        endpoint=endpoint,
        event=event,
        state=Delivery.State.DELIVERED,
        attempts=len(tries),
        due_at=at,
        ended_at=ended_at,
    )
    for number, told in enumerate(tries):
        delivery.tries.create(at=at + _LATER * number, **told)
