"""The storefront's addresses. Market and language come first, so an address shows the same page to everybody."""

from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import path, re_path

from merchstore.lazily import lazily
from merchstore.storefront import (
    account,
    addresses,
    alerts,
    also,
    basket,
    calendar,
    cashier,
    checkout,
    files,
    follows,
    legal,
    listing,
    members,
    notices,
    offline,
    orders,
    questions,
    reviews,
    sitemap,
    suggest,
    views,
    wishlist,
)

app_name = "storefront"

_IN = r"^(?P<market>[a-z0-9-]{1,8})/(?P<prefix>en|zh)/"
_ORDER = _IN + r"orders/(?P<token>ord_[0-9a-z]{1,20}\.[-\w]{1,80})/"


def _security(view: str) -> Callable[..., HttpResponseBase]:
    return lazily(f"merchstore.storefront.security.{view}")


urlpatterns = [
    path("", views.doorstep, name="doorstep"),
    path("robots.txt", files.robots, name="robots"),
    path("worker.js", offline.worker, name="worker"),
    re_path(r"^unconnected/(?P<prefix>en|zh)/$", offline.page, name="offline"),
    path("sitemap.xml", sitemap.sitemap_index, name="sitemap_index"),
    re_path(r"^media/(?P<name>[A-Za-z0-9_./-]{1,200})$", files.media, name="media"),
    re_path(
        r"^feeds/google/(?P<market>[a-z0-9-]{1,8})\.xml(?P<is_packed>\.gz)?$", files.google_feed, name="google_feed"
    ),
    re_path(r"^payments/(?P<provider>[a-z]{1,12})/notify$", notices.notify, name="notify"),
    re_path(r"^cashier/(?P<trade>sbx[0-9a-f]{24})/$", cashier.cashier, name="cashier"),
    re_path(_IN + r"$", views.home, name="home"),
    re_path(_IN + r"films/$", views.films, name="films"),
    re_path(_IN + r"films/(?P<slug>[-\w]{1,120})/$", views.film, name="film"),
    re_path(_IN + r"films/(?P<slug>[-\w]{1,120})/follow/$", follows.follow, name="follow"),
    re_path(_IN + r"follow/confirm/(?P<token>[-\w:.]{1,200})/$", follows.confirm, name="follow_confirm"),
    re_path(_IN + r"follow/stop/(?P<token>[-\w:.]{1,200})/$", follows.stop, name="follow_stop"),
    re_path(_IN + r"goods/$", listing.goods, name="goods"),
    re_path(_IN + r"goods/p/(?P<slug>[-\w]{1,160})/$", views.product, name="product"),
    re_path(_IN + r"goods/p/(?P<slug>[-\w]{1,160})/reviews/$", reviews.reviews, name="reviews"),
    re_path(_IN + r"goods/p/(?P<slug>[-\w]{1,160})/also/$", also.also, name="also"),
    re_path(_IN + r"goods/p/(?P<slug>[-\w]{1,160})/wish/$", wishlist.wish, name="wish"),
    re_path(_IN + r"wishlist/(?P<token>[0-9a-f]{32})/$", wishlist.shared, name="shared_wishlist"),
    re_path(_IN + r"wishes/stop/(?P<token>[-\w:.]{1,200})/$", wishlist.stop, name="wish_stop"),
    re_path(_IN + r"goods/p/(?P<slug>[-\w]{1,160})/tell-me/$", alerts.tell_me, name="tell_me"),
    re_path(_IN + r"goods/p/(?P<slug>[-\w]{1,160})/tell-me/done/$", alerts.told, name="told"),
    re_path(_IN + r"tell-me/stop/(?P<token>[-\w:.]{1,200})/$", alerts.stop, name="tell_me_stop"),
    re_path(_IN + r"goods/(?P<code>[-\w]{1,40})/$", listing.category, name="category"),
    re_path(_IN + r"makers/(?P<slug>[-\w]{1,80})/$", listing.maker, name="maker"),
    re_path(_IN + r"coming-soon/$", views.coming_soon, name="coming_soon"),
    re_path(_IN + r"search/$", listing.search, name="search"),
    re_path(_IN + r"suggest/$", suggest.suggest, name="suggest"),
    re_path(_IN + r"basket/$", basket.basket, name="basket"),
    re_path(_IN + r"basket/add/$", basket.add, name="basket_add"),
    re_path(_IN + r"basket/change/$", basket.change, name="basket_change"),
    re_path(_IN + r"checkout/$", checkout.checkout, name="checkout"),
    re_path(_IN + r"orders/$", orders.find, name="find_order"),
    re_path(_ORDER + r"$", orders.order, name="order"),
    re_path(_ORDER + r"pay/$", orders.pay, name="pay"),
    re_path(_ORDER + r"again/$", orders.again, name="again"),
    re_path(_ORDER + r"cancel/$", orders.cancel, name="cancel"),
    re_path(_ORDER + r"return/(?P<parcel>par_[0-9a-z]{1,20})/$", orders.send_back, name="send_back"),
    re_path(_ORDER + r"papers/(?P<document>doc_[0-9a-z]{1,20})\.pdf$", orders.paper, name="paper"),
    re_path(_IN + r"account/$", account.orders, name="account"),
    re_path(_IN + r"account/addresses/$", addresses.addresses, name="account_addresses"),
    re_path(_IN + r"account/addresses/new/$", addresses.new_address, name="account_new_address"),
    re_path(
        _IN + r"account/addresses/(?P<own_address>adr_[0-9a-z]{1,20})/$", addresses.address, name="account_address_of"
    ),
    re_path(_IN + r"account/confirm/$", _security("confirm"), name="account_confirm"),
    re_path(_IN + r"account/data/$", lazily("merchstore.storefront.own_data.data"), name="account_data"),
    re_path(_IN + r"account/data/export/$", lazily("merchstore.storefront.own_data.export"), name="account_export"),
    re_path(_IN + r"account/data/delete/$", lazily("merchstore.storefront.own_data.delete"), name="account_delete"),
    re_path(_IN + r"account/deleted/$", account.deleted, name="account_deleted"),
    re_path(_IN + r"account/follows/$", follows.own_follows, name="account_follows"),
    re_path(_IN + r"account/wishlist/$", wishlist.wishlist, name="account_wishlist"),
    re_path(_IN + r"account/alerts/$", wishlist.alerts, name="account_alerts"),
    re_path(_IN + r"account/reviews/$", reviews.own_reviews, name="account_reviews"),
    re_path(_IN + r"account/reviews/(?P<slug>[-\w]{1,160})/$", reviews.own_review, name="account_review"),
    re_path(_IN + r"account/security/$", _security("security"), name="account_security"),
    re_path(_IN + r"account/security/passkeys/add/$", _security("add_passkey"), name="account_add_passkey"),
    re_path(_IN + r"account/security/passkeys/(?P<passkey>[0-9]{1,9})/$", _security("passkey"), name="account_passkey"),
    re_path(_IN + r"account/security/app/$", _security("app"), name="account_app"),
    re_path(_IN + r"account/security/codes/$", _security("codes"), name="account_codes"),
    re_path(_IN + r"account/security/password/$", _security("password"), name="account_password"),
    re_path(_IN + r"sign-in/$", members.sign_in, name="sign_in"),
    re_path(_IN + r"sign-in/passkey/$", lazily("merchstore.storefront.passkeys.sign_in"), name="sign_in_passkey"),
    re_path(
        _IN + r"sign-in/second-step/$", lazily("merchstore.storefront.second_step.second_step"), name="second_step"
    ),
    re_path(_IN + r"sign-in/forgotten/$", lazily("merchstore.storefront.forgotten.forgotten"), name="forgotten"),
    re_path(_IN + r"sign-in/forgotten/sent/$", lazily("merchstore.storefront.forgotten.sent"), name="forgotten_sent"),
    re_path(
        _IN + r"sign-in/new-password/(?P<uidb36>[0-9A-Za-z]{1,20})-(?P<key>[-\w]{1,120})/$",
        lazily("merchstore.storefront.forgotten.new_password"),
        name="new_password",
    ),
    re_path(_IN + r"sign-up/$", members.sign_up, name="sign_up"),
    re_path(_IN + r"sign-out/$", members.sign_out, name="sign_out"),
    re_path(_IN + r"help/$", questions.index, name="help"),
    re_path(_IN + r"help/(?P<code>[a-z]{1,20})/$", questions.topic, name="help_topic"),
    re_path(_IN + r"legal/(?P<text>[a-z]{1,20})/$", legal.legal, name="legal"),
    re_path(_IN + r"campaigns/(?P<slug>[-\w]{1,80})/$", views.campaign, name="campaign"),
    re_path(_IN + r"campaigns/(?P<slug>[-\w]{1,80})/launch\.ics$", calendar.launch, name="launch_calendar"),
    re_path(
        _IN + r"films/(?P<slug>[-\w]{1,120})/opens-(?P<country>[A-Z]{2})\.ics$",
        calendar.release,
        name="release_calendar",
    ),
    re_path(
        _IN + r"share/(?P<kind>films|goods|campaigns)/(?P<slug>[-\w]{1,160})\.jpg$",
        lazily("merchstore.storefront.share.card"),
        name="share_card",
    ),
    re_path(_IN + r"hero/$", views.hero, name="hero"),
    re_path(_IN + r"film-colours\.css$", files.film_colours, name="film_colours"),
    re_path(_IN + r"sitemap\.xml$", sitemap.sitemap, name="sitemap"),
    re_path(_IN + r"sitemap-(?P<part>[0-9]{1,5})\.xml$", sitemap.sitemap, name="sitemap_part"),
]
