"""Papers of a licence, with the day on which they run out."""

import hashlib
from datetime import date, datetime

from django.core.files.base import ContentFile, File
from django.db import transaction

from accounts.models import User
from accounts.services import record
from core.clock import plausible
from core.errors import Refused
from core.ids import new_public_id
from licensing.locks import facts_changed
from licensing.models import Licence, LicenceDocument

#: A scanned agreement of a hundred pages has about that.
MOST_BYTES = 20 * 1024 * 1024


@transaction.atomic(durable=True)
def add_document(
    licence: Licence,
    *,
    kind: str,
    title: str,
    by: User | None,
    at: datetime,
    expires_on: date | None = None,
    is_required: bool = False,
    file: File | None = None,
    replaces: LicenceDocument | None = None,
) -> LicenceDocument:
    """File a paper, with or without the file itself. `replaces`: the one whose successor it is; that one stays on file and is
    no longer required. Refuses `unknown_document_kind`, `evidence_too_large`, and `already_done` for one replaced before.

    Kept under a random name beside the SHA-256 of its bytes; no address leads there.
    """
    if kind not in LicenceDocument.Kind.values:
        raise Refused("unknown_document_kind", kind=kind)
    if expires_on is not None:
        plausible(expires_on)
    # Ended licences too: papers of their time turn up later.
    locked = Licence.objects.select_for_update(no_key=True).get(pk=licence.pk)
    if replaces is not None:
        _retire(locked, replaces, at)
    document = LicenceDocument(
        licence=locked, kind=kind, title=title.strip(), expires_on=expires_on, is_required=is_required
    )
    if file is not None:
        _keep(document, file)
    document.save()
    facts_changed(locked)
    record(
        "licence.document_added", locked, by=by, title=document.title, kind=kind, sha256=document.sha256,
        expires_on=expires_on and expires_on.isoformat(), is_required=is_required,
        replaces=replaces.title if replaces else None,
    )  # fmt: skip
    return document


@transaction.atomic(durable=True)
def retire_document(document: LicenceDocument, *, by: User | None, at: datetime) -> None:
    """It stays on file; nothing depends on it any more, and nobody is reminded of its end. Refuses `already_done`."""
    locked = Licence.objects.select_for_update(no_key=True).get(pk=document.licence_id)
    _retire(locked, document, at)
    facts_changed(locked)
    record("licence.document_retired", locked, by=by, title=document.title)


def _retire(licence: Licence, document: LicenceDocument, at: datetime) -> None:
    standing = LicenceDocument.objects.filter(pk=document.pk, licence=licence, retired_at=None)
    if not standing.update(retired_at=at, is_required=False):
        raise Refused("already_done")


def _keep(document: LicenceDocument, file: File) -> None:
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Refused("evidence_too_large", most=MOST_BYTES // 1024 // 1024)
    document.sha256 = hashlib.sha256(content).hexdigest()
    document.file.save(new_public_id("doc"), ContentFile(content), save=False)
