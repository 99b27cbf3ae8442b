"""A merchant's own pictures of a product: sent or named by their address, ordered, described, taken off."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.urls import reverse
from rest_framework.response import Response

from catalog.images import services
from catalog.images.look import LARGEST_FILE
from catalog.models import Image, Product
from catalog.queries import own_goods
from core.transactions import inside
from merchants.models import PartnerKey
from merchstore.api import goods_serializers as serializers
from merchstore.api.answers import named
from merchstore.api.goods_views import product_of
from merchstore.api.idempotency import answer_once, idempotency_key
from merchstore.api.json_bodies import json_body, read_shape, take_shape
from merchstore.api.problems import Problem
from merchstore.api.schema import documented, documented_change, documented_post
from merchstore.api.uploads import FORM, invalid
from merchstore.api.writing import OwnObject, given_in

Scope = PartnerKey.Scope
_JSON = "application/json"
_IMAGE = (("image", "The picture's id, as the list names it."),)
#: What the fields and boundaries of a form may add to its file.
_ROUND_THE_FILE = 100_000


@documented("List own images", serializers.OwnImagesSerializer, example="own_images", is_own=True, by_name="product")
@documented_post(
    "Add an own image",
    serializers.OwnImageSerializer,
    request={_JSON: serializers.ImageAddressShape, FORM: serializers.ImageFormSerializer},
    example="own_image_waiting",
    request_examples=((_JSON, "image_address"),),
    status=202,
    by_name="product",
)  # fmt: skip
class OwnImages(OwnObject):
    """The pictures of a product, in order. POST adds one: a JPEG, PNG, WebP, AVIF or GIF of 20 MB at most as the part `file` of a
    form, or JSON with the address that it is fetched from.

    A worker looks at it afterwards: it is `waiting` until then. The same picture twice is one.
    """

    http_method_names = ("get", "head", "post")
    scope, write_scope = Scope.PRODUCTS_READ, Scope.PRODUCTS_WRITE

    def find(self, name: str, *, is_locked: bool) -> Product:
        return product_of(self, name, is_locked=is_locked)

    def body(self, row: Product) -> Mapping[str, Any]:
        return serializers.OwnImagesSerializer({"data": row.images.all()}).data

    def post(self, request: Any, name: str) -> HttpResponse:
        idempotency_key(request)
        product = product_of(self, name)
        if request._request.content_type == FORM:
            content, fields = _form(request)
            told = hashlib.sha256(content).digest() + repr(sorted(fields.items())).encode("utf-8", "backslashreplace")
            return answer_once(request, self.merchant, told, lambda: self._sent(product, content, fields))
        body = json_body(request)
        return answer_once(request, self.merchant, body, lambda: self._named(product, body))

    def _sent(self, product: Product, content: bytes, fields: Mapping[str, str]) -> Response:
        given = take_shape(_as_plain(fields), serializers.ImageFieldsShape)
        return _accepted(product, services.add_image(product, content, by=None, at=self.at, **given))

    def _named(self, product: Product, body: bytes) -> Response:
        given = read_shape(body, serializers.ImageAddressShape)
        address = given.pop("url")
        return _accepted(product, services.add_image_from(product, address, by=None, at=self.at, **given))


@documented(
    "Get an own image",
    serializers.OwnImageSerializer,
    example="own_image",
    is_own=True,
    by_name="product",
    also_named=_IMAGE,
)
@documented_change(
    "patch",
    "Change an own image",
    serializers.OwnImageSerializer,
    request=serializers.ImageChangeShape,
    example="own_image",
    request_examples=((_JSON, "image_change"),),
    by_name="product",
    also_named=_IMAGE,
)
@documented_change("delete", "Delete an own image", None, by_name="product", also_named=_IMAGE)
class OwnImage(OwnObject):
    """One picture: PATCH changes what is said of it and where it stands, DELETE takes it off the product."""

    http_method_names = ("get", "head", "patch", "delete")
    scope, write_scope = Scope.PRODUCTS_READ, Scope.PRODUCTS_WRITE
    moving = ("state", "url", "refusal", "width", "height")

    def find(self, name: str, *, is_locked: bool) -> Image:
        product = product_of(self, name, is_locked=is_locked)
        image = own_goods.own_image(product, named(self.kwargs["image"]))
        if image is None:
            raise Problem("not_found")
        return image

    def body(self, row: Image) -> Mapping[str, Any]:
        return serializers.OwnImageSerializer(row).data

    def get(self, _request: Any, name: str, image: str) -> Response:  # type: ignore[override]
        return self.answer_object(self.find(name, is_locked=False))

    def patch(self, _request: Any, name: str, image: str) -> Response:
        given = given_in(self, serializers.ImageChangeShape, partial=True)
        return self.change(name, lambda row: inside(services.edit_image)(row, by=None, **given))

    def delete(self, _request: Any, name: str, image: str) -> Response:
        self.changed(name, lambda row: inside(services.remove_image)(row, by=None))
        return Response(status=204)


def _accepted(product: Product, image: Image) -> Response:
    address = reverse("api:own_image", kwargs={"name": product.public_id, "image": image.public_id})
    return Response(serializers.OwnImageSerializer(image).data, status=202, headers={"Location": address})


def _as_plain(fields: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a form as the JSON of the same thing would say them."""
    plain: dict[str, Any] = dict(fields)
    if "position" in plain and plain["position"].isascii() and plain["position"].isdigit():
        plain["position"] = int(plain["position"][:9])
    return plain


def _form(request: Any) -> tuple[bytes, dict[str, str]]:
    """The file of a form, and its fields. Raises `body_too_large` and `invalid_body`."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if announced.isdigit() and int(announced) > LARGEST_FILE + _ROUND_THE_FILE:
        raise Problem("body_too_large", f"A picture has {LARGEST_FILE // 1024 // 1024} MB at most.")
    try:
        fields, files = request._request.POST, request._request.FILES
    except (MultiPartParserError, UnreadablePostError, UnicodeError, ValueError):
        raise invalid("", "broken", "The body is no form, or broke off.") from None
    if len(files.getlist("file")) != 1 or len(files) != 1:
        raise invalid("/file", "required", "The form has one “file”.")
    if any(len(values) != 1 for _name, values in fields.lists()):
        raise invalid("", "duplicate", "A field of the form is there twice.")
    return files["file"].read(), fields.dict()
