"""What schemathesis is told besides the schema (SCHEMATHESIS_HOOKS): forms of bodies it cannot write, and things that are there.

Made-up ids find nothing, so that most cases would end at the door: every second one is given an id of something.
"""

import json
import os
import zlib
from typing import Any

import schemathesis
from schemathesis.transport.requests import REQUESTS_TRANSPORT

_NAMES = json.loads(os.environ.get("MERCHSTORE_NAMES", "{}"))


@REQUESTS_TRANSPORT.serializer("application/x-ndjson", "application/jsonl", "text/tab-separated-values")
def as_text(_context: Any, value: Any) -> dict[str, Any]:
    text = value if isinstance(value, str | bytes) else json.dumps(value)
    return {"data": text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text}


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any]) -> dict[str, Any]:
    """The same case is given the same names each time."""
    known = _NAMES.get(context.operation.path, {})
    if known and path_parameters and zlib.crc32(repr(path_parameters).encode("utf-8", "surrogatepass")) % 2:
        return {**path_parameters, **{name: known[name] for name in path_parameters if name in known}}
    return path_parameters
