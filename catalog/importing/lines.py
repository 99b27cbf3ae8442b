"""Which line a key was first seen on, for a million keys: twelve bytes a slot instead of the 130 of a dict's entry."""

from array import array


class FirstLines:
    """Remembers keys by their 64-bit hash, which differs from process to process. Two of a million keys share one with a
    chance of 1 in 36 million; then the second is told as a repetition."""

    def __init__(self) -> None:
        self._size = 1 << 10
        self._count = 0
        self._make()

    def _make(self) -> None:
        self._hashes = array("Q", bytes(8 * self._size))
        self._lines = array("I", bytes(4 * self._size))

    def __len__(self) -> int:
        return self._count

    def first(self, key: object, line: int) -> int:
        """The line that `key` was first seen on: `line`, when that is now."""
        wanted = (hash(key) & 0xFFFFFFFFFFFFFFFF) or 1
        place = self._place(wanted)
        if self._hashes[place]:
            return self._lines[place]
        self._put(place, wanted, line)
        if self._count * 4 > self._size * 3:
            self._grow()
        return line

    def seen(self, key: object) -> int:
        """The line that `key` was first seen on; 0 when it was not."""
        place = self._place((hash(key) & 0xFFFFFFFFFFFFFFFF) or 1)
        return self._lines[place]

    def _place(self, wanted: int) -> int:
        """Where this hash stands, or the empty slot where it will."""
        mask, hashes = self._size - 1, self._hashes
        place = (wanted ^ wanted >> 32) & mask
        while (found := hashes[place]) and found != wanted:
            place = (place + 1) & mask
        return place

    def _put(self, place: int, wanted: int, line: int) -> None:
        self._hashes[place] = wanted
        self._lines[place] = line
        self._count += 1

    def _grow(self) -> None:
        hashes, lines = self._hashes, self._lines
        self._size *= 2
        self._count = 0
        self._make()
        for wanted, line in zip(hashes, lines, strict=True):
            if wanted:
                self._put(self._place(wanted), wanted, line)
