"""Make `.venv` and install the locked dependencies in it, when they are not there yet.

    python3 -m scripts.bootstrap          what the site needs
    python3 -m scripts.bootstrap --dev    and what checks and tests need

uv is used when it is there, else pip; both install from the same hashed file. A stamp inside `.venv` holds the digest
of what was installed, so the second call costs milliseconds.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.steps import BIN, ROOT, VENV, Failed, plain_environment, run_step, say

PYTHON = BIN / "python"
STAMP = VENV / "installed.json"
RUNTIME = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"
HOW_TO_GET_PIP = (
    "this Python cannot make a virtual environment: install uv (https://docs.astral.sh/uv/), "
    "or on Debian and Ubuntu `apt install python3-venv`"
)


def main(arguments: list[str]) -> int:
    try:
        ensure(dev="--dev" in arguments)
    except Failed as failure:
        say(f"✗ {failure}")
        return 1
    return 0


def ensure(*, dev: bool) -> None:
    """Leave `.venv` holding exactly what the lock says; do nothing when it already does."""
    if sys.version_info < (3, 11):
        raise Failed(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: make PYTHON=python3.12 …")
    if not _venv_works():
        _make_venv()
    lock = DEVELOPMENT if dev else RUNTIME
    installed = _installed()
    if installed.get(lock) == digest(lock):
        return
    _install(lock)
    # The development lock is made under the constraints of the other one and contains it.
    for name in {lock, RUNTIME}:
        installed[name] = digest(name)
    STAMP.write_text(json.dumps(installed, indent=2))


def digest(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def _installed() -> dict[str, str]:
    return json.loads(STAMP.read_text()) if STAMP.exists() else {}


def _venv_works() -> bool:
    """False also for an environment whose Python was removed or upgraded away since."""
    if not PYTHON.exists():
        return False
    probe = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([PYTHON, "-c", probe], capture_output=True).returncode == 0


def _uv() -> str | None:
    """uv's path when it really runs: a version manager's shim may stand on PATH without a uv behind it."""
    uv = shutil.which("uv")
    if uv and subprocess.run([uv, "--version"], capture_output=True).returncode == 0:
        return uv
    return None


def _make_venv() -> None:
    version = ".".join(map(str, sys.version_info[:3]))
    name = f"making .venv with Python {version}"
    if uv := _uv():
        run_step(name, [uv, "venv", "--clear", "--quiet", "--python", sys.executable, VENV])
        return
    answer = subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True)
    if answer.returncode == 0:
        run_step(name, [sys.executable, "-m", "venv", "--clear", VENV])
        return
    # Debian splits ensurepip off; a pip of the system can still fill an environment that has none.
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode:
        raise Failed(HOW_TO_GET_PIP)
    run_step(name, [sys.executable, "-m", "venv", "--clear", "--without-pip", VENV])


def _install(lock: str) -> None:
    count = sum("==" in line and not line.startswith((" ", "#")) for line in (ROOT / lock).read_text().splitlines())
    if uv := _uv():
        command: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", PYTHON]
    elif subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    else:
        command = [sys.executable, "-m", "pip", "--python", PYTHON, "install", "--quiet"]
    tool = "uv" if command[0] == _uv() else "pip"
    name = f"installing up to {count} locked packages with {tool}"
    run_step(name, [*command, "--require-hashes", "-r", lock], environ=plain_environment())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
