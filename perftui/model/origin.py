"""Whose code a frame is."""

OWN, LIBRARY, STANDARD, NATIVE = range(4)
ORIGINS = ("own", "library", "stdlib", "native")


def origin(file: str) -> int:
    """One of the four, by the file of a frame."""
    if "site-packages" in file or "dist-packages" in file:
        return LIBRARY
    if file.startswith("<frozen") or "/lib/python3" in file or "/lib/python2" in file:
        return STANDARD
    return OWN if file.endswith((".py", ">")) else NATIVE
