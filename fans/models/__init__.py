"""What a fan keeps with the shop, and says in it."""

from fans.models.addresses import Address
from fans.models.follows import Follow, News
from fans.models.reviews import Review
from fans.models.wishes import Wish, Wishlist

__all__ = ["Address", "Follow", "News", "Review", "Wish", "Wishlist"]
