"""Files as evidence: what they are by their bytes, kept as they came, and given out only while they still are that."""

import hashlib
import io
import re
import secrets
import unicodedata
import warnings
from dataclasses import dataclass
from typing import BinaryIO

from django.core.files.base import ContentFile
from PIL import Image as Pillow

from core.errors import Refused
from core.media import private_storage
from core.pictures import LARGEST_FILE, LONGEST_SIDE, Unfit, claimed_size, kind_of
from licensing.models.approvals import StoredFile

FOLDER = "approvals"
LARGEST = LARGEST_FILE
#: A browser unfolds this much without trouble; larger artwork is downloaded.
MOST_PIXELS_SHOWN = 50_000_000
PDF = "application/pdf"
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp", "AVIF": "image/avif"}
#: What a piece of evidence can be.
TYPES = (*_TYPES.values(), PDF)
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Looked:
    """What the bytes are. A size stands for a picture that may be shown on a page."""

    content_type: str
    width: int | None = None
    height: int | None = None


def look_at(content: bytes) -> Looked:
    """Refuses what is too large, and whatever is neither a picture nor a PDF, whatever its name says. Nothing is unfolded."""
    if len(content) > LARGEST:
        raise Refused("evidence_too_large", most=LARGEST >> 20)
    if content.startswith(b"%PDF-"):
        return Looked(PDF)
    try:
        kind = kind_of(content)
    except Unfit:
        raise Refused("evidence_unknown_type") from None
    width, height = _size(content, kind)
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS_SHOWN:
        return Looked(_TYPES[kind])
    return Looked(_TYPES[kind], width, height)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def keep(content: bytes) -> str:
    """The stored name: random, so that neither merchant nor article can be read from it."""
    return private_storage().save(f"{FOLDER}/{secrets.token_hex(16)}", ContentFile(content))


def opened(stored: StoredFile) -> BinaryIO:
    """The file's bytes, read once to see that they are those that were handed in. Refuses `evidence_damaged`."""
    try:
        file: BinaryIO = stored.file.storage.open(str(stored.file.name), "rb")  # type: ignore[assignment]
    except FileNotFoundError:
        raise Refused("evidence_damaged", name=stored.name) from None
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    if digest.hexdigest() != stored.sha256:
        file.close()
        raise Refused("evidence_damaged", name=stored.name)
    file.seek(0)
    return file


def plain_name(name: str) -> str:
    """A file's name without folders, control characters and look-alikes of direction, 120 characters at most."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    name = "".join(sign for sign in name if unicodedata.category(sign)[0] != "C").strip(" .")
    stem, dot, ending = name.rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[: 119 - len(ending)]}.{ending}" if stem else ending
    return name[:120] or "file"


def _size(content: bytes, kind: str) -> tuple[int, int]:
    """As the file's head says. Refuses `evidence_broken` for one that Pillow does not take for a picture."""
    if kind == "WEBP" and (claimed := claimed_size(content)):
        width, height = claimed
        if width * height > MOST_PIXELS_SHOWN:
            return claimed
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(io.BytesIO(content), formats=[kind]) as picture:
                width, height = picture.size
                picture.verify()
    except Pillow.DecompressionBombError:
        return LONGEST_SIDE + 1, LONGEST_SIDE + 1
    except Exception:  # noqa: BLE001 each of Pillow's readers says in its own way that a file is broken
        raise Refused("evidence_broken") from None
    return width, height
