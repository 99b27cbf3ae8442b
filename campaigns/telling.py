"""What merchants' programs are told of a campaign that covers goods of theirs."""

from collections.abc import Sequence
from datetime import datetime

from campaigns.models import Campaign
from catalog.models import Product
from merchants.events import emit_many


def tell_programs(campaign: Campaign, kind: str, *, at: datetime, promotion_ids: Sequence[int]) -> None:
    """Write down that `kind` happened, for each merchant with goods in these promotions. Two statements."""
    covered = Product.objects.filter(offers__promotion__in=promotion_ids)
    merchants = covered.order_by("merchant").values_list("merchant", flat=True).distinct()
    emit_many(list(merchants), kind, campaign, at=at, campaign=campaign.slug)
