"""A columnar table that costs little to keep and to encode."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from sys import byteorder

import msgspec

if byteorder != "little":
    raise ImportError("perftui keeps its columns as little-endian integers: it runs on x86-64 and aarch64")


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Rows kept as columns.

    ``columns`` hold little-endian signed 64-bit integers as bytes; ``texts`` hold
    strings. Every column has the same number of rows.
    """

    columns: dict[str, bytes] = {}
    texts: dict[str, tuple[str, ...]] = {}

    @classmethod
    def of(
        cls,
        ints: Mapping[str, Sequence[int]],
        texts: Mapping[str, Sequence[str]] | None = None,
    ) -> "Table":
        """Build from equally long sequences, one per column."""
        return cls(
            columns={name: array("q", values).tobytes() for name, values in ints.items()},
            texts={name: tuple(values) for name, values in (texts or {}).items()},
        )

    def ints(self, name: str) -> "memoryview[int]":
        """One integer column, without copying. KeyError when there is none of that name."""
        return memoryview(self.columns[name]).cast("q")

    def text(self, name: str) -> tuple[str, ...]:
        """One text column."""
        return self.texts[name]

    def __len__(self) -> int:
        for data in self.columns.values():
            return len(data) // 8
        for values in self.texts.values():
            return len(values)
        return 0

    def rows(self, *names: str) -> Iterator[tuple[int, ...]]:
        """Iterate over some integer columns in step."""
        return zip(*(self.ints(name) for name in names), strict=True)
