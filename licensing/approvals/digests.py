"""The digest of a round as it was submitted: what says later that it is still the same."""

import hashlib
import json
from collections.abc import Iterable

from licensing.models import Round, RoundFile


def round_digest(shown: Round, files: Iterable[RoundFile]) -> str:
    """SHA-256 of everything that is frozen, in one fixed spelling: the same evidence, the same digest."""
    said = {
        "stage": shown.stage,
        "spec": shown.spec,
        "texts": shown.texts,
        "legal_line": [shown.legal_line_en, shown.legal_line_zh],
        "factory": shown.factory,
        "files": sorted([file.kind, file.sha256] for file in files),
    }
    spelled = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(spelled.encode()).hexdigest()


def is_as_submitted(shown: Round) -> bool:
    """Whether what stands in the tables is what was submitted. One query; the files' bytes are compared when they are
    given out (licensing.approvals.files.opened)."""
    return shown.digest == round_digest(shown, shown.files.all())
