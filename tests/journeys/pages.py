"""Every page that a fan can see. The one list: what walks over all pages walks over this. A new page is one more line.

In an address, {order} and {pay} are the tokens of a paid order and of one that waits for its payment, {parcel} what came with
the first, {wishlist} that of a shared list, {film}, {product} (sized, reviewed), {sold_out}, {refused} (not to Canada), {maker}
and {campaign} those of the demo.
"""

from dataclasses import dataclass

GUEST, BUYER, MEMBER, HALFWAY = "guest", "buyer", "member", "halfway"


@dataclass(frozen=True, slots=True)
class Place:
    """A page: its name (also of its picture), what follows the market and language, who looks, what the server answers."""

    name: str
    rest: str
    who: str = GUEST
    status: int = 200
    market: str = "us"


PLACES = (
    Place("home", ""),
    Place("films", "films/"),
    Place("film", "films/{film}/"),
    Place("coming-soon", "coming-soon/"),
    Place("goods", "goods/"),
    Place("goods-filtered", "goods/?film={film}&sort=price"),
    Place("category", "goods/t-shirts/"),
    Place("search", "search/?q=ferry"),
    Place("search-nothing", "search/?q=zzzzzz"),
    Place("product", "goods/p/{product}/"),
    Place("product-sold-out", "goods/p/{sold_out}/"),
    Place("product-refused", "goods/p/{refused}/?country=CA", market="na"),
    Place("reviews", "goods/p/{product}/reviews/"),
    Place("also", "goods/p/{product}/also/"),
    Place("wish", "goods/p/{product}/wish/"),
    Place("wishlist", "wishlist/{wishlist}/"),
    Place("follow", "films/{film}/follow/"),
    Place("tell-me", "goods/p/{sold_out}/tell-me/"),
    Place("maker", "makers/{maker}/"),
    Place("campaign", "campaigns/{campaign}/"),
    Place("help", "help/"),
    Place("help-delivery", "help/delivery/"),
    Place("legal-terms", "legal/terms/"),
    Place("legal-privacy", "legal/privacy/"),
    Place("legal-withdrawal", "legal/withdrawal/"),
    Place("not-found", "films/nothing-of-that-name/", status=404),
    Place("basket-empty", "basket/"),
    Place("find-order", "orders/"),
    Place("sign-in", "sign-in/"),
    Place("sign-up", "sign-up/"),
    Place("forgotten", "sign-in/forgotten/"),
    Place("forgotten-sent", "sign-in/forgotten/sent/"),
    Place("forgotten-over", "sign-in/new-password/1-over/", status=404),
    Place("basket", "basket/", BUYER),
    Place("checkout", "checkout/", BUYER),
    Place("pay", "orders/{pay}/pay/", BUYER),
    Place("order", "orders/{order}/", BUYER),
    Place("order-waiting", "orders/{pay}/", BUYER),
    Place("order-cancel", "orders/{pay}/cancel/", BUYER),
    Place("order-return", "orders/{order}/return/{parcel}/", BUYER),
    Place("second-step", "sign-in/second-step/", HALFWAY),
    Place("account", "account/", MEMBER),
    Place("account-wishlist", "account/wishlist/", MEMBER),
    Place("account-alerts", "account/alerts/", MEMBER),
    Place("account-follows", "account/follows/", MEMBER),
    Place("account-reviews", "account/reviews/", MEMBER),
    Place("account-review", "account/reviews/{product}/", MEMBER),
    Place("account-addresses", "account/addresses/", MEMBER),
    Place("account-address", "account/addresses/new/", MEMBER),
    Place("account-security", "account/security/", MEMBER),
    Place("account-passkey", "account/security/passkeys/add/", MEMBER),
    Place("account-app", "account/security/app/", MEMBER),
    Place("account-password", "account/security/password/", MEMBER),
    Place("account-data", "account/data/", MEMBER),
    Place("account-delete", "account/data/delete/", MEMBER),
    Place("account-confirm", "account/confirm/", MEMBER),
)
