"""Reading a policy as administrators write it, and saying what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from koji_adjutant.container.interface import IMAGE_NAME
from koji_adjutant.errors import PolicyError
from koji_adjutant.policy.rules import CONDITIONS, Policy, Rule, RuleType, normal

KEY = "adjutant_image_policy"
"""The policy's place in a tag's extra."""
VERSION = "1.0"

QUOTED = 120
"""Characters of a wrong value that are shown."""


def read_policy(value: object, where: str) -> Policy:
    """Return the policy that an extra value is: JSON text or an object, bare or wrapped under its own name.

    PolicyError, one sentence that begins with ``where``, for anything else, also for two rules about the
    same: in a policy the order means nothing.
    """
    try:
        return Policy(_rules(_unwrapped(_decoded(value))))
    except ValueError as problem:
        raise PolicyError(f"{where}: {problem}") from None


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, object_pairs_hook=_object)
    except json.JSONDecodeError as problem:
        place = f"line {problem.lineno}, column {problem.colno}"
        raise ValueError(f"it is not valid JSON, at {place}: {problem.msg}") from None
    except RecursionError:
        raise ValueError("it is not valid JSON: nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that is there twice: it would lose its first value without a word."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {_shown(key)} is there twice in one object")
        found[key] = value
    return found


def _unwrapped(document: object) -> Mapping[str, Any]:
    if isinstance(document, Mapping) and list(document) == [KEY]:
        document = _decoded(document[KEY])
    if not isinstance(document, Mapping):
        raise ValueError(f"it must be an object with version and rules, not {_shown(document)}")
    _only(document, ("version", "rules"), "it")
    if document["version"] != VERSION:
        raise ValueError(f'its version must be "{VERSION}", not {_shown(document["version"])}')
    return document


def _rules(document: Mapping[str, Any]) -> list[Rule]:
    if not isinstance(document["rules"], list):
        raise ValueError(f"its rules must be a list, not {_shown(document['rules'])}")
    rules: list[Rule] = []
    about: dict[tuple[str, ...], int] = {}
    for position, entry in enumerate(document["rules"], 1):
        rule = _rule(position, entry)
        key = (rule.type, *(normal(name, value) for name, value in rule.conditions.items()))
        if key in about:
            raise ValueError(f"{rule} is about the same as rule {about[key]}")
        about[key] = position
        rules.append(rule)
    return rules


def _rule(position: int, entry: object) -> Rule:
    name = f"rule {position}"
    if not isinstance(entry, Mapping):
        raise ValueError(f"{name} must be an object, not {_shown(entry)}")
    kind = entry.get("type")
    if not isinstance(kind, str) or kind not in CONDITIONS:
        raise ValueError(f"{name} must have one of the types {', '.join(CONDITIONS)}, not {_shown(kind)}")
    rule_type: RuleType = kind  # type: ignore[assignment]  # one of the keys
    name = f"{name} ({rule_type})"
    conditions = CONDITIONS[rule_type]
    _only(entry, ("type", *conditions, "image"), name)
    for key in (*conditions, "image"):
        if not isinstance(entry[key], str) or not entry[key]:
            raise ValueError(f"the {key} of {name} must be text, not {_shown(entry[key])}")
    if not IMAGE_NAME.fullmatch(entry["image"]):
        raise ValueError(
            f"the image of {name} must be a name like registry.example.com/tools:1, not "
            f"{_shown(entry['image'])}"
        )
    return Rule(position, rule_type, {key: entry[key] for key in conditions}, entry["image"])


def _only(entry: Mapping[str, Any], wanted: Iterable[str], what: str) -> None:
    """Raise ValueError unless the object has these keys and no others."""
    wanted = tuple(wanted)
    for key in wanted:
        if key not in entry:
            raise ValueError(f"{what} has no {key}")
    for key in entry:
        if key not in wanted:
            raise ValueError(f"{what} has the key {_shown(key)}, and may only have {', '.join(wanted)}")


def _shown(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}…"
