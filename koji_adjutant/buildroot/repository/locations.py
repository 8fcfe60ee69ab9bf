"""Where a repository's files are: its address, and what its metadata calls them."""

from __future__ import annotations

from urllib.parse import quote, urlsplit, urlunsplit


def joined(repository: str, name: str) -> str:
    """Return the address of a file in a repository, which is a directory or a URL.

    Metadata has names as they are in a file system. In a URL ``+``, ``#``, ``?`` and ``%`` are encoded as dnf
    does: object storage takes a plus for a blank. A query (``?token=…``) stays behind the name.
    """
    parts = urlsplit(repository)
    if not parts.scheme:
        return f"{repository.rstrip('/')}/{name.lstrip('/')}"
    path = f"{parts.path.rstrip('/')}/{quote(name.lstrip('/'))}"
    return urlunsplit(parts._replace(path=path))
