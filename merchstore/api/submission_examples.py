"""Examples of articles on their way to approval for the OpenAPI document."""

from typing import Any

_LICENCE = {"id": "lic_8v6d3k1pz7nq2rwa", "number": "ML-2026-014"}
_EVIDENCE = {
    "id": "fil_4x9k2m7vq1z8c3tb",
    "kind": "artwork",
    "name": "corridor-pin.png",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size": 48213,
    "content_type": "image/png",
    "width": 1200,
    "height": 900,
    "created_at": "2026-11-22T12:00:00Z",
}
_COMMENT = {
    "id": "cmt_6z1v8k3xq9m2c7tb",
    "number": 1,
    "side": "merchant",
    "text": "The red is Pantone 186 C.",
    "file": "fil_4x9k2m7vq1z8c3tb",
    "x": 420,
    "y": 310,
    "created_at": "2026-11-22T13:00:00Z",
}
_BRIEF = {
    "id": "rnd_2m7x4k9vq8c1z3tb",
    "stage": "concept",
    "number": 1,
    "state": "submitted",
    "submitted_at": "2026-11-22T12:30:00Z",
    "time_left": {"due_at": "2026-12-04T16:00:00Z", "business_days": 9, "is_overdue": False},
    "decided_at": None,
}
_SPEC = {"description": "A pin of enamelled brass", "art": "Style guide p. 12"}
_ROUND = {
    **_BRIEF,
    "spec": _SPEC,
    "texts": {},
    "legal_line_en": "© 2000 the owners",
    "legal_line_zh": "",
    "factory": "",
    "files": [_EVIDENCE],
    "marked_files": [],
    "reasons": [],
    "remark": "",
    "required_changes": [],
    "comments": [_COMMENT],
}
_TRACK = {
    "track": "product",
    "begins_at": "concept",
    "stage": "concept",
    "final_at": None,
    "is_carried": False,
    "waits_for": "licensor",
    "round": _BRIEF,
}
_SUBMISSION = {
    "id": "ver_8k3x7q1vm5z2c9tb",
    "licence": _LICENCE,
    "sku": "IML-PIN-01",
    "version": 1,
    "state": "in_approval",
    "changes": [],
    "tracks": [_TRACK],
    "created_at": "2026-11-22T11:00:00Z",
}
_DETAIL = {**_SUBMISSION, "tracks": [{**_TRACK, "rounds": [_ROUND]}], "certificate": None}

EXAMPLES: dict[str, Any] = {
    "submissions": {"data": [_SUBMISSION], "next_cursor": None},
    "submission": _DETAIL,
    "withdrawn_submission": {
        **_DETAIL,
        "state": "withdrawn",
        "tracks": [{**_TRACK, "waits_for": None, "rounds": [_ROUND]}],
    },
    "new_submission": {"licence": "ML-2026-014", "sku": "IML-PIN-01"},
    "draft": {
        "id": "rnd_2m7x4k9vq8c1z3tb",
        "track": "product",
        "stage": "concept",
        "number": 1,
        "spec": _SPEC,
        "texts": {},
        "legal_line_en": "© 2000 the owners",
        "legal_line_zh": "",
        "factory": "",
        "files": [],
        "asked_changes": [],
        "missing": [{"code": "files.artwork", "sentence": "Artwork (1 file more)"}],
    },
    "draft_to_write": {"spec": _SPEC, "legal_line_en": "© 2000 the owners"},
    "evidence": _EVIDENCE,
    "submission_comment": _COMMENT,
    "comment_to_make": {
        "round": "rnd_2m7x4k9vq8c1z3tb",
        "text": "The red is Pantone 186 C.",
        "file": "fil_4x9k2m7vq1z8c3tb",
        "x": 420,
        "y": 310,
    },
}
