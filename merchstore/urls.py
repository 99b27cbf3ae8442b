"""Addresses: the desk, the merchant panel, the API, and the storefront under /<market>/<language>/."""

from django.contrib import admin
from django.urls import include, path

from merchstore import desk, health
from merchstore.lazily import lazily

urlpatterns = [
    path("health/", health.health, name="health"),
    path("desk/login/", desk.sign_in),
    path("desk/style/", lazily("merchstore.storefront.style.style"), name="style"),
    path("desk/", admin.site.urls),
    path("panel/", include("merchstore.panel.account_urls")),
    path("panel/", include("merchstore.panel.urls")),
    path("api/v1/", include("merchstore.api.urls")),
    path("", include("merchstore.storefront.urls")),
]

handler400 = "merchstore.storefront.views.bad_request"
handler403 = "merchstore.storefront.views.forbidden"
handler404 = "merchstore.storefront.views.not_found"
handler500 = "merchstore.storefront.views.server_error"
#: What django-allauth answers whoever tries too often.
handler429 = "merchstore.panel.own_account.too_often"
