"""The worker's side of the process that unfolds and fetches pictures (catalog/images/child.py)."""

import json
import logging
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Self, cast

from catalog.images.fetch import Later
from catalog.images.look import Unfit
from catalog.images.render import Rendered
from core.outbound import INTERNET, Network

logger = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[2]
#: What a child inherits: where it finds programs and the certificates of others. No secret, no proxy.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "LANG")


class Workshop:
    """A running child. Use it as a context manager, one job at a time."""

    def __enter__(self) -> Self:
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "catalog.images.child"],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._jobs = cast(IO[bytes], self._process.stdin)
        self._answers = cast(IO[bytes], self._process.stdout)
        #: What the last job cost: seconds of processor time, and memory at its peak in kB.
        self.seconds, self.peak = 0.0, 0
        return self

    def __exit__(self, *_exception: object) -> None:
        # At the end of its input the child ends, after the job it may be at, which has its own time limit.
        self._process.kill()
        self._process.communicate()

    def render(self, content: bytes) -> Rendered:
        """Every rendition of a picture. Refuses (Unfit) what cannot be used: nothing about it will change."""
        facts, payload = self._ask({"verb": "render"}, content)
        if "ended" in facts:
            # SIGPROF: it took its time. SIGKILL: it hung, or the machine was out of memory. Else a decoder crashed.
            is_heavy = facts["ended"] in ("SIGPROF", "SIGKILL")
            raise Unfit("picture_too_heavy" if is_heavy else "picture_broken")
        files, at = {}, 0
        for name, size in facts["files"].items():
            files[name] = payload[at : at + size]
            at += size
        return Rendered(facts["width"], facts["height"], facts["widths"], facts["colour"], files)

    def fetch(self, address: str, *, agent: str, network: Network = INTERNET) -> bytes:
        """What is at an address. Refuses (Unfit) what will not become better, and says Later of what may."""
        facts, payload = self._ask(
            {"verb": "fetch", "address": address, "agent": agent, "network": asdict(network)}, b""
        )
        if "ended" in facts:
            raise Later("address_unanswered")
        return payload

    def _ask(self, job: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
        self._jobs.write(json.dumps({**job, "size": len(content)}).encode() + b"\n" + content)
        self._jobs.flush()
        line = self._answers.readline()
        if not line:
            raise BrokenPipeError("the process that reads pictures has ended")
        facts = json.loads(line)
        payload = self._answers.read(facts["size"])
        self.seconds, self.peak = facts["seconds"], facts["peak"]
        if "error" in facts:  # what the decoder said, or a fault of ours: both come as a broken picture
            logger.info("image.broken", extra={"error": facts["error"]})
        if "refused" in facts:
            raise Unfit(facts["refused"])
        if "later" in facts:
            raise Later(facts["later"], facts["wait"])
        return facts, payload
