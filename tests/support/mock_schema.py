"""What mock's schema of buildroot_lock.json, version 1.1.0, demands and allows, said once more.

The schema itself is mock's docs/buildroot-lock-schema-1.1.0.json, which is under mock's license.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any

Kinds = tuple[type, ...]
TEXT: Kinds = (str,)
TEXT_OR_NULL: Kinds = (str, NoneType)

TOP: Mapping[str, Kinds] = {"version": TEXT, "buildroot": (dict,), "config": (dict,)}
PACKAGE: Mapping[str, Kinds] = {
    "arch": TEXT,
    "epoch": TEXT_OR_NULL,
    "license": TEXT,
    "name": TEXT,
    "release": TEXT,
    "sigmd5": TEXT,
    "signature": TEXT_OR_NULL,
    "url": TEXT,
    "version": TEXT,
}
BOOTSTRAP: Mapping[str, Kinds] = dict.fromkeys(("image_digest", "pull_digest", "architecture", "id"), TEXT)


def breaks_of_schema(document: Any) -> list[str]:
    """Return what in the document the schema forbids, or misses."""
    top = dict(document)
    broken = []
    if "bootstrap" in top:  # may be absent, but not be half
        broken += _wrong("bootstrap", top.pop("bootstrap"), BOOTSTRAP)
    broken += _wrong("the lock", top, TOP)
    if top.get("version") != "1.1.0":
        broken.append("version is not 1.1.0")
    broken += _wrong("buildroot", top.get("buildroot", {}), {"rpms": (list,)})
    for number, package in enumerate(top.get("buildroot", {}).get("rpms", [])):
        broken += _wrong(f"package {number}", package, PACKAGE)
    return broken


def _wrong(what: str, found: Mapping[str, Any], keys: Mapping[str, Kinds]) -> list[str]:
    """Every key of the schema's objects is required, and no other is allowed."""
    wrong = [f"{what} has {key}" for key in found.keys() - keys.keys()]
    wrong += [f"{what} has no {key}" for key in keys.keys() - found.keys()]
    return wrong + [
        f"{key} of {what} is {type(found[key]).__name__}"
        for key, kinds in keys.items()
        if key in found and type(found[key]) not in kinds
    ]
