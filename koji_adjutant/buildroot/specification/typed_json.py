"""Reading JSON objects that somebody else may have written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


class TypedObject:
    """A JSON object whose values have to be of the types that they are asked for with.

    Raises ValueError, which names the key of what is missing, or of another type.
    """

    def __init__(self, document: object) -> None:
        if not isinstance(document, Mapping):
            raise ValueError(f"there is {type(document).__name__} in place of an object")
        self._document: Mapping[str, Any] = document

    def get(self, key: str, kind: type[T]) -> T:
        """Return the value of a key, which has to be there."""
        if key not in self._document:
            raise ValueError(f"it has no {key}")
        value = self._document[key]
        # True is an int to Python
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(f"its {key} is {type(value).__name__}, not {kind.__name__}")
        return value

    def has(self, key: str) -> bool:
        return key in self._document

    def optional(self, key: str, kind: type[T]) -> T | None:
        """Return the value of a key, which has to be there but may be null."""
        return None if self._document.get(key, self) is None else self.get(key, kind)

    def get_or(self, key: str, default: T) -> T:
        """Return the value of a key, or where there is none ``default``, of whose type it has to be."""
        return self.get(key, type(default)) if key in self._document else default

    def object(self, key: str) -> TypedObject:
        return TypedObject(self.get(key, dict))

    def objects(self, key: str) -> Sequence[TypedObject]:
        return [TypedObject(one) for one in self.get(key, list)]

    def texts(self, key: str) -> Sequence[str]:
        values = self.get(key, list)
        if not all(isinstance(value, str) for value in values):
            raise ValueError(f"its {key} are not all str")
        return values

    def all_texts(self) -> Mapping[str, str]:
        """Return the whole object as a mapping; all its values have to be texts."""
        return {key: self.get(key, str) for key in self._document}
