"""Files that programs send: written to a temporary file and hashed as they come, never whole in memory."""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError

from merchstore.api.problems import Fault, Problem

#: The type of a body that is the file itself, and what the file is called when nobody says it.
RAW_TYPES = {
    "text/csv": "products.csv",
    "text/tab-separated-values": "products.tsv",
    "application/x-ndjson": "products.jsonl",
    "application/jsonl": "products.jsonl",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "products.xlsx",
    "application/octet-stream": "products",
}
FORM = "multipart/form-data"
_PIECE = 1 << 16
#: What the fields and boundaries of a form may add to its file.
_ROUND_THE_FILE = 1_000_000


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on disk. `digest` stands for everything the body said, however it was divided into parts."""

    file: UploadedFile
    digest: bytes
    mapping: dict[str, Any] | None = None


def read_upload(request: Any, *, most_bytes: int) -> Upload:
    """The body's file. Raises `unsupported_media_type`, `body_too_large`, and `invalid_body` for what is empty or broken."""
    content_type = request._request.content_type
    if content_type != FORM and content_type not in RAW_TYPES:
        raise Problem("unsupported_media_type", f"Send one of {', '.join(RAW_TYPES)}, or {FORM}.")
    if request.META.get("HTTP_CONTENT_ENCODING", "identity") not in ("", "identity"):
        raise Problem("unsupported_media_type", "Send the body as it is, without a Content-Encoding.")
    upload = _of_form(request, most_bytes) if content_type == FORM else _of_body(request, content_type, most_bytes)
    if not upload.file.size:
        upload.file.close()
        raise invalid("", "empty", "There is no file in the body, or nothing in the file.")
    return upload


@dataclass(frozen=True, slots=True)
class Form:
    """A form with one file that is small enough to be held. `digest` stands for everything it said."""

    content: bytes
    name: str
    fields: dict[str, str]
    digest: bytes


def read_form(request: Any, *, most_bytes: int) -> Form:
    """The form's `file` and its fields. Raises `unsupported_media_type`, `body_too_large`, and `invalid_body`."""
    if request._request.content_type != FORM:
        raise Problem("unsupported_media_type", f"Send {FORM}.")
    if _announced(request) > most_bytes + _ROUND_THE_FILE:
        raise _too_large(most_bytes)
    try:
        fields, files = request._request.POST, request._request.FILES
    except (MultiPartParserError, UnreadablePostError, UnicodeError, ValueError):
        raise invalid("", "broken", "The body is no form, or broke off.") from None
    if len(files.getlist("file")) != 1 or len(files) != 1 or "file" in fields:
        raise invalid("/file", "required", "The form has one “file”.")
    if any(len(values) != 1 for _name, values in fields.lists()):
        raise invalid("", "duplicate", "A field of the form is there twice.")
    if files["file"].size > most_bytes:
        raise _too_large(most_bytes)
    content, name, said = files["file"].read(), str(files["file"].name), fields.dict()
    told = hashlib.sha256(repr((name, sorted(said.items()))).encode("utf-8", "backslashreplace"))
    told.update(content)
    return Form(content, name, {key: str(value) for key, value in said.items()}, told.digest())


def invalid(pointer: str, code: str, detail: str) -> Problem:
    return Problem("invalid_body", detail, errors=[Fault(pointer, code, detail)])


def _of_body(request: Any, content_type: str, most_bytes: int) -> Upload:
    announced = _announced(request)
    if announced > most_bytes:
        raise _too_large(most_bytes)
    file = TemporaryUploadedFile(RAW_TYPES[content_type], content_type, 0, None)
    digest, size = hashlib.sha256(), 0
    try:
        while piece := request._request.read(_PIECE):
            size += len(piece)
            if size > most_bytes:
                raise _too_large(most_bytes)
            digest.update(piece)
            file.write(piece)
        if size < announced:
            raise invalid("", "broken", "The body broke off.")
    except UnreadablePostError:
        file.close()
        raise invalid("", "broken", "The body broke off.") from None
    except Problem:
        file.close()
        raise
    file.flush()
    file.seek(0)
    file.size = size
    return Upload(file, digest.digest())


def _of_form(request: Any, most_bytes: int) -> Upload:
    if _announced(request) > most_bytes + _ROUND_THE_FILE:
        raise _too_large(most_bytes)
    try:
        fields, files = request._request.POST, request._request.FILES
    except (MultiPartParserError, UnreadablePostError, UnicodeError, ValueError):
        raise invalid("", "broken", "The body is no form, or broke off.") from None
    if unknown := sorted({*fields, *files} - {"file", "mapping"}):
        raise invalid("", "unknown", f"The form has “file” and “mapping”, not “{unknown[0][:40]}”.")
    if len(files.getlist("file")) != 1 or "mapping" in files or len(fields.getlist("mapping")) > 1 or "file" in fields:
        raise invalid("/file", "required", "The form has one “file”, and “mapping” as a field once at most.")
    file, mapping = files["file"], fields.get("mapping", "")
    if file.size > most_bytes:
        raise _too_large(most_bytes)
    digest = hashlib.sha256(f"{len(mapping)}:{mapping}:{file.name}\0".encode("utf-8", "surrogateescape"))
    for piece in file.chunks(_PIECE):
        digest.update(piece)
    file.seek(0)
    return Upload(file, digest.digest(), _mapping(mapping) if mapping.strip() else None)


def _mapping(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text, parse_constant=_no_number)
        text.encode()
        # A character that JSON can escape and no database keeps.
        if isinstance(found, dict) and "\\u0000" not in text and "\\ud" not in text.lower():
            return found
    except (ValueError, RecursionError):
        pass
    raise invalid("/mapping", "invalid", "The mapping is a JSON object, as docs/importing.md describes it.")


def _no_number(name: str) -> None:
    raise ValueError(name)


def _announced(request: Any) -> int:
    with suppress(ValueError):
        return int(request.META.get("CONTENT_LENGTH") or 0)
    return 0


def _too_large(most_bytes: int) -> Problem:
    return Problem("body_too_large", f"A file has {most_bytes // 1_000_000} MB at most.")
