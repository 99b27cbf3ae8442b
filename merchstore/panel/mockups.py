"""How flat art would look on goods: a merchant's picture on drawn goods, to look at before anything is made. Nothing is kept.

What draws is heavy, so this module is loaded when somebody first asks (urls.py).
"""

import base64
import io
from functools import partial
from typing import Any, NamedTuple

from django import forms
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from PIL import Image as Pillow

from artwork.mockups import CLOTH, MOCKUPS, mockup
from artwork.products.parts import NIGHT
from catalog.images.look import Unfit
from catalog.images.workshop import Workshop
from catalog.models import Image, Product
from core.errors import Refused
from merchstore.limits import is_too_often
from merchstore.panel.product import LARGEST_PICTURE, product_of
from merchstore.panel.visit import CATALOGUE, PanelVisit, page, show

#: So often a merchant may have its art drawn in a minute: it is seven drawings each time.
MOST, MINUTE = 12, 60
#: Pixels of the longer side of what is printed.
_LARGE = 900
_WORDS = {
    "tee": gettext_lazy("T-shirt"),
    "tote": gettext_lazy("Tote bag"),
    "mug": gettext_lazy("Mug"),
    "pin": gettext_lazy("Pin"),
    "print": gettext_lazy("Framed print"),
    "vinyl": gettext_lazy("Record sleeve"),
    "box": gettext_lazy("Box"),
}


class _Art(NamedTuple):
    content: bytes
    size: tuple[int, int]


class _Form(forms.Form):
    """A picture of the product or a new one, and what it is printed on."""

    def __init__(self, data: Any, files: Any, product: Product, language: str) -> None:
        super().__init__(data, files, auto_id="mockup-%s")
        usable = [row for row in product.images.all() if row.state == Image.State.READY and _name(row)]
        self.images = {row.public_id: row for row in usable}
        places = {row.pk: place for place, row in enumerate(product.images.all(), 1)}
        own = [(name, _("Picture %(place)s") % {"place": places[row.pk]}) for name, row in self.images.items()]
        self.fields["image"] = forms.ChoiceField(
            label=_("A picture of this product"), choices=[("", _("A new one")), *own], required=False
        )
        self.fields["file"] = forms.FileField(
            label=_("Or a new picture (JPEG, PNG, WebP or AVIF)"), required=False, help_text=_("It is not kept.")
        )
        film = product.film
        grounds = {CLOTH: _("Natural"), NIGHT: _("Night"), film.ground: film.title_in(language)}
        self.fields["ground"] = forms.ChoiceField(label=_("Printed on"), choices=list(grounds.items()))

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if not told.get("image") and not told.get("file") and not self.errors:
            self.add_error("file", _("Choose a picture."))
        return told


@require_http_methods(["GET", "HEAD", "POST"])
@partial(page, roles=CATALOGUE)
def mockups(request: HttpRequest, visit: PanelVisit, product: str) -> HttpResponse:
    """The form; sent, the art on every kind of goods."""
    found = product_of(visit, product)
    is_sent = request.method == "POST"
    form = _Form(*((request.POST, request.FILES) if is_sent else (None, None)), found, visit.language)
    seen: list[dict[str, str]] = []
    if is_sent and form.is_valid() and _is_too_often(visit):
        form.add_error(None, _("That was too often. Try again later."))
    elif is_sent and form.is_valid():
        try:
            seen = _drawn(_art(form), form.cleaned_data["ground"])
        except Refused as refusal:
            form.add_error("file" if form.cleaned_data.get("file") else "image", refusal.sentence)
    context = {
        "title": _("Mock-ups"),
        "section": "products",
        "product": found,
        "back": visit.address("product", product),
        "name": found.title_in(visit.language),
        "form": form,
        "mockups": seen,
    }
    return show(request, visit, "mockups", context, status=422 if is_sent and form.errors else 200)


def _is_too_often(visit: PanelVisit) -> bool:
    return is_too_often("mockup", str(visit.merchant.pk), most=MOST, seconds=MINUTE, at=timezone.now())


def _art(form: _Form) -> _Art:
    """What is to be printed, decoded and encoded again. A file is unfolded in a process of its own, as every stranger's."""
    file = form.cleaned_data.get("file")
    if file is None:
        with default_storage.open(_name(form.images[form.cleaned_data["image"]])) as stored:
            return _plain(stored.read())
    if file.size > LARGEST_PICTURE:
        raise Refused("file_too_large", most=LARGEST_PICTURE // 1024 // 1024)
    try:
        with Workshop() as workshop:
            rendered = workshop.render(file.read())
    except Unfit as unfit:
        raise Refused(unfit.code) from unfit
    return _plain(rendered.files[f"{max(rendered.widths)}.webp"])


def _name(image: Image) -> str:
    """The stored file to print: with its transparency where there is one. "" for vector art that has no other form."""
    name = str((image.channel_file or image.file).name)
    if name.endswith(".jpg") and default_storage.exists(webp := f"{name.removesuffix('.jpg')}.webp"):
        return webp
    return "" if name.endswith(".svg") else name


def _plain(content: bytes) -> _Art:
    """As PNG, no larger than it is printed. The bytes are ours: this shop has encoded them."""
    with Pillow.open(io.BytesIO(content)) as picture:
        picture.thumbnail((_LARGE, _LARGE))
        out = io.BytesIO()
        picture.convert("RGBA").save(out, "PNG")
        return _Art(out.getvalue(), picture.size)


def _drawn(art: _Art, ground: str) -> list[dict[str, str]]:
    return [
        {
            "words": str(_WORDS[kind]),
            "address": _address(mockup(kind, art.content, "image/png", art.size, ground=ground)),
        }
        for kind in MOCKUPS
    ]


def _address(png: bytes) -> str:
    """The picture itself as an address, since nothing of it is kept."""
    out = io.BytesIO()
    with Pillow.open(io.BytesIO(png)) as picture:
        picture.save(out, "WEBP", quality=82)
    return f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode()}"
