"""Which adapters there are."""

from campaigns.channels import google, storefront
from campaigns.channels.base import Adapter
from campaigns.models import Channel

ADAPTERS: dict[str, Adapter] = {"storefront": storefront, "google": google}


def adapter_of(channel: Channel) -> Adapter:
    return ADAPTERS[channel.adapter]
