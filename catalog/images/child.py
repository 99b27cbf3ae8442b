"""`python -m catalog.images.child`: what touches strangers' bytes and servers, away from the worker.

Reads jobs from standard input and answers on standard output: a line of JSON with the `size` of the bytes that follow it.
Each job is done in a fork of this process, which the kernel ends when it takes too much: a decoder that crashes, hangs or
was taken over ends with it, and knows no secret, since the environment is empty. The fork costs 3 ms where a new
interpreter costs 150. No Django here.
"""

import contextlib
import io
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO

from PIL import Image as Pillow

from catalog.images.fetch import Later, fetch
from catalog.images.look import Unfit
from catalog.images.render import ENCODINGS, encode, render
from core.outbound import Network

#: Address space of a job. What it may touch is less: the interpreter and its libraries reserve 60 MB that they do not use.
MEMORY = 224 * 1024 * 1024
#: Seconds of processor time: until a picture is unfolded, and for making renditions of it.
UNFOLDING, ENCODING = 0.9, 20.0
#: Seconds on the clock, whatever a job waits for.
LONGEST = {"render": 40.0, "fetch": 30.0}
_MOST_ANSWERED = 64 * 1024 * 1024

#: A job's answer: facts, and bytes one after the other.
Answer = tuple[dict[str, Any], bytes]


def serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    """One job after the other, until there are no more."""
    warm_up()
    while line := jobs.readline():
        job = json.loads(line)
        content = jobs.read(job["size"])
        facts, payload = in_fork(partial(_do, job, content), LONGEST[job["verb"]])
        answers.write(json.dumps({**facts, "size": len(payload)}).encode() + b"\n" + payload)
        answers.flush()


def warm_up() -> None:
    """Load every decoder and encoder: a fork must not open files. Fails where Pillow was built without one."""
    for ending in ENCODINGS:
        with Pillow.open(io.BytesIO(encode(Pillow.new("RGB", (8, 8)), ending))) as picture:
            picture.load()
    Pillow.preinit()


def in_fork(job: Callable[[], Answer], longest: float) -> Answer:
    """The answer of `job`, done in a fork; `{"ended": "signal"}` when it was ended, by the kernel or by the clock.

    With every answer come the `seconds` of processor time and the `peak` of memory, in kB.
    """
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(source)
        with os.fdopen(sink, "wb") as answers:
            _answer(job, answers)
        os._exit(0)
    os.close(sink)
    with os.fdopen(source, "rb", buffering=0) as pipe:
        answer = _read(pipe, time.monotonic() + longest)
    if answer is None:
        os.kill(pid, signal.SIGKILL)
    _pid, status, used = os.wait4(pid, 0)
    cost = {"seconds": round(used.ru_utime + used.ru_stime, 3), "peak": used.ru_maxrss}
    if answer is None or status != 0 or b"\n" not in answer:
        name = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "exit"
        return {"ended": name, **cost}, b""
    line, _newline, payload = answer.partition(b"\n")
    return {**json.loads(line), **cost}, payload


def _read(pipe: io.RawIOBase, deadline: float) -> bytes | None:
    """All that is written to the pipe, or None when it is too late or too much."""
    pieces: list[bytes] = []
    size = 0
    while (left := deadline - time.monotonic()) > 0 and size < _MOST_ANSWERED:
        if not select.select([pipe], [], [], left)[0]:
            continue
        piece = pipe.read(1 << 20)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        size += len(piece)
    return None


def _answer(job: Callable[[], Answer], answers: BinaryIO) -> None:
    """In the fork: do the job, say what came of it."""
    payload = b""
    try:
        facts, payload = job()
    except Unfit as refusal:
        facts = {"refused": refusal.code}
    except Later as later:
        facts = {"later": later.code, "wait": later.wait}
    except MemoryError:
        facts = {"refused": "picture_too_heavy"}
    except Exception as error:  # noqa: BLE001 the outermost loop; decoders say "broken" in a dozen ways
        facts = {"refused": "picture_broken", "error": f"{type(error).__name__}: {error}"[:200]}
    with contextlib.suppress(BrokenPipeError):
        answers.write(json.dumps(facts).encode() + b"\n" + payload)
        answers.flush()


def _do(job: dict[str, Any], content: bytes) -> Answer:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if job["verb"] == "fetch":
        return {}, fetch(job["address"], agent=job["agent"], network=Network(**job["network"]))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # No file and no connection can be opened any more, by whatever a picture made the decoder do.
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    signal.setitimer(signal.ITIMER_PROF, UNFOLDING)
    rendered = render(content, when_unfolded=lambda: _rearm(ENCODING))
    facts = {
        "width": rendered.width,
        "height": rendered.height,
        "widths": rendered.widths,
        "colour": rendered.colour,
        "files": {name: len(file) for name, file in rendered.files.items()},
    }
    return facts, b"".join(rendered.files.values())


def _rearm(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, seconds)


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
