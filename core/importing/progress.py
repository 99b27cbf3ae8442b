"""How far an import is, on one line: in place on a terminal, a line every few seconds into a file."""

import shutil
import time

from django.core.management.base import OutputWrapper

from core.importing.report import Outcome


class ProgressLine:
    """Use as a context manager: the cursor stands on a line of its own behind it, whatever happened."""

    #: Seconds between two lines: on a terminal, elsewhere.
    OFTEN, SELDOM = 0.2, 5.0

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self._is_terminal = out.isatty()
        self._pause = self.OFTEN if self._is_terminal else self.SELDOM
        self._next = time.monotonic() + (0 if self._is_terminal else self._pause)
        self._is_open = False

    def __enter__(self) -> "ProgressLine":
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._is_open:
            self._write("\n")

    def wants(self, *, is_last: bool = False) -> bool:
        """Whether it is time to show something. The end is always shown where it stands over what was there before."""
        return time.monotonic() >= self._next or (is_last and self._is_terminal)

    def show(self, text: str) -> None:
        self._next = time.monotonic() + self._pause
        if not self._is_terminal:
            self._write(f"{text}\n")
            return
        # A line that is longer than the terminal is wide could not be written over.
        self._write(f"\r{text[: shutil.get_terminal_size().columns - 1]}\x1b[K")
        self._is_open = True

    def _write(self, text: str) -> None:
        # Without the red of errors.
        self._out.write(text, style_func=str, ending="")


def counted(counts: dict[str, int], seconds: float) -> str:
    """Rows read and what became of them (Counts.as_plain), and how many a second."""
    told = ", ".join(f"{counts.get(outcome.value, 0):,} {outcome.value}" for outcome in Outcome)
    rows = counts.get("in", 0)
    return f"{rows:,} rows read: {told}; {rows / seconds:,.0f} rows/s" if seconds > 0 else f"{rows:,} rows read: {told}"
