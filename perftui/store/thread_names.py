"""Names of threads as windows of stacks have them, each kept once."""

from perftui.model.profile import ThreadName

_NAME_BYTES = 300
"""Of a name with its numbers and places in two tables, about."""

_PLACE_BYTES = 8

_Names = tuple[ThreadName, ...]


class ThreadNames:
    """The names of each window that is kept: ``use`` with it, ``release`` when it goes."""

    def __init__(self) -> None:
        self._lists: dict[_Names, tuple[_Names, int]] = {}
        self._names: dict[ThreadName, tuple[ThreadName, int]] = {}
        self._places = 0

    @property
    def size_bytes(self) -> int:
        """About what they take."""
        return _NAME_BYTES * len(self._names) + _PLACE_BYTES * self._places

    def use(self, names: _Names) -> _Names:
        """The same names, in objects that all windows share."""
        shared, uses = self._lists.get(names, (None, 0))
        if shared is None:
            shared = tuple(self._use_name(name) for name in names)
            self._places += len(shared)
        self._lists[shared] = (shared, uses + 1)
        return shared

    def release(self, names: _Names) -> None:
        shared, uses = self._lists[names]
        if uses > 1:
            self._lists[names] = (shared, uses - 1)
            return
        del self._lists[names]
        self._places -= len(shared)
        for name in shared:
            known, lists = self._names.pop(name)
            if lists > 1:
                self._names[name] = (known, lists - 1)

    def _use_name(self, name: ThreadName) -> ThreadName:
        known, lists = self._names.get(name, (name, 0))
        self._names[known] = (known, lists + 1)
        return known
