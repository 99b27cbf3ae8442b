"""A merchant's campaigns by program: its own as whole documents, planned, applied and rolled back; and the studio's, joined."""

import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import override
from rest_framework.response import Response

from campaigns import queries
from campaigns.entries import is_open, set_entries
from campaigns.models import Campaign
from campaigns.own import OwnDocument, create_own_campaign, edit_own_campaign
from campaigns.queries import partners
from campaigns.services import roll_back_campaign, schedule_campaign
from core.errors import Refused
from core.paging import Position
from core.transactions import inside
from merchants.models import PartnerKey
from merchstore.api import campaign_serializers as serializers
from merchstore.api import parameters as named_parameters
from merchstore.api.answers import OwnReadView, OwnView, named
from merchstore.api.cursors import read_cursor
from merchstore.api.problems import Fault, Problem, problem_of
from merchstore.api.schema import documented, documented_change, documented_post
from merchstore.api.serializers import page_of
from merchstore.api.writing import OwnObject, done_once, given_in

_READ, _WRITE = PartnerKey.Scope.CAMPAIGNS_READ, PartnerKey.Scope.CAMPAIGNS_WRITE
_PAGING = (named_parameters.LIMIT, named_parameters.CURSOR)
_OWN_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}", re.ASCII)


@documented("List own campaigns", page_of(serializers.OwnCampaignSerializer), example="own_campaigns", is_own=True)
class OwnCampaigns(OwnReadView):
    """The merchant's own campaigns, oldest change first. The studio's that it may join are `/own/invitations`."""

    scope = _READ
    parameters = (named_parameters.UPDATED_SINCE, *_PAGING)

    def get(self, _request: Any) -> Response:
        after = read_cursor("own_campaigns", self.given["cursor"], Position)
        page = partners.own_campaigns_page(
            self.merchant, updated_since=self.given["updated_since"], after=after, limit=self.given["limit"]
        )
        return self.with_link(
            Response(self.page("own_campaigns", page, _told_at(self, serializers.OwnCampaignSerializer)))
        )


@documented(
    "Get an own campaign", serializers.OwnCampaignSerializer, example="own_campaign", is_own=True, by_name="campaign"
)
@documented_change(
    "put",
    "Put an own campaign",
    serializers.OwnCampaignSerializer,
    request=serializers.OwnCampaignShape,
    example="own_campaign",
    request_examples=(("application/json", "own_campaign_document"),),
    by_name="campaign",
)
class OwnCampaign(OwnObject):
    """One of the merchant's own campaigns. PUT takes the whole `document`: with `If-Match` in the place of what was there, or
    with `If-None-Match: *` at a new name of one's own (small letters, digits, hyphens), which answers 201. What is published does
    not move before `apply`.
    """

    http_method_names = ("get", "head", "put")
    scope = _READ
    write_scope = _WRITE
    #: What staging, the studio and the clock move.
    moving = ("state", "phase", "revision", "awaits_approval", "updated_at")

    def find(self, name: str, *, is_locked: bool) -> Campaign:
        return _own(self, name, is_locked=is_locked)

    def body(self, row: Campaign) -> Mapping[str, Any]:
        return serializers.OwnCampaignSerializer(row, context={"at": self.at}).data

    def put(self, request: Any, name: str) -> Response:
        is_new = request.META.get("HTTP_IF_NONE_MATCH", "").strip() == "*"
        given = OwnDocument(**given_in(self, serializers.OwnCampaignShape))
        if is_new:
            return self._create(name, given)
        return self.change(name, lambda row: inside(edit_own_campaign)(row, given, by=None))

    def _create(self, name: str, given: OwnDocument) -> Response:
        if not _OWN_NAME.fullmatch(name):
            detail = "A name is 1 to 60 small letters, digits and hyphens, and begins with no hyphen."
            raise Problem("invalid_parameters", detail, errors=[Fault("/path/name", "invalid", detail)])
        try:
            row = create_own_campaign(self.merchant, name, given, by=None)
        except Refused as refusal:
            if refusal.code == "slug_taken":
                raise Problem("precondition_failed", "There is a campaign of this name already.") from None
            raise
        address = reverse("api:own_campaign", kwargs={"name": name})
        return self.answer_object(_own(self, row.public_id), status=201, location=address)


@documented_post(
    "Plan an own campaign",
    serializers.CampaignPlanSerializer,
    request=None,
    example="own_campaign_plan",
    request_examples=(),
    by_name="campaign",
)
class OwnCampaignPlan(OwnView):
    """What `apply` would do now, against what is listed: nothing is written."""

    http_method_names = ("post",)
    scope = _WRITE

    def post(self, _request: Any, name: str) -> HttpResponse:
        campaign = _own(self, name)
        return done_once(self, lambda: self._plan(campaign))

    def _plan(self, campaign: Campaign) -> Response:
        with override("en"):
            plan = queries.plan_campaign(campaign, at=self.at, merchant=self.merchant)
            told = {
                "totals": plan.totals,
                "is_empty": plan.is_empty,
                "channels": list(plan.channels.values()),
                "refusals": plan.refusals,
                "conflicts": plan.conflicts,
            }
            return Response(serializers.CampaignPlanSerializer(told).data)


@documented_post(
    "Apply an own campaign",
    serializers.OwnCampaignSerializer,
    request=None,
    example="own_campaign",
    request_examples=(),
    status=202,
    by_name="campaign",
)
class OwnCampaignApply(OwnView):
    """Freeze the document as a revision. The studio approves it, unless the merchant is a sandbox; then it is staged, and goes
    live at its start by the clock alone. The same document again is the same revision.
    """

    http_method_names = ("post",)
    scope = _WRITE

    def post(self, _request: Any, name: str) -> HttpResponse:
        campaign = _own(self, name)
        return done_once(self, lambda: self._apply(campaign))

    def _apply(self, campaign: Campaign) -> Response:
        schedule_campaign(campaign, by=None, at=self.at)
        found = _own(self, campaign.public_id)
        body = serializers.OwnCampaignSerializer(found, context={"at": self.at}).data
        address = reverse("api:own_campaign", kwargs={"name": campaign.own_slug})
        return Response(body, status=202, headers={"Location": address})


@documented_post(
    "Roll back an own campaign",
    serializers.RollbackSerializer,
    request=None,
    example="own_campaign_rollback",
    request_examples=(),
    by_name="campaign",
)
class OwnCampaignRollback(OwnView):
    """Return exactly to what was before the published revision: the one it replaced, or nothing. Later edits of goods and prices
    are kept, and named.
    """

    http_method_names = ("post",)
    scope = _WRITE

    def post(self, _request: Any, name: str) -> HttpResponse:
        campaign = _own(self, name)
        return done_once(self, lambda: self._roll_back(campaign))

    def _roll_back(self, campaign: Campaign) -> Response:
        run = roll_back_campaign(campaign, by=None, at=self.at)
        told = run.report | {"campaign": _own(self, campaign.public_id)}
        return Response(serializers.RollbackSerializer(told, context={"at": self.at}).data)


@documented(
    "List listings of an own campaign",
    page_of(serializers.OwnListingSerializer),
    example="own_campaign_listings",
    is_own=True,
    by_name="campaign",
)
class OwnCampaignListings(OwnReadView):
    """The merchant's listings in a campaign: its own, or one of the studio's that it has goods in. Each with the revision that it
    is of, what its channel made of it, and the licences that cover it.
    """

    scope = _READ
    parameters = (named_parameters.LISTING_STATE, named_parameters.CHANNEL, named_parameters.MARKET, *_PAGING)

    def get(self, _request: Any, name: str) -> Response:
        campaign = partners.known_campaign(self.merchant, named(name), at=self.at)
        if campaign is None:
            raise Problem("not_found")
        given = self.given
        list_name = f"listings of {campaign.public_id}"
        page = partners.own_listings(
            self.merchant,
            at=self.at,
            campaign=campaign,
            state=given["state"],
            channel=given["channel"],
            market=given["market"],
            after=read_cursor(list_name, given["cursor"], partners.OwnListingPosition),
            limit=given["limit"],
        )
        return self.with_link(Response(self.page(list_name, page, serializers.OwnListingSerializer)))


@documented("List invitations", page_of(serializers.InvitationSerializer), example="invitations", is_own=True)
class Invitations(OwnReadView):
    """The studio's campaigns that goods can be offered for now, oldest change first. A campaign of a film that the merchant has no
    licence for is not there.
    """

    scope = _READ
    parameters = (named_parameters.UPDATED_SINCE, *_PAGING)

    def get(self, _request: Any) -> Response:
        after = read_cursor("invitations", self.given["cursor"], Position)
        page = partners.invitations_page(
            self.merchant,
            updated_since=self.given["updated_since"],
            after=after,
            limit=self.given["limit"],
            at=self.at,
        )
        return self.with_link(Response(self.page("invitations", page, serializers.InvitationSerializer)))


@documented(
    "Get entries of an invitation", serializers.EntriesSerializer, example="entries", is_own=True, by_name="campaign"
)
@documented_change(
    "put",
    "Put entries of an invitation",
    serializers.EntriesSerializer,
    request=serializers.EntriesShape,
    example="entries",
    request_examples=(("application/json", "entries_document"),),
    by_name="campaign",
)
class Entries(OwnObject):
    """The merchant's goods for a campaign of the studio. PUT takes the whole list: what is new in it is offered, all of it or
    nothing, what is not in it is taken back. The studio accepts or declines; what is accepted is listed with the campaign's next
    revision.
    """

    http_method_names = ("get", "head", "put")
    scope = _READ
    write_scope = _WRITE
    #: What the studio and the clock move.
    moving = ("is_open", "entries")

    def find(self, name: str, *, is_locked: bool) -> Campaign:
        row = partners.invitation(self.merchant, named(name))
        if row is None:
            raise Problem("not_found")
        if is_locked:
            Campaign.objects.select_for_update(of=("self",)).get(pk=row.pk)
        return row

    def body(self, row: Campaign) -> Mapping[str, Any]:
        entries = partners.entry_rows(row, self.merchant)
        told = {
            "campaign": row.public_id,
            "is_open": is_open(row, self.at),
            "products": sorted(entry.product.public_id for entry in entries),
            "entries": entries,
        }
        return serializers.EntriesSerializer(told).data

    def put(self, _request: Any, name: str) -> Response:
        products = given_in(self, serializers.EntriesShape)["products"]
        try:
            return self.change(name, lambda row: inside(set_entries)(row, self.merchant, products, by=None, at=self.at))
        except Refused as refusal:
            if refusal.code != "entries_refused":
                raise
            problem = problem_of(refusal)
            problem.errors = [
                Fault(f"/products/{products.index(name)}", reasons[0], ", ".join(reasons))
                for name, reasons in refusal.facts["refused"].items()
            ]
            raise problem from None


def _own(view: OwnView, name: str, *, is_locked: bool = False) -> Campaign:
    row = partners.own_campaign(view.merchant, named(name))
    if row is not None and is_locked:
        Campaign.objects.select_for_update(of=("self",)).get(pk=row.pk)
        row = partners.own_campaign(view.merchant, named(name))
    if row is None:
        raise Problem("not_found")
    return row


def _told_at(view: OwnView, serializer: Any) -> Any:
    """The serializer with the instant that the answer speaks of."""
    return lambda rows, many: serializer(rows, many=many, context={"at": view.at})
