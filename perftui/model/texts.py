"""Every text of a value, wherever it stands in it."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

Kept = TypeVar("Kept")


class Rewriter:
    """Gives values back with every text in them changed: structs, tuples, lists and the values of dicts.

    ``change`` is asked once for each text: processes have the same name from sample to sample. What holds no changed
    text comes back as it is.
    """

    def __init__(self, change: Callable[[str], str]) -> None:
        self._change = change
        self._known: dict[str, str] = {}

    def __call__(self, value: Kept) -> Kept:
        return self._rewritten(value)  # type: ignore[return-value]  # it is of the same type

    def _rewritten(self, value: object) -> object:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, msgspec.Struct):
            return self._struct(value)
        if isinstance(value, tuple | list):
            return self._items(value)
        if isinstance(value, dict):
            now = {key: self._rewritten(entry) for key, entry in value.items()}
            return now if any(now[key] is not value[key] for key in value) else value
        return value

    def _text(self, text: str) -> str:
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._change(text)
        return known

    def _struct(self, struct: msgspec.Struct) -> msgspec.Struct:
        changed = {}
        for name in struct.__struct_fields__:
            entry = getattr(struct, name)
            now = self._rewritten(entry)
            if now is not entry:
                changed[name] = now
        return msgspec.structs.replace(struct, **changed) if changed else struct

    def _items(self, items: "tuple[object, ...] | list[object]") -> object:
        now = [self._rewritten(item) for item in items]
        if all(new is old for new, old in zip(now, items, strict=True)):
            return items
        return type(items)(now)
