"""Files that a merchant hands in for the checklist: PDF, JPEG or PNG by their bytes, kept privately under a random name."""

import io
import re
import secrets
import unicodedata
import warnings

from django.core.files.base import ContentFile
from PIL import Image as Pillow

from core.errors import Refused
from core.media import private_storage
from core.pictures import Unfit, kind_of

FOLDER = "papers"
LARGEST = 10 * 1024 * 1024
PDF = "application/pdf"
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}


def type_of(content: bytes) -> str:
    """Refuses `paper_too_large`, and `paper_unknown_type` for whatever is no PDF, JPEG or PNG, whatever its name says."""
    if len(content) > LARGEST:
        raise Refused("paper_too_large", most=LARGEST >> 20)
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]:
        return PDF
    try:
        kind = kind_of(content)
    except Unfit:
        raise Refused("paper_unknown_type") from None
    if kind not in _TYPES or not _is_picture(content, kind):
        raise Refused("paper_unknown_type")
    return _TYPES[kind]


def keep(content: bytes) -> str:
    """The stored name: random, so that nobody's name can be read from it."""
    return private_storage().save(f"{FOLDER}/{secrets.token_hex(16)}", ContentFile(content))


def plain_name(name: str) -> str:
    """A file's name without folders and control characters, 120 characters at most."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    return "".join(sign for sign in name if unicodedata.category(sign)[0] != "C").strip(" .")[-120:] or "file"


def _is_picture(content: bytes, kind: str) -> bool:
    """As its head says; nothing is unfolded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(io.BytesIO(content), formats=[kind]) as picture:
                picture.verify()
    except Exception:  # noqa: BLE001 each of Pillow's readers says in its own way that a file is broken
        return False
    return True
