"""The desk's pages for pictures: which wait, which were refused and why; and the verb that adds one to a product."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, ReadOnlyInline, Verb, VerbForm
from catalog.images import services
from catalog.images.look import LARGEST_FILE
from catalog.models import Image, Product
from core.errors import Refused
from core.media import address_of

#: Pixels of a picture in a table.
THUMB = 60


class Shown:
    """Columns that a picture has wherever it stands."""

    @admin.display(description=_("Picture"))
    def shown(self, image: Image) -> str:
        if image.state != Image.State.READY or not image.file:
            return "–"
        height = round(THUMB * image.height / image.width) if image.width else THUMB
        return format_html(
            '<img src="{}" alt="{}" width="{}" height="{}">', address_of(image.file.name), image.alt_en, THUMB, height
        )

    @admin.display(description=_("Why it was refused"))
    def why(self, image: Image) -> str:
        return image.refusal_sentence or "–"


class ImageInline(Shown, ReadOnlyInline):
    model = Image
    related = ("product",)
    fields = readonly_fields = ("shown", "state", "why", "source", "width", "height", "alt_en", "alt_zh")
    show_change_link = True


@admin.register(Image)
class ImageAdmin(Shown, DeskAdmin):
    list_display = ("product", "position", "shown", "state", "why", "source", "attempts", "try_at")
    list_filter = ("state", "refusal")
    list_select_related = ("product",)
    search_fields = ("product__public_id__exact", "product__sku__exact", "product__slug__exact")
    search_help_text = _("A product's address, public id or code, written out.")
    sortable_by = ()
    fields = ("product", "position", "shown", "state", "why", "source", "attempts", "try_at", "file", "channel_file",
              "width", "height", "widths", "colour", "alt_en", "alt_zh", "digest")  # fmt: skip
    readonly_fields = ("shown", "why")
    verbs = (
        Verb(
            "retry",
            _("Try again"),
            _("It will be looked at again."),
            services.retry_image,
            lambda image, at: image.state == Image.State.REFUSED and bool(image.source),
            is_main=True,
        ),
        Verb(
            "remove",
            _("Remove picture"),
            _("The picture is removed."),
            lambda image, *, by, at: services.remove_image(image, by=by),
            lambda image, at: True,
            consequence=_(
                "Pages no longer show it. Its files are deleted within a day, unless another product shows the same."
            ),
            asks_first=True,
            is_dangerous=True,
        ),
    )


class PictureForm(VerbForm):
    """A file, or the address of one."""

    file = forms.FileField(
        label=_("File"), required=False, help_text=_("JPEG, PNG, WebP, AVIF or GIF, up to 20 MB, at least 200 pixels.")
    )
    source = forms.URLField(
        label=_("or its address"), required=False, max_length=1000, assume_scheme="https",
        help_text=_("It is fetched in the background."),
    )  # fmt: skip
    alt_en = forms.CharField(label=_("What it shows, in English"), required=False, max_length=200)
    alt_zh = forms.CharField(label=_("What it shows, in Chinese"), required=False, max_length=200)

    def clean_file(self) -> UploadedFile | None:
        file: UploadedFile | None = self.cleaned_data["file"]
        if file is not None and (file.size or 0) > LARGEST_FILE:
            raise forms.ValidationError(Refused("picture_file_too_large").sentence)
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and bool(cleaned.get("file")) == bool(cleaned.get("source")):
            raise forms.ValidationError(_("Give a file or an address."))
        return cleaned


def _add(product: Product, *, by: Any, at: datetime, file: UploadedFile | None, source: str, **alt: str) -> None:
    if file is not None:
        services.add_image(product, file.read(), by=by, at=at, **alt)
    else:
        services.add_image_from(product, source, by=by, at=at, **alt)


ADD_PICTURE = Verb(
    "add-picture",
    _("Add a picture"),
    _("The picture is looked at in the background. Its state is below."),
    _add,
    lambda _product, _at: True,
    form=PictureForm,
)
